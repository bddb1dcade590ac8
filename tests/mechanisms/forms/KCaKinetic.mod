: Potassium current as a KINETIC scheme that calcium binds to before it opens
: Source: written for the tests; rates that depend on v and on a concentration
: Temperature: none

NEURON {
    SUFFIX KCaKinetic
    USEION k READ ek WRITE ik
    USEION ca READ cai
    RANGE gbar, g
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
    on = 400 (/mM/ms)
    off = 0.1 (/ms)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    cai (mM)
    g (S/cm2)
    a (/ms)
    b (/ms)
}

STATE {
    free
    bound
    open
}

INITIAL {
    SOLVE scheme STEADYSTATE sparse
}

BREAKPOINT {
    SOLVE scheme METHOD sparse
    g = gbar*open*open
    ik = g*(v - ek)
}

KINETIC scheme {
    rates(v)
    ~ free <-> bound (on*cai, off)
    ~ bound <-> open (a, b)
    CONSERVE free + bound + open = 1
}

INCLUDE "kca_rates.inc"
