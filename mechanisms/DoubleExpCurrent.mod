: Synaptic current with a double-exponential profile (feedforward inputs)
: Source: Wybo et al. 2022, Methods, "Biophysical modelling"
: Temperature: none
: Weight: extremum of the current profile (nA); positive depolarises
: Changes: none. tau_rise must be shorter than tau_decay.

NEURON {
    POINT_PROCESS DoubleExpCurrent
    RANGE tau_rise, tau_decay, i
    NONSPECIFIC_CURRENT i
    THREADSAFE
}

UNITS {
    (nA) = (nanoamp)
}

PARAMETER {
    tau_rise = 0.2 (ms) <1e-9, 1e9>
    tau_decay = 3 (ms) <1e-9, 1e9>
}

ASSIGNED {
    i (nA)
    factor (1)
}

STATE {
    a (nA)
    b (nA)
}

INITIAL {
    a = 0
    b = 0
    factor = peak_factor(tau_rise, tau_decay)
}

BREAKPOINT {
    SOLVE profile METHOD cnexp
    i = a - b
}

DERIVATIVE profile {
    a' = -a/tau_rise
    b' = -b/tau_decay
}

NET_RECEIVE(weight (nA)) {
    a = a + weight*factor
    b = b + weight*factor
}

: factor by which a unit jump of both exponentials is scaled for a peak of 1
FUNCTION peak_factor(rise (ms), decay (ms)) (1) {
    LOCAL tp
    tp = rise*decay/(decay - rise)*log(decay/rise)
    peak_factor = 1/(exp(-tp/decay) - exp(-tp/rise))
}
