: A pool of a second calcium ion, beside that of calcium
: Source: written for the tests; influx into a shell, decay to rest
: Temperature: none

NEURON {
    SUFFIX CalShell
    USEION cal READ ical WRITE cali VALENCE 2
    RANGE depth, tau
    THREADSAFE
}

UNITS {
    (mA) = (milliamp)
    (um) = (micron)
    (mM) = (milli/liter)
    FARADAY = (faraday) (coulomb)
}

PARAMETER {
    depth = 10 (um)
    tau = 100 (ms)
    rest = 5e-5 (mM)
}

ASSIGNED {
    ical (mA/cm2)
}

STATE {
    cali (mM)
}

INITIAL {
    cali = rest
}

BREAKPOINT {
    SOLVE pool METHOD cnexp
}

DERIVATIVE pool {
    cali' = -(10000)*ical/(2*FARADAY*depth) - (cali - rest)/tau
}
