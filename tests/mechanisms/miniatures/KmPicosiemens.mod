: Slow potassium current whose density is in pS/um2, converted where the current is made
: Source: written for the tests; one gate with rates of opening and closing
: Temperature: none

NEURON {
    SUFFIX KmPicosiemens
    USEION k READ ek WRITE ik
    RANGE gbar, gk
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (pS) = (picosiemens)
    (um) = (micron)
}

PARAMETER {
    gbar = 4 (pS/um2)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    gk (pS/um2)
    ninf (1)
    ntau (ms)
}

STATE {
    n
}

INITIAL {
    rates(v)
    n = ninf
}

BREAKPOINT {
    SOLVE gate METHOD cnexp
    gk = gbar*n
    ik = (1e-4)*gk*(v - ek)
}

DERIVATIVE gate {
    rates(v)
    n' = (ninf - n)/ntau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 0.01(/ms)*exp((v + 35(mV))/20(mV))
    b = 0.01(/ms)*exp(-(v + 35(mV))/20(mV))
    ninf = a/(a + b)
    ntau = 1/(a + b)
}
