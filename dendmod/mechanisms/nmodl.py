"""What a .mod file says, read by NEURON's own parser (`neuron.nmodl`).

The parser comes with NEURON and importing it starts NEURON, which a process that only reads
specifications should not do: `facts_of` asks a process of its own, once for each content of a file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from dendmod.atomic import replacing
from dendmod.errors import MechanismError
from dendmod.paths import cache_dir

_BY_NEURON = ("v", "celsius", "diam", "area", "dt", "t", "pi", "FARADAY", "R")
_GEOMETRY = ("diam", "area")


Kind = Literal["density", "point", "artificial"]


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
        those that are one for the process.
    variables
        Other RANGE variables.
    ions
        As `Ion`.
    currents
        Names of all currents that it adds to the membrane, ionic ones among them.
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
    paths = [Path(path).resolve() for path in paths]
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    places = {
        path: cache_dir()
        / "nmodl"
        / version
        / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.json"
        for path in paths
    }
    missing = [path for path, place in places.items() if not place.is_file()]
    if missing:
        for path, table in _parsed_elsewhere(missing).items():
            if "error" in table:
                raise MechanismError(f"{path}: {table['error']}")
            with replacing(places[path]) as partial:
                partial.write_text(json.dumps(table), encoding="utf-8")
    return {
        path: Facts.of(json.loads(place.read_text(encoding="utf-8")))
        for path, place in places.items()
    }


def _parsed_elsewhere(paths: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", __name__, *map(str, paths)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=os.path.dirname(os.path.abspath(sys.executable)),  # no ./x86_64 to load
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(os.path.abspath(p) for p in sys.path if p),
        },
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"path"')]
    found = {Path(row.pop("path")): row for row in map(json.loads, lines)}
    lost = [path for path in paths if path not in found]
    if lost:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MechanismError(f"NEURON's parser stopped at {lost[0]}: {said}")
    return found


class Reader:
    """The syntax tree of one file."""

    def __init__(self, path: Path) -> None:
        from neuron.nmodl import NmodlDriver, ast, dsl, visitor

        self._types, self._text = ast.AstNodeType, dsl.to_nmodl
        self._look = visitor.AstLookupVisitor()
        self.tree = NmodlDriver().parse_string(path.read_text(encoding="utf-8", errors="replace"))

    def all(self, kind: str, within: Any = None) -> list[Any]:
        """Return all nodes of a kind, such as "BINARY_EXPRESSION"."""
        node = self.tree if within is None else within
        return list(self._look.lookup(node, getattr(self._types, kind)))

    def text(self, node: Any) -> str:
        """Return the text of a node."""
        return str(self._text(node)).strip()

    def names(self, kind: str, within: Any = None) -> list[str]:
        """Return the names of all nodes of a kind."""
        return [self.text(node) for node in self.all(kind, within)]

    def facts(self) -> Facts:
        """Return what the file says.

        Raises
        ------
        MechanismError
            If it names no mechanism.
        """
        suffix, kind = self._named()
        defined = {p.get_node_name(): p for p in self.all("PARAM_ASSIGN")}
        ranges = set(self.names("RANGE_VAR"))
        ions = tuple(self._ion(node) for node in self.all("USEION"))
        own = {v for ion in ions for v in (*ion.reads, *ion.writes)} | set(_BY_NEURON)
        values = {
            name: (name, _number(p), self.text(p.unit) if p.unit is not None else "")
            for name, p in defined.items()
            if name not in own
        }
        written = [v for ion in ions for v in ion.writes if v == f"i{ion.name}"]
        currents = (
            *written, *self.names("NONSPECIFIC_CUR_VAR"), *self.names("ELECTRODE_CUR_VAR"),
        )  # fmt: skip
        forms = [self._form(current) for current in currents]
        maximal = dict.fromkeys(
            name for form in forms for name in form[0] if name in values and name in ranges
        )
        ohmic = forms[0] if len(forms) == 1 else ((), "", "")
        used = {name for block in self._code() for name in self.names("NAME", block)}
        used |= {word for text in self.names("VERBATIM") for word in re.findall(r"\w+", text)}
        return Facts(
            suffix=suffix,
            kind=kind,
            parameters=tuple(v for name, v in values.items() if name in ranges),
            globals=tuple(v for name, v in values.items() if name not in ranges),
            variables=tuple(sorted(ranges - set(values))),
            ions=ions,
            currents=tuple(dict.fromkeys(currents)),
            maximal=tuple(maximal),
            conductance=ohmic[1],
            reversal=ohmic[2],
            states=tuple(
                n.get_node_name() for block in self.all("STATE_BLOCK")
                for n in self.all("ASSIGNED_DEFINITION", block)
            ),
            reads=tuple(name for name in ("v", "celsius", *_GEOMETRY) if name in used),
            blocks=tuple(self._blocks()),
            weight_unit=self._weight_unit(),
        )  # fmt: skip

    def _weight_unit(self) -> str:
        for block in self.all("NET_RECEIVE_BLOCK"):
            for argument in block.parameters:
                return self.text(argument.unit) if argument.unit is not None else ""
        return ""

    def _code(self) -> list[Any]:
        """Return the blocks that compute; what old files declare and never use is not in them."""
        kinds = (
            "INITIAL_BLOCK", "BREAKPOINT_BLOCK", "DERIVATIVE_BLOCK", "KINETIC_BLOCK",
            "LINEAR_BLOCK", "NON_LINEAR_BLOCK", "DISCRETE_BLOCK", "PROCEDURE_BLOCK",
            "FUNCTION_BLOCK", "NET_RECEIVE_BLOCK", "BEFORE_BLOCK", "AFTER_BLOCK",
            "CONSTRUCTOR_BLOCK",
        )  # fmt: skip
        return [block for kind in kinds for block in self.all(kind)]

    def _named(self) -> tuple[str, Kind]:
        kinds: dict[str, Kind] = {
            "SUFFIX": "density",
            "POINT_PROCESS": "point",
            "ARTIFICIAL_CELL": "artificial",
        }
        for node in self.all("SUFFIX"):
            word, _, name = self.text(node).partition(" ")
            return name.strip(), kinds[word]
        raise MechanismError("no SUFFIX or POINT_PROCESS in a NEURON block; is this a .mod file?")

    def _ion(self, node: Any) -> Ion:
        name = self.text(node).split()[1]
        return Ion(
            name,
            tuple(self.names("READ_ION_VAR", node)),
            tuple(self.names("WRITE_ION_VAR", node)),
        )

    def _blocks(self) -> Iterator[str]:
        kinds = {
            "KINETIC": "KINETIC_BLOCK", "DERIVATIVE": "DERIVATIVE_BLOCK", "VERBATIM": "VERBATIM",
            "NET_RECEIVE": "NET_RECEIVE_BLOCK", "POINTER": "POINTER_VAR",
            "TABLE": "TABLE_STATEMENT",
            "WATCH": "WATCH", "LINEAR": "LINEAR_BLOCK", "NONLINEAR": "NON_LINEAR_BLOCK",
            "FUNCTION_TABLE": "FUNCTION_TABLE_BLOCK", "BEFORE": "BEFORE_BLOCK",
            "LONGITUDINAL_DIFFUSION": "LON_DIFFUSE", "RANDOM": "RANDOM_VAR",
        }  # fmt: skip
        return (name for name, kind in kinds.items() if self.all(kind))

    def _assigned(self) -> dict[str, Any]:
        """Return the last expression assigned to each name, in BREAKPOINT before other blocks."""
        blocks = [*self.all("PROCEDURE_BLOCK"), *self.all("FUNCTION_BLOCK"),
                  *self.all("BREAKPOINT_BLOCK")]  # fmt: skip
        found = {}
        for block in blocks:
            for node in self.all("BINARY_EXPRESSION", block):
                if str(node.op) == "=":
                    found[self.text(node.lhs)] = node.rhs
        return found

    def _form(self, current: str) -> tuple[tuple[str, ...], str, str]:
        """Return the names a current is a product of, and g and e where it is ``g*(v - e)``."""
        assigned = self._assigned()
        if current not in assigned:
            return (), "", ""
        names, _ = self._factors(assigned[current], assigned, set())
        direct, others = self._factors(assigned[current], {}, set())
        reversal = conductance = ""
        if len(others) == 1 and others[0].is_binary_expression() and str(others[0].op) == "-":
            left, right = self.text(others[0].lhs), self.text(others[0].rhs)
            if left == "v" and right.isidentifier():
                reversal = right
                conductance = direct[0] if len(direct) == 1 else ""
        return tuple(names), conductance, reversal

    def _factors(
        self, node: Any, assigned: dict[str, Any], seen: set[str]
    ) -> tuple[list[str], list[Any]]:
        """Return the names and the other expressions that an expression is a product of."""
        while node.is_wrapped_expression() or node.is_paren_expression():
            node = node.expression
        if node.is_binary_expression() and str(node.op) in ("*", "/"):
            names, others = self._factors(node.lhs, assigned, seen)
            if str(node.op) == "*":
                more, rest = self._factors(node.rhs, assigned, seen)
                return names + more, others + rest
            return names, others if _is_number(self.text(node.rhs)) else [*others, node.rhs]
        if node.is_unary_expression():
            return self._factors(node.expression, assigned, seen)
        text = self.text(node)
        if text.isidentifier():
            if text in assigned and text not in seen:
                inner, rest = self._factors(assigned[text], assigned, seen | {text})
                return [text, *inner], rest
            return [text], []
        if node.is_number() or _is_number(text):
            return [], []
        return [], [node]


def _is_number(text: str) -> bool:
    try:
        float(text.partition("(")[0])
    except ValueError:
        return False
    return True


def _number(node: Any) -> float:
    return float(node.value.eval()) if node.value is not None else 0.0


def main(paths: Sequence[str]) -> None:
    """Print a line of JSON for each file."""
    for path in paths:
        try:
            row: dict[str, Any] = asdict(Reader(Path(path)).facts())
        except Exception as error:  # what the parser says of a file is passed on
            row = {"error": str(error).strip().replace("\n", " ")[:400]}
        print(json.dumps({"path": path, **row}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
