: Calcium current of a second calcium ion, by Goldman, Hodgkin and Katz
: Source: written for the tests; one gate squared, a permeability
: Temperature: that of the cell, in the current equation

NEURON {
    SUFFIX CalGhk
    USEION cal READ cali, calo WRITE ical VALENCE 2
    RANGE pbar, perm
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (mM) = (milli/liter)
    FARADAY = (faraday) (coulomb)
    R = (k-mole) (joule/degC)
}

PARAMETER {
    pbar = 1e-5 (cm/s)
}

ASSIGNED {
    v (mV)
    celsius (degC)
    cali (mM)
    calo (mM)
    ical (mA/cm2)
    perm (cm/s)
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
    perm = pbar*m*m
    ical = perm*ghk(v, cali, calo)
}

DERIVATIVE gate {
    rates(v)
    m' = (minf - m)/1.5(ms)
}

PROCEDURE rates(v (mV)) {
    minf = 1/(1 + exp(-(v + 35(mV))/7(mV)))
}

FUNCTION ghk(v (mV), ci (mM), co (mM)) (millicoul/cm3) {
    LOCAL z
    z = (0.001)*2*FARADAY*v/(R*(celsius + 273.15(degC)))
    ghk = (0.001)*2*FARADAY*(ci*back(-z) - co*back(z))
}

: z/(exp(z) - 1), with its series where the quotient is 0/0
FUNCTION back(z (1)) (1) {
    if (fabs(z) < 1e-4) {
        back = 1 - z/2
    } else {
        back = z/(exp(z) - 1)
    }
}
