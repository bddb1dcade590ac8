"""Valid files, changed: bytes, text as other programs write it, fields of tables, arrays."""

from __future__ import annotations

import copy
import io
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from dendmod.npz import arrays_of, npz_of

NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")
NUMBERS = (
    "nan", "NaN", "-nan", "inf", "-inf", "Infinity", "1e999", "-1e999", "1e308", "1e-320", "0",
    "-0.0", "-1", "1", "2", "3", "0.5", "1.000000", "1e0", "1,5", "0x10", "1_000", "99999999999",
    "9223372036854775808", "1e30", "-1e30", ".", "+", "1.2.3", "", "١", "1d3",
    "9" * 400, "9" * 5000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**400, 2, 0.5, -0.5, 1e308, -1e308, 1e-320, 10**30, float("nan"),
    float("inf"), "", "x", "nan", "1", "soma", [], {}, [1], [None], [[0, 1]], {"a": 1}, [0.0] * 50,
    "a" * 3000, "\x00", "ü", [True], "../../etc/passwd",
)  # fmt: skip
PIECES = ("\ufeff", "\0", "\x1b[0m", '"', "'", "(", ")", "[", "]", "{", "}", ",", ",,", "#", ";",
          ":", "=", "\\", "\n", "\t", "\r", "\x0c", "é", "😀", "\u2028", "-", "e", "//", "/*", "*/",
          "-->", "$", "%s", "COMMENT\n", "ENDCOMMENT")  # fmt: skip
_MOST = 3  # changes of one file


def changed_bytes(raw: bytes, rng: Random) -> bytes:
    """Return bytes with some flipped, left out, put in, doubled, or cut off."""
    data = bytearray(raw)
    for _ in range(rng.randint(1, _MOST)):
        at = rng.randrange(len(data) + 1)
        size = min(rng.choice((1, 1, 2, 4, 8, 64)), len(data))
        match rng.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(data):
                data[at] = rng.choice((0, 0xFF, 0x7F, rng.randrange(256)))
            case 2:
                del data[at : at + size]
            case 3:
                data[at:at] = rng.randbytes(size)
            case 4:
                data[at:at] = data[at : at + size]
            case 5:
                data[at : at + size] = bytes(size)
            case 6 if rng.random() < 0.3:
                del data[at:]
    return bytes(data)


def changed_text(raw: bytes, rng: Random) -> bytes:
    """Return a text with numbers, words or lines changed, then as another program writes it."""
    text = raw.decode("utf-8", "replace")
    for _ in range(rng.randint(1, _MOST)):
        text = rng.choice(_OF_TEXT)(text, rng)
    if rng.random() < 0.75:
        return text.encode("utf-8", "replace")
    return rng.choice(_WRITTEN)(text)


def _number(text: str, rng: Random) -> str:
    found = list(NUMBER.finditer(text))
    if not found:
        return text
    match = rng.choice(found)
    new = rng.choice(NUMBERS) if rng.random() < 0.8 else rng.choice(found)[0]
    return text[: match.start()] + new + text[match.end() :]


