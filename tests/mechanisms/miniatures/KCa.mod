: Potassium current gated by calcium, which it reads and does not carry
: Source: written for the tests; a Hill function of calcium, one time constant
: Temperature: none

NEURON {
    SUFFIX KCa
    USEION k READ ek WRITE ik
    USEION ca READ cai
    RANGE gbar, g
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
    (mM) = (milli/liter)
}

PARAMETER {
    gbar = 2e-3 (S/cm2)
    half = 4e-4 (mM)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    cai (mM)
    g (S/cm2)
    zinf (1)
}

STATE {
    z
}

INITIAL {
    rates(cai)
    z = zinf
}

BREAKPOINT {
    SOLVE gate METHOD cnexp
    g = gbar*z
    ik = g*(v - ek)
}

DERIVATIVE gate {
    rates(cai)
    z' = (zinf - z)/3(ms)
}

PROCEDURE rates(c (mM)) {
    zinf = 1/(1 + (half/(c + 1e-9(mM)))^4)
}
