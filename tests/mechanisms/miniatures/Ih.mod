: Hyperpolarisation-activated current that no variable shows, named as one of dendmod's; e is GLOBAL
: Source: written for the tests; one gate, a sigmoid in v, one time constant
: Temperature: none

NEURON {
    SUFFIX Ih
    NONSPECIFIC_CURRENT i
    RANGE gbar
    GLOBAL e
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 2e-4 (S/cm2)
    e = -30 (mV)
}

ASSIGNED {
    v (mV)
    i (mA/cm2)
    g (S/cm2)
    qinf (1)
}

STATE {
    q
}

INITIAL {
    rates(v)
    q = qinf
}

BREAKPOINT {
    SOLVE gate METHOD cnexp
    g = gbar*q
    i = g*(v - e)
}

DERIVATIVE gate {
    rates(v)
    q' = (qinf - q)/40(ms)
}

PROCEDURE rates(v (mV)) {
    qinf = 1/(1 + exp((v + 82(mV))/7(mV)))
}
