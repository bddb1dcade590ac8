"""Our mechanisms in the dialect of NMODL that Arbor's compiler reads, and synapses for it.

Channels are the files of ``mechanisms/`` with units, comments and declared ion variables taken out.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.rivals.channels import POOL

MECHANISMS = Path(__file__).resolve().parents[2] / "mechanisms"
TWICE_FARADAY = "192970.66424622"
_NUMBER_WITH_UNIT = re.compile(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\(([^()]*)\)")
_FROM_OUTSIDE = {"v", "ica", "ik", "ina", "ihcn", "eca", "ek", "ena"}

_SYNAPSE = """NEURON {{
    POINT_PROCESS {name}
    NONSPECIFIC_CURRENT i
    RANGE {ranges}
}}
PARAMETER {{
    e = 0
    {defaults}
}}
STATE {{ {states} }}
INITIAL {{
    {zeros}
}}
BREAKPOINT {{
    SOLVE profile METHOD cnexp
    i = {current}
}}
DERIVATIVE profile {{
    {decays}
}}
NET_RECEIVE(weight) {{
    {jumps}
}}
"""
# current of each kind of synapse, and its profiles
SYNAPSES = {
    "rival_current": ("a0 - b0", 1),
    "rival_conductance": ("(b0 - a0)*(v - e)", 1),
    "rival_ampa_nmda": (
        "(b0 - a0)*(v - e) + (b1 - a1)/(1 + mg_factor*exp(-mg_slope*v))*(v - e)",
        2,
    ),
}


def translate(folder: Path, suffixes: list[str]) -> None:
    """Write channels, the calcium pool and the synapses into a folder."""
    for suffix in [*suffixes, POOL]:
        text = (MECHANISMS / f"{suffix}.mod").read_text(encoding="utf-8")
        (folder / f"{suffix}.mod").write_text(_density(text, suffix == POOL), encoding="utf-8")
    for name in SYNAPSES:
        (folder / f"{name}.mod").write_text(_synapse(name), encoding="utf-8")


def _density(text: str, writes_calcium: bool) -> str:
    text = re.sub(r":.*", "", text)
    text = re.sub(r"UNITS \{.*?\n\}\n", "", text, flags=re.S)
    text = _NUMBER_WITH_UNIT.sub(r"\1", text).replace("2*FARADAY", TWICE_FARADAY)
    outside = _FROM_OUTSIDE if writes_calcium else _FROM_OUTSIDE | {"cai"}
    text = re.sub(rf"^\s+({'|'.join(outside)}) \([^)]*\)\s*$", "", text, flags=re.M)
    text = re.sub(r"\((mV|mM|1|ms|S/cm2|mA/cm2|um|/ms)\)", "", text).replace("THREADSAFE", "")
    text = re.sub(r"(RANGE .*?),? (ina|ik|ica|ihcn)\b", r"\1", text)
    # Arbor has x/(exp(x) - 1) with its limit at 0 built in
    linoid = "FUNCTION linoid(x) {\n    linoid = exprelr(-x)\n}\n"
    return re.sub(r"FUNCTION linoid.*", linoid, text, flags=re.S)


def _synapse(name: str) -> str:
    current, n = SYNAPSES[name]
    parameters = [f"{kind}{i}" for i in range(n) for kind in ("rise", "fall", "peak")]
    block = ["mg_factor", "mg_slope"] if "mg_factor" in current else []
    states = [f"{x}{i}" for i in range(n) for x in "ab"]
    taus = {"a": "rise", "b": "fall"}
    newline = "\n    "
    return _SYNAPSE.format(
        name=name,
        ranges=", ".join(["e", *parameters, *block]),
        defaults=newline.join(f"{p} = 1" for p in [*parameters, *block]),
        states=" ".join(states),
        zeros=newline.join(f"{s} = 0" for s in states),
        current=current,
        decays=newline.join(f"{s}' = -{s}/{taus[s[0]]}{s[1]}" for s in states),
        jumps=newline.join(f"{s} = {s} + weight*peak{s[1]}" for s in states),
    )
