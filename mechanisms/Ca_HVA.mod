: High-voltage-activated calcium current
: Source: Reuveni et al. 1993, J Neurosci 13:4609
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: none stated; no temperature factor
: Changes: the rates' removable singularities are exact

NEURON {
    SUFFIX Ca_HVA
    USEION ca READ eca WRITE ica
    RANGE gCa_HVAbar, gCa_HVA, ica
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gCa_HVAbar = 0 (S/cm2) : maximal conductance
}

ASSIGNED {
    v (mV)
    eca (mV)
    ica (mA/cm2)
    gCa_HVA (S/cm2)
    minf (1)
    mtau (ms)
    hinf (1)
    htau (ms)
}

STATE {
    m h
}

INITIAL {
    rates(v)
    m = minf
    h = hinf
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    gCa_HVA = gCa_HVAbar*m*m*h
    ica = gCa_HVA*(v - eca)
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m)/mtau
    h' = (hinf - h)/htau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 0.055(/ms/mV)*3.8(mV)*linoid((v + 27(mV))/3.8(mV))
    b = 0.94(/ms)*exp(-(v + 75(mV))/17(mV))
    minf = a/(a + b)
    mtau = 1/(a + b)
    a = 0.000457(/ms)*exp(-(v + 13(mV))/50(mV))
    b = 0.0065(/ms)/(1 + exp(-(v + 15(mV))/28(mV)))
    hinf = a/(a + b)
    htau = 1/(a + b)
}

: x/(1 - exp(-x)), with its series where the quotient is 0/0
FUNCTION linoid(x (1)) (1) {
    if (fabs(x) < 1e-4) {
        linoid = 1 + x/2 + x*x/12
    } else {
        linoid = x/(1 - exp(-x))
    }
}
