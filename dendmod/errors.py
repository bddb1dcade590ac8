"""Every error that dendmod raises on purpose.

A message says what was given, what is allowed and what to do; `DendmodError` also is a
`ValueError` where the input was at fault, so that ``except ValueError`` works as users expect.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NAMED = 10  # runs that an error names
_ALLOWED = 60  # names that are listed where another was given
_WORD = 200  # characters of a name that is not known


class DendmodError(Exception):
    """Base of all errors raised on purpose by dendmod."""


class SpecError(DendmodError, ValueError):
    """A specification, protocol file or argument is not allowed."""


class MorphologyError(DendmodError, ValueError):
    """A morphology file or array cannot be a neuron."""


class MorphologyWarning(UserWarning):
    """A morphology can be read, but its sizes are not those of a neuron in um."""


class MechanismError(DendmodError):
    """A mechanism is unknown, or its library cannot be built or loaded."""


class EngineError(DendmodError, RuntimeError):
    """A simulation could not be run, or ran into numbers that are not finite."""


class UnsupportedByEngine(EngineError):
    """The engine cannot run this specification unedited."""


class OutOfReach(EngineError):
    """A potential left the range that the kernel's tables reach over.

    Parameters
    ----------
    message
        What is told.
    lanes
        Which trials of those that ran together left it.
    """

    def __init__(self, message: str, lanes: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.lanes = tuple(lanes)


class CacheError(DendmodError, OSError):
    """The folder of what is compiled or downloaded once cannot be written."""


class SweepError(DendmodError, RuntimeError):
    """Runs of a sweep failed, or its stored results cannot be trusted.

    Where single runs failed, `.failed` says why and `.results` holds the rest, both by key.
    """

    failed: Mapping[str, str] = {}
    results: Mapping[str, Any] = {}

    @classmethod
    def of_runs(
        cls, failed: Mapping[str, str], results: Mapping[str, Any], store: Path
    ) -> SweepError:
        """Return the error of a sweep in which some runs failed."""
        named = [f"{key}: {error}" for key, error in list(failed.items())[:_NAMED]]
        if len(failed) > _NAMED:
            named.append(f"and {len(failed) - _NAMED} more")
        lines = "\n  ".join(named)
        n = len(failed) + len(results)
        error = cls(
            f"{len(failed)} of {n} runs failed:\n  {lines}\nTracebacks are in "
            f"{store / 'ledger.sqlite'} (table failure); finished runs are kept."
        )
        error.failed, error.results = failed, results
        return error


class ExchangeError(DendmodError, ValueError):
    """A file of IO curves cannot be read, or a program cannot say what is to be exported."""


class DownloadError(DendmodError, OSError):
    """A file could not be fetched, or is not the file that was expected."""


@contextmanager
def of_file(origin: str | Path) -> Iterator[None]:
    """Have every error of the block that its text is at fault for name the file."""
    try:
        yield
    except (SpecError, MorphologyError, MechanismError) as error:
        if str(origin) in str(error):
            raise
        raise type(error)(f"{origin}: {error}") from None


def did_you_mean(given: Any, allowed: Iterable[str]) -> str:
    """Return ``; did you mean 'x'? Allowed: a, b, c`` for a name that is not known."""
    names = sorted(allowed)
    if not names:
        return " None is there."
    word = str(given)[:_WORD]
    same = [name for name in names if name.lower() == word.lower()]
    near = same or difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    more = f" and {len(names) - _ALLOWED} more" if len(names) > _ALLOWED else ""
    return f"{hint} Allowed: {', '.join(names[:_ALLOWED])}{more}."
