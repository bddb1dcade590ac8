"""What a .mod file says, read by NEURON's own parser (`neuron.nmodl`).

The parser comes with NEURON and importing it starts NEURON, which a process that only reads
specifications should not do: `facts_of` asks a process of its own, once for each content of a file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from dendmod.atomic import replacing
from dendmod.errors import MechanismError
from dendmod.mechanisms.equations import Assign, Equations, Kind
from dendmod.mechanisms.included import source
from dendmod.mechanisms.lowering import Lowering
from dendmod.mechanisms.quiet import quiet_with
from dendmod.mechanisms.syntax import BY_NEURON, Reader
from dendmod.paths import cache_dir

# what a stored record depends on, besides the file
_OF_PARSING = (
    "nmodl", "syntax", "lowering", "writing", "algebra", "equations", "unit_table", "included",
    "quiet", "evaluate",
)  # fmt: skip
_GEOMETRY = ("diam", "area")
_PATIENCE = 30.0  # s for a file, which takes some ms, on a machine that does other things too


@dataclass(frozen=True)
class Ion:
    """An ion as a mechanism uses it.

    Parameters
    ----------
    name
        Such as "ca".
    reads, writes
        Its variables, such as "cai" (inside), "cao" (outside), "eca" (reversal), "ica" (current).
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What a .mod file says.

    Parameters
    ----------
    suffix, kind
        Its name, and "density", "point" or "artificial".
    parameters, globals
        (name, default, unit) of the parameters that can differ from place to place (RANGE), and of
        those that are one for the process. What BREAKPOINT itself assigns is no parameter, even if
        old files declare it as one.
    variables
        Other RANGE variables.
    ions
        As `Ion`.
    currents
        Names of all currents that it adds to the membrane, ionic ones among them; not of one that
        is always 0.
    maximal
        RANGE parameters that a current is proportional to: maximal conductances, permeabilities.
    conductance, reversal
        Of an ohmic current ``i = g*(v - e)``: the names of g and e; "" where it has another form.
    states
        Names of its states.
    reads
        What it reads of its surroundings besides ions: "v", "celsius", "diam", "area".
    blocks
        Kinds of its blocks and constructs that engines care for, such as "KINETIC", "VERBATIM".
    weight_unit
        Of the weight that a spike brings to its NET_RECEIVE; "" where there is none.
    quiet_with
        (parameter, value): while they have these values no current is ever other than 0.
    """

    suffix: str
    kind: Kind
    parameters: tuple[tuple[str, float, str], ...]
    globals: tuple[tuple[str, float, str], ...]
    variables: tuple[str, ...]
    ions: tuple[Ion, ...]
    currents: tuple[str, ...]
    maximal: tuple[str, ...]
    conductance: str
    reversal: str
    states: tuple[str, ...]
    reads: tuple[str, ...]
    blocks: tuple[str, ...]
    weight_unit: str
    quiet_with: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, table: dict[str, Any]) -> Facts:
        """Return facts from their table of JSON values."""
        ions = tuple(Ion(i["name"], tuple(i["reads"]), tuple(i["writes"])) for i in table["ions"])
        rest: dict[str, Any] = {key: _tuples(v) for key, v in table.items() if key != "ions"}
        return cls(ions=ions, **rest)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def facts_of(paths: Sequence[Path]) -> dict[Path, Facts]:
    """Return what .mod files say; each content is parsed once and kept in the cache.

    Raises
    ------
    MechanismError
        If NEURON's parser refuses a file, with its message.
    CacheError
        If the cache cannot be written.
    """
    return {path: Facts.of(table["facts"]) for path, table in _parsed(paths).items()}


def equations_of(path: Path) -> Equations:
    """Return the equations of a .mod file, with what of it they do not hold (`refusals`).

    Raises
    ------
    MechanismError
        If NEURON's parser refuses the file, with its message.
    CacheError
        If the cache cannot be written.
    """
    ((path, table),) = _parsed([path]).items()
    return replace(_as_equations().validate_python(table["equations"]), file=path)


@cache
def _as_equations() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Equations)


def _parsed(paths: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    paths = [Path(path).resolve() for path in paths]
    version = hashlib.sha256()
    for own in _OF_PARSING:
        version.update(Path(__file__).with_name(f"{own}.py").read_bytes())
    folder = cache_dir() / "nmodl" / version.hexdigest()[:12]
    places, wrong = {}, []
    for path in paths:
        try:
            places[path] = folder / f"{hashlib.sha256(source(path)).hexdigest()}.json"
        except MechanismError as error:
            wrong.append(str(error))
    stored = {path: _stored(place) for path, place in places.items()}
    missing = [path for path, table in stored.items() if table is None]
    for path, table in _parsed_elsewhere(missing).items():
        if "error" in table:
            wrong.append(f"{path}: {table['error']}")
            continue
        stored[path] = table
        with replacing(places[path]) as partial:
            partial.write_text(json.dumps(table), encoding="utf-8")
    if wrong:
        raise MechanismError(wrong[0])
    return {path: table for path, table in stored.items() if table is not None}


def _stored(place: Path) -> dict[str, Any] | None:
    """Return what is kept of a file; None if nothing is, or a disk that was full cut it off."""
    try:
        table: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) and {"facts", "equations"} <= set(table) else None


def _parsed_elsewhere(paths: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    """Parse files in a process of the parser's; a file that ends it has an "error"."""
    found: dict[Path, dict[str, Any]] = {}
    todo = list(paths)
    while todo:
        text, said = _asked(todo)
        lines = [line for line in text.splitlines(True) if line.startswith('{"path"')]
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
        found |= {Path(row.pop("path")): row for row in rows}
        todo = [path for path in todo if path not in found]
        if todo:
            found[todo.pop(0)] = {"error": f"NEURON's parser stopped: {said}"}
    return found


