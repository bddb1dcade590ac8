: Delayed rectifier potassium current
: Source: Traub and Miles 1991, Neuronal Networks of the Hippocampus (alpha and beta)

NEURON {
    SUFFIX KDR
    USEION k READ ek WRITE ik
    RANGE gmax, g
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gmax = 0.01 (S/cm2)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    g (S/cm2)
    ninf
    ntau (ms)
}

STATE { n }

BREAKPOINT {
    SOLVE states METHOD cnexp
    g = gmax*n*n*n*n
    ik = g*(v - ek)
}

INITIAL {
    rates(v)
    n = ninf
}

DERIVATIVE states {
    rates(v)
    n' = (ninf - n)/ntau
}

PROCEDURE rates(u (mV)) {
    LOCAL a, b
    a = 0.032*ratio(u + 52, 5)
    b = 0.5*exp(-(u + 57)/40)
    ntau = 1/(a + b)
    ninf = a/(a + b)
}

: x/(1 - exp(-x/y)), without the hole at 0
FUNCTION ratio(x (mV), y (mV)) (mV) {
    if (fabs(x/y) < 1e-6) {
        ratio = y*(1 + x/y/2)
    } else {
        ratio = x/(1 - exp(-x/y))
    }
}
