"""What a stored result depends on besides its payload: the code that made it, and what that used.

The code is found from the task's function: its module, every module of the same package that this
one imports, wherever in the file, and so on (imports for type checkers alone do not count), with
each C source or data file that such a module names and that lies beside it. Nobody keeps a list.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from dendmod.errors import SweepError

_OWN = "dendmod"
_LOADS_MECHANISMS = "dendmod.mechanisms.loading"
# they draw, tabulate, schedule or talk, and compute no number of a result
_NOT_COMPUTING = {"distributed", "matplotlib", "pandas", "pyarrow", "tqdm", "typer",
                  "xarray"}  # fmt: skip
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "umap": "umap-learn", "mpl_toolkits": "matplotlib"}


def fingerprint(
    function: str, payload: Mapping[str, Any] | None = None, depends: str | None = None
) -> dict[str, str]:
    """Return what the results of a task depend on besides its payload.

    Parameters
    ----------
    function
        ``"package.module:name"``, or a module alone.
    payload, depends
        Those of the task; see `dendmod.sweep.Task`.

    Returns
    -------
    dict
        ``python`` and each package that the code imports with their versions, ``code``, the hash of
        the sources, ``mechanisms``, that of the compiled library, where NEURON runs, and what
        `depends` says of files that the payload names.
    """
    module = function.partition(":")[0]
    facts = dict(_of_module(module))
    _stamps(module)
    if _LOADS_MECHANISMS in closure(module):
        from dendmod.mechanisms.loading import identity

        facts["mechanisms"] = identity()
    if depends is not None:
        facts |= resolve_function(depends)(**(payload or {}))
    return facts


def resolve_function(name: str) -> Callable[..., dict[str, Any]]:
    """Return the function that ``"package.module:name"`` names."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SweepError(f"there is no function {name!r}: {error}") from None


def as_text(facts: Mapping[str, str]) -> str:
    """Return a fingerprint as one text, the same for equal ones."""
    return json.dumps(dict(facts), sort_keys=True)


def check_same(expected: str, function: str, payload: dict[str, Any], depends: str | None) -> None:
    """Refuse to run a task on a machine that would compute something else (called there).

    Raises
    ------
    SweepError
        Naming each version or hash that differs.
    """
    there, here = json.loads(expected), fingerprint(function, payload, depends)
    differ = [
        f"{name} {here.get(name)} instead of {there.get(name)}"
        for name in sorted({*there, *here})
        if here.get(name) != there.get(name)
    ]
    if differ:
        raise SweepError(
            f"the worker on {platform.node()} has {', '.join(differ)}. Give it the environment "
            "and the files of the machine that started the sweep"
        )


@cache
def versions(module: str) -> dict[str, str]:
    """Return the versions of dendmod, Python and the packages that a module and its imports use."""
    return {name: value for name, value in _of_module(module) if name != "code"}


@cache
def code_hash(module: str) -> str:
    """Return the SHA-256 of the sources that a module is made of."""
    found = hashlib.sha256()
    for path in sources(module):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


@cache
def sources(module: str) -> tuple[Path, ...]:
    """Return the files that a module is made of: all modules of `closure`, and what they read."""
    files: dict[Path, None] = {}
    for path in closure(module).values():
        files |= dict.fromkeys((path, *_read_beside(path)))
    return tuple(files)


@cache
def _stamps(module: str) -> tuple[tuple[int, int], ...]:
    return _stamps_now(module)


def _stamps_now(module: str) -> tuple[tuple[int, int], ...]:
    found = (path.stat() for path in sources(module))
    return tuple((stat.st_mtime_ns, stat.st_size) for stat in found)


def as_it_was(function: str) -> bool:
    """Whether no file of a function's code was written since its fingerprint was first taken.

    A process that starts later would run other code than that by whose hash its result is stored.
    """
    module = function.partition(":")[0]
    try:
        return _stamps_now(module) == _stamps(module)
    except OSError:
        return False