def _asked(paths: Sequence[Path]) -> tuple[str, str]:
    """Return what the parser's process printed, and its last words."""
    limit = _PATIENCE * (2 + len(paths))
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, *map(str, paths)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd=os.path.dirname(os.path.abspath(sys.executable)),  # no ./x86_64 to load
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
            },
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired as ended:
        return (ended.stdout or b"").decode("utf-8", "replace"), f"no end within {limit:g} s"
    said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
    return done.stdout.decode("utf-8", "replace"), said[-1]


def facts(read: Reader) -> tuple[Facts, Equations]:
    """Return what a file says, and what it computes.

    Raises
    ------
    MechanismError
        If it names no mechanism.
    """
    suffix, kind = _named(read)
    _check_numbers(read)
    defined = {p.get_node_name(): p for p in read.all("PARAM_ASSIGN")}
    ranges = set(read.names("RANGE_VAR"))
    ions = tuple(_ion(read, node) for node in read.all("USEION"))
    own = {v for ion in ions for v in (*ion.reads, *ion.writes)}
    values = {
        name: (name, _number(p), read.text(p.unit) if p.unit is not None else "")
        for name, p in defined.items()
        if name not in own and name not in BY_NEURON
    }
    written = [v for ion in ions for v in ion.writes if v == f"i{ion.name}"]
    currents = tuple(dict.fromkeys(
        (*written, *read.names("NONSPECIFIC_CUR_VAR"), *read.names("ELECTRODE_CUR_VAR"))
    ))  # fmt: skip
    used = {name for block in _code(read) for name in read.names("NAME", block)}
    used |= {word for text in read.names("VERBATIM") for word in _words(text)}
    blocks = tuple(_blocks(read))
    equations = Lowering(read).equations(suffix, kind, own, currents)
    currents = tuple(name for name in currents if not _is_nothing(name, equations))
    computed = {s.name for s in equations.breakpoint if isinstance(s, Assign)}
    ranged = {name: v for name, v in values.items() if name in ranges and name not in computed}
    maximal = dict.fromkeys(
        name for current in equations.currents for name in current.proportional if name in ranged
    )
    ohmic = equations.currents[0] if len(currents) == 1 else None
    found = Facts(
        suffix=suffix,
        kind=kind,
        parameters=tuple(ranged.values()),
        globals=tuple(v for name, v in values.items() if name not in ranges),
        variables=tuple(sorted(ranges - set(ranged))),
        ions=ions,
        currents=currents,
        maximal=tuple(maximal),
        conductance=ohmic.conductance_name if ohmic else "",
        reversal=ohmic.reversal if ohmic and isinstance(ohmic.reversal, str) else "",
        states=equations.states,
        reads=tuple(name for name in ("v", "celsius", *_GEOMETRY) if name in used),
        blocks=blocks,
        weight_unit=_weight_unit(read),
        quiet_with=quiet_with(read, equations, currents, tuple(ranged)),
    )
    return found, equations


