: NMDA receptors alone, with names of their own and a weight in nS
: Source: made for tests
: Temperature: none
: Changes: none

NEURON {
    POINT_PROCESS NmdaNano
    RANGE tau, erev, mg, steep, g, i
    NONSPECIFIC_CURRENT i
}

UNITS {
    (nA) = (nanoamp)
    (mV) = (millivolt)
    (nS) = (nanosiemens)
}

PARAMETER {
    tau = 40 (ms) <1e-9, 1e9>
    erev = 0 (mV)
    mg = 0.3 (1) <0, 1e9>
    steep = 0.1 (/mV) <0, 1e9>
}

ASSIGNED {
    v (mV)
    i (nA)
    g (nS)
}

STATE {
    open (nS)
}

INITIAL {
    open = 0
}

BREAKPOINT {
    SOLVE decay METHOD cnexp
    g = open/(1 + mg*exp(-steep*v))
    i = (1e-3)*g*(v - erev)
}

DERIVATIVE decay {
    open' = -open/tau
}

NET_RECEIVE(weight (nS)) {
    open = open + weight
}
