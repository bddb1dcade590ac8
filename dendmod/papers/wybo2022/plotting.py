"""How the figures on gain-modulated networks name and colour things."""

from __future__ import annotations

from typing import Any

METHODS: dict[str, tuple[str, str, str]] = {  # label, colour, marker
    "readout": ("task-specific readout", "#D55E00", "^"),
    "gain_bias": ("gain and bias", "#009E73", "s"),
    "gain_xshift": ("gain, shared x-shift", "#0072B2", "o"),
    "gain": ("gain alone", "#56B4E9", "v"),
    "bias": ("bias alone", "#CC79A7", "D"),
    "gain_io": ("gain, x-shift and bias of the cell", "#E69F00", "P"),
    "task_specific": ("task-specific networks", "#777777", "X"),
}
MATRICES: dict[str, tuple[str, str, str]] = {
    "dPMD": ("ΔPMD", "#CC79A7", "D"),
    "dSD": ("ΔSD", "#777777", "o"),
    "dPCA": ("ΔPCA", "#0072B2", "^"),
    "RP": ("RP", "#D55E00", "o"),
    "PMD": ("PMD", "#882255", "D"),
    "SD": ("SD", "#333333", "o"),
    "PCA": ("PCA", "#56B4E9", "^"),
}
LAYERWISE: dict[str, tuple[str, str, str]] = {
    "TMCL": ("TMCL", "#0072B2", "o"),
    "CL": ("CL, no modulation", "#009E73", "s"),
    "CL_within": ("CL, a pair has one task", "#CC79A7", "P"),
    "RP": ("RP", "#333333", "v"),
    "RP_on_TMCL": ("RP on a TMCL layer", "#999999", "D"),
    "backprop": ("backpropagation", "#D55E00", "^"),
}
RIGHT_YES, RIGHT_NO, WRONG = "#E69F00", "#0072B2", "#000000"


def line(
    ax: Any, x: Any, entries: list[dict[str, float]], style: tuple[str, str, str], **more: Any
) -> None:
    """Draw means with their standard deviations."""
    label, colour, marker = style
    means, sds = [e["mean"] for e in entries], [e["sd"] for e in entries]
    options: dict[str, Any] = {
        "ls": "-",
        "ms": 3.5,
        "capsize": 2,
        "elinewidth": 0.7,
        "label": label,
    }
    ax.errorbar(x, means, sds, color=colour, marker=marker, **{**options, **more})
