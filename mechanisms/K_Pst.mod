: Persistent (slow inactivating) potassium current
: Source: Korngreen & Sakmann 2000, J Physiol 525:621
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: rates at 21 degC, scaled to 34 degC by the constant qt = 2.3^((34-21)/10); celsius is not read
: Changes: u = v + 10 mV (junction potential)

NEURON {
    SUFFIX K_Pst
    USEION k READ ek WRITE ik
    RANGE gK_Pstbar, gK_Pst, ik
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gK_Pstbar = 0 (S/cm2) : maximal conductance
    qt = 2.952882641412121 (1) : 2.3^((34 - 21)/10)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    gK_Pst (S/cm2)
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
    gK_Pst = gK_Pstbar*m*m*h
    ik = gK_Pst*(v - ek)
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m)/mtau
    h' = (hinf - h)/htau
}

PROCEDURE rates(v (mV)) {
    LOCAL u
    u = v + 10(mV)
    minf = 1/(1 + exp(-(u + 1(mV))/12(mV)))
    if (u < -50(mV)) {
        mtau = (1.25(ms) + 175.03(ms)*exp(0.026(/mV)*u))/qt
    } else {
        mtau = (1.25(ms) + 13(ms)*exp(-0.026(/mV)*u))/qt
    }
    hinf = 1/(1 + exp((u + 54(mV))/11(mV)))
    htau = (360(ms) + (1010(ms) + 24(ms/mV)*(u + 55(mV)))*exp(-((u + 75(mV))/48(mV))^2))/qt
}
