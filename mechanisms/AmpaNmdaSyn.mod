: AMPA and NMDA receptors of one synapse, NMDA with magnesium block
: Source: Wybo et al. 2022, Methods, Eqs 4-6 (the block as cited there)
: Temperature: none
: Weight: maximum of the AMPA profile (uS); the NMDA profile's is nmda_ratio times it
: Changes: none. Each rise must be shorter than its decay.

NEURON {
    POINT_PROCESS AmpaNmdaSyn
    RANGE tau_rise_ampa, tau_decay_ampa, tau_rise_nmda, tau_decay_nmda, e, nmda_ratio
    RANGE mg_factor, mg_slope
    RANGE i, i_ampa, i_nmda, g_ampa, g_nmda
    NONSPECIFIC_CURRENT i
    THREADSAFE
}

UNITS {
    (nA) = (nanoamp)
    (mV) = (millivolt)
    (uS) = (microsiemens)
}

PARAMETER {
    tau_rise_ampa = 0.2 (ms) <1e-9, 1e9>
    tau_decay_ampa = 3 (ms) <1e-9, 1e9>
    tau_rise_nmda = 0.2 (ms) <1e-9, 1e9>
    tau_decay_nmda = 43 (ms) <1e-9, 1e9>
    e = 0 (mV)
    nmda_ratio = 2 (1) <0, 1e9>
    mg_factor = 0.3 (1) <0, 1e9>
    mg_slope = 0.1 (/mV) <0, 1e9>
}

ASSIGNED {
    v (mV)
    i (nA)
    i_ampa (nA)
    i_nmda (nA)
    g_ampa (uS)
    g_nmda (uS) : with the magnesium block
    factor_ampa (1)
    factor_nmda (1)
}

STATE {
    a_ampa (uS)
    b_ampa (uS)
    a_nmda (uS)
    b_nmda (uS)
}

INITIAL {
    a_ampa = 0
    b_ampa = 0
    a_nmda = 0
    b_nmda = 0
    factor_ampa = peak_factor(tau_rise_ampa, tau_decay_ampa)
    factor_nmda = nmda_ratio*peak_factor(tau_rise_nmda, tau_decay_nmda)
}

BREAKPOINT {
    SOLVE profile METHOD cnexp
    g_ampa = b_ampa - a_ampa
    g_nmda = (b_nmda - a_nmda)*unblocked(v)
    i_ampa = g_ampa*(v - e)
    i_nmda = g_nmda*(v - e)
    i = i_ampa + i_nmda
}

DERIVATIVE profile {
    a_ampa' = -a_ampa/tau_rise_ampa
    b_ampa' = -b_ampa/tau_decay_ampa
    a_nmda' = -a_nmda/tau_rise_nmda
    b_nmda' = -b_nmda/tau_decay_nmda
}

NET_RECEIVE(weight (uS)) {
    a_ampa = a_ampa + weight*factor_ampa
    b_ampa = b_ampa + weight*factor_ampa
    a_nmda = a_nmda + weight*factor_nmda
    b_nmda = b_nmda + weight*factor_nmda
}

: fraction of receptors that magnesium leaves open (Eq 6)
FUNCTION unblocked(v (mV)) (1) {
    unblocked = 1/(1 + mg_factor*exp(-mg_slope*v))
}

: factor by which a unit jump of both exponentials is scaled for a peak of 1
FUNCTION peak_factor(rise (ms), decay (ms)) (1) {
    LOCAL tp
    tp = rise*decay/(decay - rise)*log(decay/rise)
    peak_factor = 1/(exp(-tp/decay) - exp(-tp/rise))
}
