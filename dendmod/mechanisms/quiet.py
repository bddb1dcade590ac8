"""Parameters that switch all currents of a mechanism off, proved from its equations."""

from __future__ import annotations

from collections.abc import Sequence

from dendmod.mechanisms.algebra import reached
from dendmod.mechanisms.equations import CHOICE, Assign, Equations, Operation
from dendmod.mechanisms.evaluate import value_of
from dendmod.mechanisms.syntax import Reader
from dendmod.mechanisms.writing import WHAT


def quiet_with(
    read: Reader, equations: Equations, currents: Sequence[str], ranged: Sequence[str]
) -> tuple[tuple[str, float], ...]:
    """Return parameters with the values at which no current is ever assigned; () if there are none.

    A current that is given a value in one place alone, within an `if` of BREAKPOINT whose test
    reads parameters only and fails at their defaults, stays at the 0 that it starts from as long
    as they have these values.

    Parameters
    ----------
    currents
        Its currents.
    ranged
        Parameters that a cell may set, which alone may be in the test.

    Notes
    -----
    A current that is read as well starts from what was carried before. That is 0 for a mechanism
    that writes a concentration: NEURON runs it before all channels. Only of such ones is this used.
    """
    if any(refusal.reason != WHAT["SOLVE_BLOCK"] for refusal in equations.refusals):
        return ()
    values = dict(equations.values)
    given = {s.name: s.value for s in equations.breakpoint if isinstance(s, Assign)}
    everywhere = [
        read.text(node.lhs) for node in read.all("BINARY_EXPRESSION") if str(node.op) == "="
    ]
    found: set[str] = set()
    for current in currents:
        value = given.get(current)
        if not isinstance(value, Operation) or value.op != CHOICE:
            return ()
        test, _, otherwise = value.args
        names = reached(test, given)
        used = names - set(given)
        if otherwise != current or everywhere.count(current) != 1 or not used <= set(ranged):
            return ()
        around = {name: values[name] for name in used}
        for name in (name for name in given if name in names):  # in the order of the file
            around[name] = value_of(given[name], around)
        if value_of(test, around):
            return ()
        found |= used
    return tuple((name, values[name]) for name in sorted(found))
