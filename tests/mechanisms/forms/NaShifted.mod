: Sodium current that is shifted from place to place; its gate m follows at once, from the last step
: Source: written for the tests
: Temperature: 23 degC, with a factor that INITIAL computes

NEURON {
    SUFFIX NaShifted
    USEION na READ ena WRITE ina
    RANGE gbar, vshift
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0.02 (S/cm2)
    vshift = 0 (mV)
}

ASSIGNED {
    v (mV)
    celsius (degC)
    ena (mV)
    ina (mA/cm2)
    minf (1)
    hinf (1)
    htau (ms)
    tadj (1)
}

STATE {
    m h
}

INITIAL {
    tadj = 2.3^((celsius - 23(degC))/10(degC))
    rates(v + vshift)
    m = minf
    h = hinf
}

BREAKPOINT {
    SOLVE gate METHOD cnexp
    m = minf
    ina = gbar*m*m*m*h*(v - ena)
}

DERIVATIVE gate {
    rates(v + vshift)
    h' = tadj*(hinf - h)/htau
}

PROCEDURE rates(u (mV)) {
    minf = 1/(1 + exp(-(u + 35(mV))/6(mV)))
    hinf = 1/(1 + exp((u + 60(mV))/7(mV)))
    htau = 1(ms) + 8(ms)/(1 + exp((u + 50(mV))/9(mV)))
}
