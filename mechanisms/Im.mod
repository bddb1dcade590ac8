: Muscarinic (M-type) potassium current
: Source: Adams, Brown & Constanti 1982, J Physiol 330:537
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: rates at 21 degC, scaled to 34 degC by the constant qt = 2.3^((34-21)/10); celsius is not read
: Changes: none

NEURON {
    SUFFIX Im
    USEION k READ ek WRITE ik
    RANGE gImbar, gIm, ik
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gImbar = 0 (S/cm2) : maximal conductance
    qt = 2.952882641412121 (1) : 2.3^((34 - 21)/10)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    gIm (S/cm2)
    minf (1)
    mtau (ms)
}

STATE {
    m
}

INITIAL {
    rates(v)
    m = minf
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    gIm = gImbar*m
    ik = gIm*(v - ek)
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m)/mtau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 3.3e-3(/ms)*exp(0.1(/mV)*(v + 35(mV)))
    b = 3.3e-3(/ms)*exp(-0.1(/mV)*(v + 35(mV)))
    minf = a/(a + b)
    mtau = 1/(a + b)/qt
}
