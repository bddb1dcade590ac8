: Hyperpolarisation-activated cation current
: Source: Kole, Hallermann & Stuart 2006, J Neurosci 26:1677
: Used by: Hay et al. 2011, PLoS Comput Biol 7:e1002107 (Methods, "Ion channels")
: Temperature: 34 degC; no temperature factor
: Changes: the rates' removable singularities are exact

NEURON {
    SUFFIX Ih
    NONSPECIFIC_CURRENT ihcn
    RANGE gIhbar, gIh, ihcn, ehcn
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gIhbar = 0 (S/cm2) : maximal conductance
    ehcn = -45 (mV)
}

ASSIGNED {
    v (mV)
    ihcn (mA/cm2)
    gIh (S/cm2)
    minf (1)
    mtau (ms)
}

STATE {
    m
}

INITIAL {
    rates(v)
    m = minf
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    gIh = gIhbar*m
    ihcn = gIh*(v - ehcn)
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m)/mtau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 0.00643(/ms/mV)*11.9(mV)*linoid(-(v + 154.9(mV))/11.9(mV))
    b = 0.193(/ms)*exp(v/33.1(mV))
    minf = a/(a + b)
    mtau = 1/(a + b)
}

: x/(1 - exp(-x)), with its series where the quotient is 0/0
FUNCTION linoid(x (1)) (1) {
    if (fabs(x) < 1e-4) {
        linoid = 1 + x/2 + x*x/12
    } else {
        linoid = x/(1 - exp(-x))
    }
}
