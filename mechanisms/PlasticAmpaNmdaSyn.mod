: AMPA and NMDA receptors of one compartment whose contextual weight learns from a global error
: Source: Wybo et al. 2022, Methods, Eqs 4-6 (receptors) and 22-23 (plasticity)
: Temperature: none
: Weight: of a contextual spike (kind 0) it is the variable w; of a background spike the maximum of
: its AMPA profile (uS), with NMDA of background_ratio times it. Kinds 2 and 3: see NET_RECEIVE
: Changes: the product of three decaying traces is integrated exactly over a step. Each rise must be
: shorter than its decay.

NEURON {
    POINT_PROCESS PlasticAmpaNmdaSyn
    RANGE tau_rise_ampa, tau_decay_ampa, tau_rise_nmda, tau_decay_nmda, e, nmda_ratio
    RANGE background_ratio, mg_factor, mg_slope, tau_dend, tau_pre, tau_post, tau_eps, c_pre, c_post
    RANGE eta0, eta1, eta2, theta0, theta1, w_min, w_max, plastic
    RANGE w, i, u_dend, u_pre, u_post, eps, span
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
    background_ratio = 0 (1) <0, 1e9>
    mg_factor = 0.3 (1) <0, 1e9>
    mg_slope = 0.1 (/mV) <0, 1e9>
    plastic = 0 (1) : 1: w changes
    tau_dend = 25 (ms) <1e-9, 1e9>
    tau_pre = 25 (ms) <1e-9, 1e9>
    tau_post = 10 (ms) <1e-9, 1e9>
    tau_eps = 15 (ms) <1e-9, 1e9>
    c_pre = 0 (1)
    c_post = 1 (1)
    eta0 = 0 (uS/ms)
    eta1 = 0 (uS/ms)
    eta2 = 0 (uS/ms)
    theta0 = -50 (mV)
    theta1 = -10 (mV)
    w_min = 0 (uS)
    w_max = 1e9 (uS)
}

ASSIGNED {
    v (mV)
    dt (ms)
    i (nA)
    w (uS)
    factor_ampa (1)
    factor_nmda (1)
    span (ms) : integral over a step of the product of the traces, which is 1 at its start
}

STATE {
    a_ampa (uS)
    b_ampa (uS)
    a_nmda (uS)
    b_nmda (uS)
    u_dend (mV)
    u_pre (1)
    u_post (1)
    eps (1)
}

INITIAL {
    LOCAL k
    a_ampa = 0
    b_ampa = 0
    a_nmda = 0
    b_nmda = 0
    u_dend = v
    u_pre = 0
    u_post = 0
    eps = 0
    factor_ampa = peak_factor(tau_rise_ampa, tau_decay_ampa)
    factor_nmda = peak_factor(tau_rise_nmda, tau_decay_nmda)
    k = 1/tau_pre + 1/tau_post + 1/tau_eps
    span = (1 - exp(-k*dt))/k
}

BREAKPOINT {
    SOLVE profile METHOD cnexp
    i = (b_ampa - a_ampa + (b_nmda - a_nmda)*unblocked(v))*(v - e)
}

DERIVATIVE profile {
    learn(u_dend, u_pre*u_post*eps)
    a_ampa' = -a_ampa/tau_rise_ampa
    b_ampa' = -b_ampa/tau_decay_ampa
    a_nmda' = -a_nmda/tau_rise_nmda
    b_nmda' = -b_nmda/tau_decay_nmda
    u_dend' = (v - u_dend)/tau_dend
    u_pre' = -u_pre/tau_pre
    u_post' = -u_post/tau_post
    eps' = -eps/tau_eps
}

: w' = eta(u_dend) u_pre u_post eps over one step (Eq 22), within its bounds
PROCEDURE learn(u (mV), product (1)) {
    LOCAL eta
    if (plastic*product != 0) {
        eta = eta1
        if (u < theta0) {
            eta = eta0
        }
        if (u > theta1) {
            eta = eta2
        }
        w = w + eta*product*span
        if (w < w_min) {
            w = w_min
        }
        if (w > w_max) {
            w = w_max
        }
    }
}

: kind 0: spike of the active context; 1: background spike; 2: spike of the own cell;
: 3: pulse of the error, weight is its amplitude
: (the empty INITIAL keeps NEURON from setting kind to zero)
NET_RECEIVE(weight (uS), kind (1)) {
    INITIAL { }
    if (kind == 0) {
        a_ampa = a_ampa + w*factor_ampa
        b_ampa = b_ampa + w*factor_ampa
        a_nmda = a_nmda + w*nmda_ratio*factor_nmda
        b_nmda = b_nmda + w*nmda_ratio*factor_nmda
        u_pre = u_pre + c_pre
    }
    if (kind == 1) {
        a_ampa = a_ampa + weight*factor_ampa
        b_ampa = b_ampa + weight*factor_ampa
        a_nmda = a_nmda + weight*background_ratio*factor_nmda
        b_nmda = b_nmda + weight*background_ratio*factor_nmda
    }
    if (kind == 2) {
        u_post = u_post + c_post
    }
    if (kind == 3) {
        eps = eps + weight*1(/uS)
    }
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
