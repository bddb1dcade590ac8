: Fast sodium current
: Source: Traub and Miles 1991, Neuronal Networks of the Hippocampus (alpha and beta)

NEURON {
    SUFFIX NaF
    USEION na READ ena WRITE ina
    RANGE gmax, g, shift
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gmax = 0.05 (S/cm2)
    shift = 0 (mV) : moves both gates
}

ASSIGNED {
    v (mV)
    ena (mV)
    ina (mA/cm2)
    g (S/cm2)
    minf
    hinf
    mtau (ms)
    htau (ms)
}

STATE { m h }

BREAKPOINT {
    SOLVE states METHOD cnexp
    g = gmax*m*m*m*h
    ina = g*(v - ena)
}

INITIAL {
    rates(v - shift)
    m = minf
    h = hinf
}

DERIVATIVE states {
    rates(v - shift)
    m' = (minf - m)/mtau
    h' = (hinf - h)/htau
}

PROCEDURE rates(u (mV)) {
    LOCAL a, b
    a = 0.32*ratio(u + 54, 4)
    b = 0.28*ratio(-(u + 27), 5)
    mtau = 1/(a + b)
    minf = a/(a + b)
    a = 0.128*exp(-(u + 50)/18)
    b = 4/(1 + exp(-(u + 27)/5))
    htau = 1/(a + b)
    hinf = a/(a + b)
}

: x/(1 - exp(-x/y)), without the hole at 0
FUNCTION ratio(x (mV), y (mV)) (mV) {
    if (fabs(x/y) < 1e-6) {
        ratio = y*(1 + x/y/2)
    } else {
        ratio = x/(1 - exp(-x/y))
    }
}
