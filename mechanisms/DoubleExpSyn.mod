: Synaptic conductance with a double-exponential profile (AMPA, GABA, shunt)
: Source: Wybo et al. 2022, Methods, Eq 4; profile of Rotter & Diesmann 1999, Biol Cybern 81:381
: Temperature: none
: Weight: maximum of the conductance profile (uS)
: Changes: none. tau_rise must be shorter than tau_decay.

NEURON {
    POINT_PROCESS DoubleExpSyn
    RANGE tau_rise, tau_decay, e, i, g
    NONSPECIFIC_CURRENT i
    THREADSAFE
}

UNITS {
    (nA) = (nanoamp)
    (mV) = (millivolt)
    (uS) = (microsiemens)
}

PARAMETER {
    tau_rise = 0.2 (ms) <1e-9, 1e9>
    tau_decay = 3 (ms) <1e-9, 1e9>
    e = 0 (mV)
}

ASSIGNED {
    v (mV)
    i (nA)
    g (uS)
    factor (1)
}

STATE {
    a (uS)
    b (uS)
}

INITIAL {
    a = 0
    b = 0
    factor = peak_factor(tau_rise, tau_decay)
}

BREAKPOINT {
    SOLVE profile METHOD cnexp
    g = b - a
    i = g*(v - e)
}

DERIVATIVE profile {
    a' = -a/tau_rise
    b' = -b/tau_decay
}

NET_RECEIVE(weight (uS)) {
    a = a + weight*factor
    b = b + weight*factor
}

: factor by which a unit jump of both exponentials is scaled for a peak of 1
FUNCTION peak_factor(rise (ms), decay (ms)) (1) {
    LOCAL tp
    tp = rise*decay/(decay - rise)*log(decay/rise)
    peak_factor = 1/(exp(-tp/decay) - exp(-tp/rise))
}
