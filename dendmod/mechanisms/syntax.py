"""The syntax tree of one .mod file, by NEURON's parser; its process alone imports this."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dendmod.mechanisms.included import source_lines

OF_PLACES = ("v", "celsius", "diam", "area", "dt", "t")  # NEURON gives them, whatever a file says
BY_NEURON = (*OF_PLACES, "pi", "FARADAY", "R")  # names that no specification sets


class Reader:
    """The syntax tree of one file."""

    def __init__(self, path: Path) -> None:
        from neuron.nmodl import NmodlDriver, ast, dsl, symtab, visitor

        self._types, self._text = ast.AstNodeType, dsl.to_nmodl
        self._look = visitor.AstLookupVisitor()
        lines = [(n, raw.decode("utf-8", errors="replace")) for n, raw in source_lines(path)]
        self.tree = NmodlDriver().parse_string("".join(text for _, text in lines))
        self._symbols, self._kinetic = symtab.SymtabVisitor, visitor.KineticBlockVisitor
        self._source, self._lines = _compact(lines)

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

    def place(self, text: str, after: int = 0) -> int:
        """Return where some text stands in the file, blanks and comments aside, or -1."""
        return self._source.find("".join(text.split()).lower(), max(after, 0))

    def line(self, place: int) -> int:
        """Return the line (1 is the first) of a place; 1 of no place."""
        return self._lines[place] if place >= 0 else 1

    def write_out_kinetics(self) -> None:
        """Turn KINETIC blocks into DERIVATIVE blocks with the same names."""
        self._symbols().visit_program(self.tree)
        self._kinetic().visit_program(self.tree)


def _compact(source: list[tuple[int, str]]) -> tuple[str, list[int]]:
    """Return a file without blanks and comments, and the line of each character.

    The parser keeps lines to itself; this finds what it returns, for messages alone.
    """
    out: list[str] = []
    lines: list[int] = []
    hidden = ""
    for number, raw in source:
        word = raw.strip().partition(" ")[0].upper()
        if hidden or word in ("COMMENT", "TITLE"):
            hidden = "" if word in ("ENDCOMMENT", "TITLE") else "COMMENT"
            continue
        text = "".join(raw.partition(":")[0].partition("?")[0].split()).lower()
        out.append(text)
        lines += [number] * len(text)
    return "".join(out), [*lines, source[-1][0] if source else 1]
