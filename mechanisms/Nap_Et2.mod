: Persistent sodium current
: Source: Magistretti & Alonso 1999, J Gen Physiol 114:491
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: rates at 21 degC, scaled to 34 degC by the constant qt = 2.3^((34-21)/10); celsius is not read; activation six times slower than NaTa_t's
: Changes: the rates' removable singularities are exact

NEURON {
    SUFFIX Nap_Et2
    USEION na READ ena WRITE ina
    RANGE gNap_Et2bar, gNap_Et2, ina
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gNap_Et2bar = 0 (S/cm2) : maximal conductance
    qt = 2.952882641412121 (1) : 2.3^((34 - 21)/10)
}

ASSIGNED {
    v (mV)
    ena (mV)
    ina (mA/cm2)
    gNap_Et2 (S/cm2)
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
    gNap_Et2 = gNap_Et2bar*m*m*m*h
    ina = gNap_Et2*(v - ena)
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m)/mtau
    h' = (hinf - h)/htau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    minf = 1/(1 + exp(-(v + 52.6(mV))/4.6(mV)))
    a = 0.182(/ms/mV)*6(mV)*linoid((v + 38(mV))/6(mV))
    b = 0.124(/ms/mV)*6(mV)*linoid(-(v + 38(mV))/6(mV))
    mtau = 6/(a + b)/qt
    hinf = 1/(1 + exp((v + 48.8(mV))/10(mV)))
    a = 2.88e-6(/ms/mV)*4.63(mV)*linoid(-(v + 17(mV))/4.63(mV))
    b = 6.94e-6(/ms/mV)*2.63(mV)*linoid((v + 64.4(mV))/2.63(mV))
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
