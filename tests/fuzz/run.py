"""``make fuzz``: read changed files by every reader, 10,000 each; nothing but our words may come.

A run that was stopped goes on where it was. ``--show READER CASE`` keeps the file of a case.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dendmod.atomic import replacing
from tests.fuzz.child import MEMORY, changed_file
from tests.fuzz.readers import READERS, ROOT

SECONDS = 120.0  # of one case, on a machine that does other things too
_START = 600.0  # s, for a process to import what it needs
_BLOCK = 2500  # cases of one process


def run(name: str, n: int, seed: int, file: Path, seconds: float = SECONDS) -> list[dict[str, Any]]:
    """Return what became of the cases of a reader; those in the file are not read again."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    whole = text[: text.rfind("\n") + 1]  # a run that was killed may leave a piece of a line
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    done = [json.loads(line) for line in whole.splitlines()][:n]
    with file.open("a", encoding="utf-8") as kept:
        while len(done) < n:
            stop = min(n, (len(done) // _BLOCK + 1) * _BLOCK)
            for found in watched(name, len(done), stop, seed, seconds):
                done.append(found)
                kept.write(json.dumps(found) + "\n")
            kept.flush()
            faults = sum(found["state"] == "fault" for found in done)
            print(f"\r{name:<10} {len(done):6d} of {n}, {faults} faults", end="", flush=True)
    print()
    return done


def watched(
    name: str, start: int, stop: int, seed: int, seconds: float
) -> Iterator[dict[str, Any]]:
    """Yield what became of some cases, read in a process that is ended if one takes too long."""
    while start < stop:
        reading, writing = os.pipe()
        arguments = [name, str(start), str(stop), str(seed), str(writing)]
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.child", *arguments],
            pass_fds=[writing], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1",
                 "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        os.close(writing)
        begun, why = False, ""
        with os.fdopen(reading, "rb", buffering=0) as answers:
            for line in _lines(answers, seconds, max(seconds, _START)):
                if line is None:
                    why = f"no end within {seconds:g} s"
                    child.kill()
                    break
                found = json.loads(line)
                begun = found["state"] == "begun"
                if not begun:
                    start = found["case"] + 1
                    yield found
        said = child.communicate()[1].decode("utf-8", "replace").strip().splitlines()
        if start >= stop:
            return
        if not begun:
            raise RuntimeError(f"{name}: the process cannot start: {said[-1:]}")
        why = why or f"the process ended ({child.returncode}): {' '.join(said[-1:])[:200]}"
        yield {"case": start, "state": "fault", "what": why}
        start += 1


def _lines(answers: Any, seconds: float, first: float) -> Iterator[bytes | None]:
    """Yield lines as they come, and None where none came in time."""
    held, patience = b"", first
    while True:
        if not select.select([answers], [], [], patience)[0]:
            yield None
            return
        piece, patience = answers.read(1 << 16), seconds
        if not piece:
            return
        *lines, held = (held + piece).split(b"\n")
        yield from lines


def summary(found: dict[str, list[dict[str, Any]]], seed: int) -> dict[str, Any]:
    """Return counts by reader, and each kind of fault with a case that shows it."""
    table = {}
    for name, rows in found.items():
        states = collections.Counter(row["state"] for row in rows)
        faults: dict[str, int] = {}
        for row in rows:
            if row["state"] == "fault":
                faults.setdefault(row["what"], row["case"])
        table[name] = {
            "cases": len(rows), **{s: states[s] for s in ("accepted", "refused", "fault")},
            "slowest_s": max((row.get("seconds", 0.0) for row in rows), default=0.0),
            "faults": faults,
        }  # fmt: skip
    return {"schema": "dendmod/fuzz/1", "seed": seed, "memory": MEMORY, "readers": table}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}")
    parser.add_argument("--cases", type=int, default=10_000, help="of each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "fuzz")
    parser.add_argument("--show", nargs=2, metavar=("READER", "CASE"), help="keep a case's file")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.show:
        folder = asked.out / "-".join(asked.show)
        folder.mkdir()
        print(changed_file(asked.show[0], int(asked.show[1]), asked.seed, folder))
        return 0
    if unknown := set(asked.readers) - set(READERS):
        parser.error(f"there is no reader {', '.join(unknown)}; take of {', '.join(READERS)}")
    found = {}
    for name in asked.readers or READERS:
        if name == "nwb" and not _pynwb():
            print("nwb: skipped, pynwb is not installed: pip install 'dendmod[nwb]'")
            continue
        kept = asked.out / f"{name}-{asked.seed}.jsonl"
        found[name] = run(name, asked.cases, asked.seed, kept)
    report = summary(found, asked.seed)
    with replacing(asked.out / "summary.json") as partial:
        partial.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for name, row in report["readers"].items():
        print(f"{name:<10} {row['accepted']:6d} accepted {row['refused']:6d} refused "
              f"{row['fault']:4d} faults, slowest {row['slowest_s']:.2f} s")  # fmt: skip
        for what, case in row["faults"].items():
            print(f"  case {case}: {what}")
    return int(any(row["fault"] for row in report["readers"].values()))


def _pynwb() -> bool:
    from importlib.util import find_spec

    return find_spec("pynwb") is not None


if __name__ == "__main__":
    sys.exit(main())
