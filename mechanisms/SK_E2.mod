: Calcium-activated potassium current (SK, small conductance)
: Source: Kohler et al. 1996, Science 273:1709
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: none stated; no temperature factor
: Changes: none

NEURON {
    SUFFIX SK_E2
    USEION k READ ek WRITE ik
    USEION ca READ cai
    RANGE gSK_E2bar, gSK_E2, ik
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
    (mM) = (milli/liter)
}

PARAMETER {
    gSK_E2bar = 0 (S/cm2) : maximal conductance
    ztau = 1 (ms)
    chalf = 0.00043 (mM) : calcium of half activation
}

ASSIGNED {
    v (mV)
    ek (mV)
    cai (mM)
    ik (mA/cm2)
    gSK_E2 (S/cm2)
    zinf (1)
}

STATE {
    z
}

INITIAL {
    rates(cai)
    z = zinf
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    gSK_E2 = gSK_E2bar*z
    ik = gSK_E2*(v - ek)
}

DERIVATIVE gates {
    rates(cai)
    z' = (zinf - z)/ztau
}

: written so that cai = 0 gives 0 and not a division by it
PROCEDURE rates(cai (mM)) {
    LOCAL x
    if (cai <= 0) {
        zinf = 0
    } else {
        x = (chalf/cai)^4.8
        zinf = 1/(1 + x)
    }
}