def _lines(text: str, rng: Random) -> str:
    lines = text.split("\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            del lines[i]
        case 1:
            lines.insert(j, lines[i])
        case 2:
            lines[i], lines[j] = lines[j], lines[i]
        case 3:
            lines[i] += rng.choice((" ", "\t", ",", " # a comment", " ; 1", " 1 2 3"))
        case 4:
            del lines[i:]
    return "\n".join(lines)


def _words(text: str, rng: Random) -> str:
    found = list(re.finditer(r"[A-Za-z_]\w*", text))
    if not found:
        return text
    match, other = rng.choice(found), rng.choice(found)[0]
    new = rng.choice((other, other, "", match[0].upper(), match[0] + "x", match[0][:-1]))
    return text[: match.start()] + new + text[match.end() :]


def _piece(text: str, rng: Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(PIECES) + text[at + rng.choice((0, 0, 1)) :]


_OF_TEXT: tuple[Callable[[str, Random], str], ...] = (_number, _number, _lines, _words, _piece)
_WRITTEN: tuple[Callable[[str], bytes], ...] = (
    lambda t: t.encode("utf-8-sig"),
    lambda t: t.replace("\n", "\r\n").encode(),
    lambda t: t.replace("\n", "\r").encode(),
    lambda t: t.encode("utf-16"),
    lambda t: t.replace(" ", "\t").encode(),
    lambda t: ("# Größe in µm\n" + t).encode("latin-1", "replace"),
    lambda t: t.rstrip("\n").encode(),
    lambda t: (t + "\x1a").encode(),
    lambda t: (t + "\0" * 40).encode(),
    lambda t: t.replace("\n", "\n\n").encode(),
    lambda t: t.replace(",", ", ,", 1).encode(),
    lambda t: (t + "[" * 20_000).encode(),
    lambda t: t.replace("[", "[" * 20_000, 1).encode(),
)


def changed_json(raw: bytes, rng: Random) -> bytes:
    """Return a JSON file with fields changed, left out, renamed or added."""
    table = json.loads(raw)
    if not isinstance(table, dict | list):
        raise ValueError("no table")
    for _ in range(rng.randint(1, _MOST)):
        places = list(_places(table))
        if not places:
            break
        holder, key = rng.choice(places)
        _change(holder, key, rng, places)
    return json.dumps(table).encode()


def _change(holder: Any, key: Any, rng: Random, places: list[tuple[Any, Any]]) -> None:
    value = holder[key]
    match rng.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice((f"{key}x", "", str(key).upper()))] = holder.pop(key)
        case 1:
            holder.insert(key, copy.deepcopy(value))
        case 2:
            other, place = rng.choice(places)
            try:
                holder[key] = copy.deepcopy(other[place])
            except (KeyError, IndexError):  # it was changed before
                holder[key] = None
        case 3 if isinstance(value, int | float):
            holder[key] = rng.choice((-value, value * 10**6, [value], str(value)[:40]))
        case _:
            holder[key] = copy.deepcopy(rng.choice(VALUES))


def _places(value: Any) -> Any:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in list(inner):
        yield value, key
        if isinstance(below, dict | list):
            yield from _places(below)


def changed_arrays(raw: bytes, rng: Random) -> bytes:
    """Return an npz file with arrays left out, renamed, or of other values, types and shapes."""
    arrays = arrays_of(io.BytesIO(raw))
    for _ in range(rng.randint(1, _MOST)):
        name = rng.choice(sorted(arrays))
        array = arrays[name]
        if array.dtype.kind == "U" and array.ndim == 0 and rng.random() < 0.8:
            arrays[name] = np.array(_changed_header(str(array), rng))
            continue
        match rng.randrange(5):
            case 0 if len(arrays) > 1:
                del arrays[name]
            case 1:
                arrays[name + "x"] = arrays.pop(name)
            case 2:
                arrays[name] = arrays[rng.choice(sorted(arrays))]
            case _:
                arrays[name] = changed_array(array, rng)
    return npz_of(arrays)


def _changed_header(text: str, rng: Random) -> str:
    try:
        if rng.random() < 0.8:
            return changed_json(text.encode(), rng).decode()
    except ValueError:  # it was changed before and is no JSON now
        pass
    return changed_text(text.encode(), rng).decode("utf-8", "replace")


def changed_array(array: np.ndarray, rng: Random) -> np.ndarray:
    """Return an array of other values, another type or another shape."""
    made = np.array(array)
    if rng.random() < 0.5 and made.size:
        odd = rng.choice((np.nan, np.inf, -1, 0, 1e308, -1e30, 0.5, 2**40, 300))
        if made.dtype.kind == "U":
            return np.array(odd)
        with np.errstate(all="ignore"):
            made = made.astype(float) if rng.random() < 0.5 else made
            values = np.array(odd).astype(made.dtype)
        made.reshape(-1)[rng.randrange(made.size)] = values
        return made
    with np.errstate(all="ignore"):
        match rng.randrange(7):
            case 0 if made.dtype.kind != "U":
                kinds = ("int8", "uint64", "float16", "complex64", "bool", "U3", "S2")
                return made.astype(rng.choice(kinds))
            case 1:
                return made[..., None]
            case 2:
                return made.reshape(-1)
            case 3:
                return made.T if made.ndim > 1 else made[:0].copy() if made.ndim else made
            case 4 if made.ndim:
                return made[:-1]
            case 5 if made.ndim:
                return np.concatenate([made, made])
            case _:
                return np.array(rng.choice((3.0, "text", True)))