@cache
def closure(module: str) -> dict[str, Path]:
    """Return a module and all that it imports from its own package and dendmod, with their files.

    A module that is built into Python or compiled has none; versions stand for its code.

    Raises
    ------
    SweepError
        If there is no such module.
    """
    packages = {_OWN, module.partition(".")[0]}
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name.partition(".")[0] not in packages:
            continue
        path = _file_of(name)
        if path is None:  # a name in a module, not a module
            continue
        found[name] = path
        parents = name.split(".")[:-1]
        waiting += [".".join(parents[: k + 1]) for k in range(len(parents))]
        waiting += _imported(path, name)
    if module not in found and not _without_source(module):
        raise SweepError(f"there is no module {module!r} whose code could be hashed")
    return dict(sorted(found.items()))


def _without_source(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


@cache
def _of_module(module: str) -> tuple[tuple[str, str], ...]:
    from dendmod import __version__

    own = {_OWN, module.partition(".")[0]}
    packages = {
        name.partition(".")[0]
        for file_name, path in closure(module).items()
        for name in _imported(path, file_name)
    }
    facts = {_OWN: __version__, "python": platform.python_version(), "code": code_hash(module)}
    for package in sorted(packages - own - set(sys.stdlib_module_names) - _NOT_COMPUTING):
        facts[package] = _version(package)
    return tuple(facts.items())


def _version(package: str) -> str:
    try:
        return version(_DISTRIBUTIONS.get(package, package))
    except PackageNotFoundError:
        pass
    for name in packages_distributions().get(package, ()):
        return version(name)
    return "not installed"


@cache
def _file_of(module: str) -> Path | None:
    """Return the file of a module, without importing what is not imported yet."""
    top, *rest = module.split(".")
    loaded = sys.modules.get(top)
    origin = getattr(loaded, "__file__", None)
    if origin is None:
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            return None
        origin = spec.origin if spec is not None else None
    if origin is None or not origin.endswith(".py"):
        return None
    place = Path(origin)
    for name in rest:
        if place.name != "__init__.py":
            return None
        inner = place.parent / name
        place = inner / "__init__.py" if (inner / "__init__.py").is_file() else inner
        if place is inner:
            place = inner.with_name(f"{name}.py")
    return place if place.is_file() else None


@cache
def _imported(path: Path, module: str) -> tuple[str, ...]:
    """Return all names that a file imports at run time; of ``from a import b`` both a and a.b."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: dict[str, None] = {}
    for node in _at_run_time(_tree(path)):
        if isinstance(node, ast.Import):
            names |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            names |= dict.fromkeys((base, *(f"{base}.{alias.name}" for alias in node.names)))
        elif isinstance(node, ast.Call) and _is_import_call(node):
            names |= {node.args[0].value: None}  # type: ignore[attr-defined]
    return tuple(names)


def _is_import_call(node: ast.Call) -> bool:
    called = (
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    )
    first = node.args[0] if node.args else None
    return (
        called == "import_module"
        and isinstance(first, ast.Constant)
        and isinstance(first.value, str)
    )


def _at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, without what stands under ``if TYPE_CHECKING``."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _read_beside(path: Path) -> Iterator[Path]:
    """Yield the files beside a module that a text in it names; of a folder all files in it."""
    for node in ast.walk(_tree(path)):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        text = node.value
        if not text or len(text) > 100 or "\n" in text or text.strip("./") != text:
            continue
        place = path.parent / text
        try:
            if place.is_file() and place.suffix != ".py":
                yield place
            elif place.is_dir() and not (place / "__init__.py").exists():
                yield from sorted(p for p in place.rglob("*") if p.is_file())
        except OSError:
            continue


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def forget() -> None:
    """Forget what was read of sources, which are otherwise read once a process."""
    for cached in (versions, code_hash, sources, closure, _of_module, _stamps, _file_of, _imported,
                   _tree):  # fmt: skip
        cached.cache_clear()
