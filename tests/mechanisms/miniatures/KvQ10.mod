: Potassium current whose rates follow the temperature
: Source: written for the tests; one gate squared
: Temperature: 21 degC, with the factor q10

NEURON {
    SUFFIX KvQ10
    USEION k READ ek WRITE ik
    RANGE gbar, g
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 2e-3 (S/cm2)
    q10 = 2.5 (1)
}

ASSIGNED {
    v (mV)
    celsius (degC)
    ek (mV)
    ik (mA/cm2)
    g (S/cm2)
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
    g = gbar*n*n
    ik = g*(v - ek)
}

DERIVATIVE gate {
    rates(v)
    n' = (ninf - n)/ntau
}

PROCEDURE rates(v (mV)) {
    ninf = 1/(1 + exp(-(v + 30(mV))/8(mV)))
    ntau = 6(ms)/q10^((celsius - 21(degC))/10(degC))
}
