: Calcium in a whole cylinder of the section's diameter, with a current that is always 0
: Source: written for the tests; influx over the membrane into the volume, decay to rest
: Temperature: none

NEURON {
    SUFFIX CaShell
    USEION ca READ ica WRITE cai
    NONSPECIFIC_CURRENT i
    RANGE free, tau, rest
    THREADSAFE
}

UNITS {
    (mA) = (milliamp)
    (um) = (micron)
    (mM) = (milli/liter)
    FARADAY = (faraday) (coulomb)
}

PARAMETER {
    free = 0.01 (1) : fraction that is not buffered
    tau = 60 (ms)
    rest = 1e-4 (mM)
}

ASSIGNED {
    diam (um)
    ica (mA/cm2)
    i (mA/cm2)
}

STATE {
    cai (mM)
}

INITIAL {
    cai = rest
}

BREAKPOINT {
    SOLVE pool METHOD cnexp
    i = 0
}

: the surface of a cylinder over its volume is 4/diam
DERIVATIVE pool {
    cai' = -(10000)*free*ica*4/(2*FARADAY*diam) - (cai - rest)/tau
}
