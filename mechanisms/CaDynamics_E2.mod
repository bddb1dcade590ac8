: Calcium in a shell under the membrane: influx through channels, decay to rest
: Source: Destexhe, Mainen & Sejnowski 1994, J Comput Neurosci 1:195
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: none
: Changes: an INITIAL block. The published file has none, so that calcium starts at NEURON's
:   cai0_ca_ion, 5e-5 mM; here it starts at its rest, or at `start` where that is 0 or more

NEURON {
    SUFFIX CaDynamics_E2
    USEION ca READ ica WRITE cai
    RANGE gamma, decay, depth, minCai, start
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
    start = -1 (mM) : calcium at the start of a run; below 0 it is minCai
}

ASSIGNED {
    ica (mA/cm2)
}

STATE {
    cai (mM)
}

INITIAL {
    if (start >= 0) {
        cai = start
    } else {
        cai = minCai
    }
}

BREAKPOINT {
    SOLVE pool METHOD cnexp
}

DERIVATIVE pool {
    cai' = -(10000)*ica*gamma/(2*FARADAY*depth) - (cai - minCai)/decay
}
