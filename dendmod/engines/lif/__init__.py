"""Leaky integrate-and-fire networks with current-based exponential synapses, in C.

`simulation.simulate_lif` takes anyone's weights; `kernel` hands arrays to ``lif.c``, which is
compiled when it is first used.
"""
