: High-threshold calcium current, ohmic; it fills the pool CaShell
: Source: written for the tests; one gate squared
: Temperature: none

NEURON {
    SUFFIX CaHva
    USEION ca READ eca WRITE ica
    RANGE gbar, g
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 3e-4 (S/cm2)
}

ASSIGNED {
    v (mV)
    eca (mV)
    ica (mA/cm2)
    g (S/cm2)
    minf (1)
}

STATE {
    m
}

INITIAL {
    rates(v)
    m = minf
}

BREAKPOINT {
    SOLVE gate METHOD cnexp
    g = gbar*m*m
    ica = g*(v - eca)
}

DERIVATIVE gate {
    rates(v)
    m' = (minf - m)/2(ms)
}

PROCEDURE rates(v (mV)) {
    minf = 1/(1 + exp(-(v + 20(mV))/6(mV)))
}
