: Potassium current whose gate depends on potential and calcium together (BK), with a kink
: Source: written for the tests; half activation moves with calcium
: Temperature: none

NEURON {
    SUFFIX KBoth
    USEION k READ ek WRITE ik
    USEION ca READ cai
    RANGE gbar, g, shift
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
    (mM) = (milli/liter)
}

PARAMETER {
    gbar = 0.01 (S/cm2)
    shift = 0 (mV)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    cai (mM)
    g (S/cm2)
    zinf (1)
    ztau (ms)
}

STATE {
    z
}

INITIAL {
    rates(v, cai)
    z = zinf
}

BREAKPOINT {
    SOLVE gate METHOD cnexp
    g = gbar*z*z
    ik = g*(v - ek)
}

DERIVATIVE gate {
    rates(v, cai)
    z' = (zinf - z)/ztau
}

PROCEDURE rates(v (mV), c (mM)) {
    zinf = c/(c + 1e-3(mM)*exp(-(v + shift)/20(mV)))
    if (v < -55(mV)) {
        ztau = 2(ms)/(0.3 + 0.1*exp(-v/40(mV)))
    } else {
        ztau = 1.5(ms)/(0.3 + 0.1*exp(-v/40(mV)))
    }
}
