: Cation current whose gate follows the potential at once: no state, and yet no leak
: Source: written for the tests; a sigmoid in v
: Temperature: none

NEURON {
    SUFFIX CationInstant
    NONSPECIFIC_CURRENT i
    RANGE gbar, g, e
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 1e-4 (S/cm2)
    e = 0 (mV)
}

ASSIGNED {
    v (mV)
    i (mA/cm2)
    g (S/cm2)
}

BREAKPOINT {
    g = gbar/(1 + exp(-(v + 50(mV))/6(mV)))
    i = g*(v - e)
}
