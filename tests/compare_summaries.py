"""Are the numbers of two folders of results equal? ``python -m tests.compare_summaries A B``

Every number, text and list in each summary.json below A has to stand in the summary.json of the
same folder below B, equal to the last digit. What B says more is not looked at. Versions and hashes
differ by their nature; words such as verdicts are listed but do not count.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NOT_RESULTS = ("versions", "provenance")
_WORDS = ("verdict", "schema", "agreeing")


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the place and the value of every leaf of a JSON document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NOT_RESULTS:
                yield from leaves(inner, f"{place}/{key}")
    elif isinstance(value, list):
        yield f"{place}/#", len(value)
        for k, inner in enumerate(value):
            yield from leaves(inner, f"{place}/{k}")
    else:
        yield place, value


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[list[str], list[str], int]:
    """Return what differs in numbers, what in words, and how many leaves were looked at."""
    now = dict(leaves(after))
    numbers, words, n = [], [], 0
    for place, value in leaves(before):
        n += 1
        if place in now and now[place] == value:
            continue
        text = f"{place}: {value!r} -> {now.get(place, 'not there')!r}"
        (words if place.rpartition("/")[2] in _WORDS else numbers).append(text)
    return numbers, words, n


def main() -> int:
    """Compare; return 1 if a number differs."""
    first, second = (Path(name) for name in sys.argv[1:3])
    found = False
    for path in sorted(first.rglob("summary.json")):
        name = path.relative_to(first)
        other = second / name
        if not other.exists():
            print(f"{name.parent}: not there")
            found = True
            continue
        pair = (json.loads(p.read_text()) for p in (path, other))
        numbers, words, n = differences(*pair)
        print(f"{name.parent}: {n} values, {len(numbers)} differ; {len(words)} words differ")
        for line in (*numbers[:20], *(f"(word) {w}" for w in words)):
            print(f"  {line}")
        found = found or bool(numbers)
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
