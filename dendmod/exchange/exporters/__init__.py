"""Write the fitted curves of a file for other programs, one module a program."""

from __future__ import annotations

import importlib
from pathlib import Path

from dendmod.atomic import replacing
from dendmod.errors import ExchangeError, did_you_mean
from dendmod.exchange.load_io import IOFile

# program -> ending of the file; dendmod.exchange.exporters.NAME.render makes its content
PROGRAMS = {
    "numpy": ".py",
    "torch": ".py",
    "onnx": ".onnx",
    "nest": ".py",
    "tvb": ".py",
    "lems": ".xml",
}


def export(io: IOFile, to: str, out: Path, model: str | None = None) -> Path:
    """Write the curves of one fit for a program; return the file written.

    Parameters
    ----------
    io
        A file read by `dendmod.exchange.read_io`.
    to
        One of `PROGRAMS`.
    out
        File to write; its ending is that of `PROGRAMS`.
    model
        Which fit; the default of the file if None.

    Raises
    ------
    ExchangeError
        If the program is unknown, the ending is another, what the export needs is not installed,
        or the program cannot express a curve.
    """
    if to not in PROGRAMS:
        raise ExchangeError(f"cannot export to {to!r}." + did_you_mean(to, PROGRAMS))
    if out.suffix != PROGRAMS[to]:
        raise ExchangeError(f"{out}: the file for {to} must end in {PROGRAMS[to]}")
    if model is not None and model not in io.fits:
        raise ExchangeError(f"{io.name}: no fit {model!r}." + did_you_mean(model, io.fits))
    render = importlib.import_module(f"dendmod.exchange.exporters.{to}").render
    content = render(io, io.fit(model))
    with replacing(out) as partial:
        partial.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return out
