: Fast inactivating sodium current (somatic kinetics: 6 mV to the right)
: Source: Colbert & Pan 2002, Nat Neurosci 5:533
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: rates at 21 degC, scaled to 34 degC by the constant qt = 2.3^((34-21)/10); celsius is not read
: Changes: the rates' removable singularities are exact

NEURON {
    SUFFIX NaTs2_t
    USEION na READ ena WRITE ina
    RANGE gNaTs2_tbar, gNaTs2_t, ina
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gNaTs2_tbar = 0 (S/cm2) : maximal conductance
    qt = 2.952882641412121 (1) : 2.3^((34 - 21)/10)
}

ASSIGNED {
    v (mV)
    ena (mV)
    ina (mA/cm2)
    gNaTs2_t (S/cm2)
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
    gNaTs2_t = gNaTs2_tbar*m*m*m*h
    ina = gNaTs2_t*(v - ena)
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m)/mtau
    h' = (hinf - h)/htau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 0.182(/ms/mV)*6(mV)*linoid((v + 32(mV))/6(mV))
    b = 0.124(/ms/mV)*6(mV)*linoid(-(v + 32(mV))/6(mV))
    minf = a/(a + b)
    mtau = 1/(a + b)/qt
    a = 0.015(/ms/mV)*6(mV)*linoid(-(v + 60(mV))/6(mV))
    b = 0.015(/ms/mV)*6(mV)*linoid((v + 60(mV))/6(mV))
    hinf = a/(a + b)
    htau = 1/(a + b)/qt
}

: x/(1 - exp(-x)), with its series where the quotient is 0/0
FUNCTION linoid(x (1)) (1) {
    if (fabs(x) < 1e-4) {
        linoid = 1 + x/2 + x*x/12
    } else {
        linoid = x/(1 - exp(-x))
    }
}
