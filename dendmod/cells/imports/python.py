"""Cells that a function of a Python file builds."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from dendmod.errors import SpecError, did_you_mean


def file_and_function(text: str) -> tuple[Path, str]:
    """Return file and function of ``file.py:function``.

    Raises
    ------
    SpecError
        If the text is another, or there is no such file.
    """
    file, colon, function = text.rpartition(":")
    if not colon or not function.isidentifier():
        raise SpecError(f"{text!r} names no function of a file; write file.py:function")
    if not Path(file).is_file():
        raise SpecError(f"there is no Python file {file}")
    return Path(file), function


def instantiate(file: str, function: str, args: dict[str, Any]) -> Any:
    """Call a function of a Python file and return what it gives, live.

    Raises
    ------
    SpecError
        If the file or the function fails, or there is no such function.
    """
    sys.path.insert(0, str(Path(file).parent))
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    if spec is None or spec.loader is None:
        raise SpecError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SpecError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(getattr(module, function, None)):
        own = [name for name, value in vars(module).items() if callable(value)]
        raise SpecError(
            f"{file} has no function {function!r}."
            + (did_you_mean(function, own) if own else " It has none")
        )
    try:
        return getattr(module, function)(**args)
    except Exception as error:
        raise SpecError(f"{file}:{function} failed: {type(error).__name__}: {error}") from error
