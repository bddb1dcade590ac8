: Low-voltage-activated calcium current
: Source: Avery & Johnston 1996, J Neurosci 16:5567; Randall & Tsien 1997, Neuropharmacology 36:879
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: rates at 21 degC, scaled to 34 degC by the constant qt = 2.3^((34-21)/10); celsius is not read
: Changes: u = v + 10 mV (junction potential)

NEURON {
    SUFFIX Ca_LVAst
    USEION ca READ eca WRITE ica
    RANGE gCa_LVAstbar, gCa_LVAst, ica
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gCa_LVAstbar = 0 (S/cm2) : maximal conductance
    qt = 2.952882641412121 (1) : 2.3^((34 - 21)/10)
}

ASSIGNED {
    v (mV)
    eca (mV)
    ica (mA/cm2)
    gCa_LVAst (S/cm2)
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
    gCa_LVAst = gCa_LVAstbar*m*m*h
    ica = gCa_LVAst*(v - eca)
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m)/mtau
    h' = (hinf - h)/htau
}

PROCEDURE rates(v (mV)) {
    LOCAL u
    u = v + 10(mV)
    minf = 1/(1 + exp(-(u + 30(mV))/6(mV)))
    mtau = (5(ms) + 20(ms)/(1 + exp((u + 25(mV))/5(mV))))/qt
    hinf = 1/(1 + exp((u + 80(mV))/6.4(mV)))
    htau = (20(ms) + 50(ms)/(1 + exp((u + 40(mV))/7(mV))))/qt
}
