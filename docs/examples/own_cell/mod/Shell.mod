: Calcium in a thin shell below the membrane, which is pumped out
: Source: dendmod's own example

NEURON {
    SUFFIX Shell
    USEION ca READ ica WRITE cai
    RANGE tau, thickness, rest
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (mM) = (milli/liter)
    (um) = (micron)
    FARADAY = (faraday) (coulombs)
}

PARAMETER {
    tau = 80 (ms)
    thickness = 0.1 (um)
    rest = 1e-4 (mM)
}

ASSIGNED {
    ica (mA/cm2)
}

STATE {
    cai (mM)
}

INITIAL {
    cai = rest
}

BREAKPOINT {
    SOLVE states METHOD cnexp
}

DERIVATIVE states {
    cai' = -(1e4)*ica/(2*FARADAY*thickness) - (cai - rest)/tau
}
