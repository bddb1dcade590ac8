: Delayed rectifier whose conductances are called gmax and cond, not gbar and g
: Source: written for the tests; one gate to the fourth power, a sigmoid and a bell in v
: Temperature: none

NEURON {
    SUFFIX KdrGmax
    USEION k READ ek WRITE ik
    RANGE gmax, cond
    THREADSAFE
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gmax = 0.004 (S/cm2)
}

ASSIGNED {
    v (mV)
    ek (mV)
    ik (mA/cm2)
    cond (S/cm2)
    ninf (1)
    ntau (ms)
}

STATE {
    n
}

INITIAL {
    rates(v)
    n = ninf
}

BREAKPOINT {
    SOLVE gate METHOD cnexp
    cond = gmax*n*n*n*n
    ik = cond*(v - ek)
}

DERIVATIVE gate {
    rates(v)
    n' = (ninf - n)/ntau
}

PROCEDURE rates(v (mV)) {
    ninf = 1/(1 + exp(-(v + 25(mV))/9(mV)))
    ntau = 1(ms) + 4(ms)*exp(-((v + 40(mV))/30(mV))^2)
}
