: Artificial cell that fires whenever a spike reaches it: one source of spikes for many synapses
: Source: ours
: Temperature: none
: Weight: ignored
: Changes: none

NEURON {
    ARTIFICIAL_CELL SpikeRelay
    RANGE spikes
    THREADSAFE
}

ASSIGNED {
    spikes (1)
}

INITIAL {
    spikes = 0
}

NET_RECEIVE(weight (1)) {
    spikes = spikes + 1
    net_event(t)
}
