"""RANGE variables that a .mod file reads and never computes: set from outside, as parameters are.

Some authors, and the files that NeuroML's exporter writes, declare them in ASSIGNED.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from dendmod.mechanisms.mechanism import Mechanism

_COMMENTS = re.compile(r"\bCOMMENT\b.*?\bENDCOMMENT\b|[:?][^\n]*", re.DOTALL)
_NEURON = re.compile(r"\bNEURON\s*\{[^}]*\}")


def given_variables(mechanism: Mechanism) -> tuple[str, ...]:
    """Return the RANGE variables of a mechanism that nothing in its file assigns.

    Parameters, states and variables of ions are not among them, nor names that stand in the NEURON
    block alone, which NEURON drops.
    """
    if mechanism.file is None:
        return ()
    of_ions = {v for ion in mechanism.ions for v in (*ion.reads, *ion.writes)}
    candidates = set(mechanism.variables) - set(mechanism.states) - of_ions
    text = _code(mechanism.file, mechanism.file.stat().st_mtime_ns)
    return tuple(
        name
        for name in sorted(candidates)
        if re.search(rf"\b{name}\b", text)
        and not re.search(rf"\b{name}\s*(\[[^\]]*\]\s*)?=(?!=)", text)
    )


@lru_cache(maxsize=256)
def _code(path: Path, mtime_ns: int) -> str:
    return _NEURON.sub(" ", _COMMENTS.sub(" ", path.read_text(encoding="utf-8", errors="replace")))