def _check_numbers(read: Reader) -> None:
    """Refuse numbers that no double can hold: compiled, they would be infinite."""
    for node in read.all("DOUBLE"):
        if not math.isfinite(float(node.eval())):
            raise MechanismError(f"the number {read.text(node):.60} is not finite")


def _is_nothing(current: str, equations: Equations) -> bool:
    """Return whether a current is always 0: old pools write one, so as to have a BREAKPOINT."""
    given = [s.value for s in equations.breakpoint if isinstance(s, Assign) and s.name == current]
    return not equations.refusals and bool(given) and all(value == 0.0 for value in given)


def _weight_unit(read: Reader) -> str:
    for block in read.all("NET_RECEIVE_BLOCK"):
        for argument in block.parameters:
            return read.text(argument.unit) if argument.unit is not None else ""
    return ""


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "_" else " " for c in text).split()


def _code(read: Reader) -> list[Any]:
    """Return the blocks that compute; what old files declare and never use is not in them."""
    kinds = (
        "INITIAL_BLOCK", "BREAKPOINT_BLOCK", "DERIVATIVE_BLOCK", "KINETIC_BLOCK",
        "LINEAR_BLOCK", "NON_LINEAR_BLOCK", "DISCRETE_BLOCK", "PROCEDURE_BLOCK",
        "FUNCTION_BLOCK", "NET_RECEIVE_BLOCK", "BEFORE_BLOCK", "AFTER_BLOCK",
        "CONSTRUCTOR_BLOCK",
    )  # fmt: skip
    return [block for kind in kinds for block in read.all(kind)]


def _named(read: Reader) -> tuple[str, Kind]:
    kinds: dict[str, Kind] = {
        "SUFFIX": "density",
        "POINT_PROCESS": "point",
        "ARTIFICIAL_CELL": "artificial",
    }
    for node in read.all("SUFFIX"):
        word, _, name = read.text(node).partition(" ")
        return name.strip(), kinds[word]
    raise MechanismError("no SUFFIX or POINT_PROCESS in a NEURON block; is this a .mod file?")


def _ion(read: Reader, node: Any) -> Ion:
    return Ion(
        read.text(node).split()[1],
        tuple(read.names("READ_ION_VAR", node)),
        tuple(read.names("WRITE_ION_VAR", node)),
    )


def _blocks(read: Reader) -> Iterator[str]:
    kinds = {
        "KINETIC": "KINETIC_BLOCK", "DERIVATIVE": "DERIVATIVE_BLOCK", "VERBATIM": "VERBATIM",
        "NET_RECEIVE": "NET_RECEIVE_BLOCK", "POINTER": "POINTER_VAR",
        "TABLE": "TABLE_STATEMENT",
        "WATCH": "WATCH", "LINEAR": "LINEAR_BLOCK", "NONLINEAR": "NON_LINEAR_BLOCK",
        "FUNCTION_TABLE": "FUNCTION_TABLE_BLOCK", "BEFORE": "BEFORE_BLOCK",
        "LONGITUDINAL_DIFFUSION": "LON_DIFFUSE", "RANDOM": "RANDOM_VAR",
    }  # fmt: skip
    return (name for name, kind in kinds.items() if read.all(kind))


def _number(node: Any) -> float:
    return float(node.value.eval()) if node.value is not None else 0.0


def main(paths: Sequence[str]) -> None:
    """Print a line of JSON for each file."""
    for path in paths:
        try:
            said, computes = facts(Reader(Path(path)))
            row: dict[str, Any] = {"facts": asdict(said), "equations": asdict(computes)}
        except Exception as error:  # what the parser says of a file is passed on
            row = {"error": str(error).strip().replace("\n", " ")[:400]}
        print(json.dumps({"path": path, **row}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
