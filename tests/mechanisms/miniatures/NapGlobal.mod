: Persistent sodium current whose half-activation is a GLOBAL parameter
: Source: written for the tests; one gate
: Temperature: none

NEURON {
    SUFFIX NapGlobal
    USEION na READ ena WRITE ina
    RANGE gbar, g
    GLOBAL vhalf, tau
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 2e-4 (S/cm2)
    vhalf = -52 (mV)
    tau = 1 (ms)
}

ASSIGNED {
    v (mV)
    ena (mV)
    ina (mA/cm2)
    g (S/cm2)
    minf (1)
}

STATE {
    m
}

INITIAL {
    rates(v)
    m = minf
}

BREAKPOINT {
    SOLVE gate METHOD cnexp
    g = gbar*m
    ina = g*(v - ena)
}

DERIVATIVE gate {
    rates(v)
    m' = (minf - m)/tau
}

PROCEDURE rates(v (mV)) {
    minf = 1/(1 + exp(-(v - vhalf)/5(mV)))
}
