: Calcium in a shell under the membrane: influx through channels, decay to rest
: Source: Destexhe, Mainen & Sejnowski 1994, J Comput Neurosci 1:195
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: none
: Changes: none

NEURON {
    SUFFIX CaDynamics_E2
    USEION ca READ ica WRITE cai
    RANGE gamma, decay, depth, minCai
    THREADSAFE
}

UNITS {
    (mA) = (milliamp)
    (um) = (micron)
    (mM) = (milli/liter)
    FARADAY = (faraday) (coulomb)
}

PARAMETER {
    gamma = 0.05 (1) : fraction of free (not buffered) calcium
    decay = 80 (ms) : time constant of removal
    depth = 0.1 (um) : depth of the shell
    minCai = 1e-4 (mM) : calcium at rest
}

ASSIGNED {
    ica (mA/cm2)
}

STATE {
    cai (mM)
}

INITIAL {
    cai = minCai
}

BREAKPOINT {
    SOLVE pool METHOD cnexp
}

DERIVATIVE pool {
    cai' = -(10000)*ica*gamma/(2*FARADAY*depth) - (cai - minCai)/decay
}
