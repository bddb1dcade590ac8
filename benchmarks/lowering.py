"""How many .mod files have equations that dendmod reads, by form, and why the others have not.

    python -m benchmarks.lowering FOLDER...

Each folder is searched with all below it; of files with the same content one counts.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dendmod.errors import MechanismError
from dendmod.mechanisms.catalogue import parse
from dendmod.mechanisms.nmodl import equations_of, facts_of
from dendmod.mechanisms.report import form

N_SHOWN = 12  # reasons


def table(folder: Path) -> Iterator[str]:
    """Yield the lines about a folder."""
    every = {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in sorted(folder.rglob("*.mod"))}
    with suppress(MechanismError):  # which file it is shows below
        facts_of(list(every.values()))  # all at once, so that the parser starts once
    held, there = Counter[str](), Counter[str]()
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for path in every.values():
        try:
            mechanism, equations = parse(path), equations_of(path)
        except MechanismError as error:
            there["not parsed"] += 1
            reasons[str(error).removeprefix(f"{path.resolve()}: ").strip()[:100]].append(path.name)
            continue
        name = form(mechanism, equations)
        there[name] += 1
        held[name] += not equations.refusals
        for refusal in {r.reason: r for r in reversed(equations.refusals)}.values():
            reasons[refusal.reason].append(f"{path.name}:{refusal.line}")
    yield f"{folder}: {held.total()} of {there.total()} files are read"
    yield from (f"    {held[name]:4} of {n:4}  {name}" for name, n in there.most_common())
    for reason, where in sorted(reasons.items(), key=lambda item: -len(item[1]))[:N_SHOWN]:
        yield f"    not read, {len(where)}: {reason} ({where[0]})"


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print("\n".join(table(Path(argument))))
