"""Clustered spiking networks of Wyrick & Mazzucato 2021: construction, theory, analyses.

Networks, stimuli, trials and analyses have the paper's numbers as defaults (`ClusteredNetwork`:
Table 1); `dendmod.params.wyrick2021` names the place of each, and marks what is ours. Names are
fetched when they are first used, so that what uses a part does not depend on the whole.
"""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "ClusteredNetwork": "dendmod.clustered.spec",
    "HiddenStates": "dendmod.clustered.hidden_states",
    "Network": "dendmod.clustered.construction",
    "Perturbation": "dendmod.clustered.perturbation",
    "Recording": "dendmod.clustered.recording",
    "SpikingResult": "dendmod.engines.lif.result",
    "TrialRunner": "dendmod.clustered.trials",
    "activations": "dendmod.clustered.activation",
    "build_network": "dendmod.clustered.construction",
    "choose_states": "dendmod.clustered.hidden_states",
    "clustered_field": "dendmod.clustered.meanfield_models",
    "decode": "dendmod.clustered.decoding",
    "decode_across": "dendmod.clustered.decoders",
    "decode_by_state": "dendmod.clustered.behaviour",
    "decode_with": "dendmod.clustered.decoders",
    "decoding_slope": "dendmod.clustered.decoders",
    "draw_ensemble": "dendmod.clustered.ensembles",
    "draw_stimuli": "dendmod.clustered.stimulus",
    "effective_potential": "dendmod.clustered.potential",
    "fit_soft_relu": "dendmod.clustered.soft_relu",
    "fit_states": "dendmod.clustered.hidden_states",
    "fit_transfer": "dendmod.clustered.gain",
    "gain_by_state": "dendmod.clustered.behaviour",
    "gain_difference": "dendmod.clustered.gain",
    "gain_ratio": "dendmod.clustered.gain",
    "homogeneous_field": "dendmod.clustered.meanfield_models",
    "latency_difference": "dendmod.clustered.decoding",
    "match_by_stimulus": "dendmod.clustered.matching",
    "model_recording": "dendmod.clustered.recorded_model",
    "perturbed": "dendmod.clustered.meanfield_models",
    "read_allen": "dendmod.clustered.allen",
    "running_blocks": "dendmod.clustered.states",
    "simulate_lif": "dendmod.engines.lif.simulation",
    "sliding_counts": "dendmod.clustered.decoding",
    "state_trials": "dendmod.clustered.states",
    "trial_states": "dendmod.clustered.states",
    "two_cluster_field": "dendmod.clustered.meanfield_models",
    "weight_spectrum": "dendmod.clustered.spectrum",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'dendmod.clustered' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
