: Transient potassium current as a KINETIC scheme: closed, open, inactivated
: Source: written for the tests; three states, rates that depend on v
: Temperature: none

NEURON {
    SUFFIX KaKinetic
    USEION k READ ek WRITE ik
    RANGE gbar, g
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 2e-3 (S/cm2)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    g (S/cm2)
    a (/ms)
    b (/ms)
    down (/ms)
    up (/ms)
}

STATE {
    closed
    open
    shut
}

INITIAL {
    SOLVE scheme STEADYSTATE sparse
}

BREAKPOINT {
    SOLVE scheme METHOD sparse
    g = gbar*open
    ik = g*(v - ek)
}

KINETIC scheme {
    rates(v)
    ~ closed <-> open (a, b)
    ~ open <-> shut (down, up)
    CONSERVE closed + open + shut = 1
}

PROCEDURE rates(v (mV)) {
    a = 0.5(/ms)*exp((v + 40(mV))/25(mV))
    b = 0.5(/ms)*exp(-(v + 40(mV))/25(mV))
    down = 0.05(/ms)
    up = 0.02(/ms)*exp(-(v + 60(mV))/20(mV))
}
