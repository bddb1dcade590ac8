"""Values of units, such as ``(faraday) (coulomb)``, from NEURON's table of them."""

from __future__ import annotations

from functools import cache

from dendmod.mechanisms.toolchain import neuron_data


def ratio(of: str, in_units_of: str) -> float:
    """Return a unit in another, as a constant of a UNITS block asks for it.

    Raises
    ------
    ValueError
        If the table has no such unit, or this NEURON has no table beside it.
    """
    return _value(of) / _value(in_units_of)


@cache
def _table() -> dict[str, str]:
    data = neuron_data()
    if data is None:
        raise ValueError("this NEURON has no table of units beside it")
    rows = (data / "share" / "nmodl" / "nrnunits.lib").read_text(encoding="utf-8").splitlines()
    fields = (row.split(None, 1) for row in rows if not row.startswith("/"))
    return {row[0]: row[1] for row in fields if len(row) == 2}


def _value(text: str) -> float:
    """Return units side by side or with hyphens as a product; what follows a slash divides it."""
    value, power = 1.0, 1
    for word in text.replace("/", " / ").split():
        if word == "/":
            power = -1
        elif word[0].isdigit() or word[0] == ".":
            value *= _number(word) ** power
        elif not word.startswith("*"):  # *a* marks a unit that others are made of
            for name in filter(None, word.split("-")):
                value *= _named(name) ** power
    return value


def _number(word: str) -> float:
    top, bar, bottom = word.partition("|")
    if bar:
        return _number(top) / _number(bottom)
    for sign in "+-":  # an exponent needs no e in this table
        head, cut, tail = word.partition(sign)
        if cut and head[-1] not in "eE":
            return float(f"{head}e{sign}{tail}")
    return float(word)


def _named(word: str) -> float:
    name = word.rstrip("0123456789")
    power = int(word[len(name) :] or 1)
    for known in (name, name.removesuffix("s"), f"{name}-"):
        if known in _table():
            return _value(_table()[known]) ** power
    for row in _table():
        prefix = row.removesuffix("-")
        if row != prefix and name.startswith(prefix) and name != prefix:
            return float((_value(_table()[row]) * _named(name[len(prefix) :])) ** power)
    raise ValueError(f"NEURON's table of units has no {word!r}")
