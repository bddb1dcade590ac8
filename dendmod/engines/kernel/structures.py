"""The structures that the kernel and Python share; `library` checks that their sizes agree."""

from __future__ import annotations

from ctypes import (
    POINTER,
    Structure,
    c_double,
    c_int32,
    c_int64,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

MAX_CHANNELS, MAX_GATES = 12, 32

_doubles, _ints, _longs = POINTER(c_double), POINTER(c_int32), POINTER(c_int64)


def _fields(names: str, kind: Any) -> list[Any]:
    return [(name, kind) for name in names.split()]


class ChannelOf(Structure):
    """Which gates enter a conductance; see `Channel` in kernel.c."""

    _fields_ = [
        *_fields("gate power", c_int32 * 2),
        *_fields("calcium_reversal calcium_gate", c_int32),
    ]


class Membrane(Structure):
    """Channels of a compartment and the table of their gates."""

    _fields_ = [
        *_fields("n_channels n_gates row has_pool", c_int32),
        ("channels", ChannelOf * MAX_CHANNELS),
        ("table", c_void_p),
    ]


class Population(Structure):
    """Cells of one layer."""

    _fields_ = [
        *_fields("n n_comp n_sources first_neuron first_table", c_int32),
        *_fields("parent kind membrane", _ints),
        *_fields("values channel_values gate_values pool_values weights", _doubles),
        ("place", _ints),
        ("nmda", _doubles),
        *_fields("ampa_weight gaba_weight background_ratio", c_double),
    ]


class Route(Structure):
    """Where spikes of a layer, or of the inputs (-1), go: rows of the weights of another."""

    _fields_ = [*_fields("source target first_row delay", c_int32)]


class Spikes(Structure):
    """A list of spikes that the kernel lengthens."""

    _fields_ = [*_fields("n capacity", c_int64), *_fields("sample neuron step", _ints)]


class Job(Structure):
    """All that one run needs and returns."""

    _fields_ = [
        *_fields(
            "n_samples n_steps settle_steps carry learn generated n_threads n_inputs n_cells "
            "n_layers n_routes output",
            c_int32,
        ),
        *_fields("dt threshold", c_double),
        ("seed", c_uint64),
        *_fields("context expected number stop", _ints),
        ("counts", POINTER(c_uint8)),
        *_fields("feedforward_table context_table", POINTER(c_uint32)),
        ("count_tables", _longs),
        ("count_table_of", _ints),
        ("context_fixed", c_int32),
        ("ff_start", _longs),
        *_fields("ff_input ff_step", _ints),
        ("ev_start", _longs * 3),
        *_fields("ev_neuron ev_comp ev_step", _ints * 3),
        *_fields("ampa nmda gaba", c_double * 3),
        ("ff", c_double * 2),
        *_fields("e_excitatory e_gaba nmda_ratio mg_factor mg_slope", c_double),
        ("membranes", POINTER(Membrane)),
        *_fields("table_v0 table_step", c_double),
        ("table_rows", c_int32),
        *_fields("nernst cai_out z_half z_hill z_rate", c_double),
        *_fields("plastic window nominal_onset", c_int32),
        *_fields("tau_dend tau_pre tau_post tau_eps c_pre c_post", c_double),
        ("eta", c_double * 3),
        ("theta", c_double * 2),
        *_fields("error_scale w_min w_max", c_double),
        ("master", _doubles),
        ("layers", POINTER(Population)),
        ("routes", POINTER(Route)),
        ("v_out", _doubles),
        ("error", _ints),
        ("spikes", Spikes),
        *_fields("done bad_neuron", c_int32),
    ]
