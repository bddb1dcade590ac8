"""Do imports point one way, and does importing dendmod stay light?"""

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import dendmod

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "dendmod"
ONLY_IMPORTER_OF_NEURON = "dendmod.engines.neuron.session"

# From the bottom to the top; a module imports from layers below its own, or from its own folder.
# docs/architecture.md draws the same picture.
LAYERS = (
    ("__init__",),  # the version
    ("errors",),
    ("arrays",),
    ("paths", "sources", "units", "rng", "npz", "texts", "atomic"),
    ("formats",),
    ("spec", "iocurve"),
    ("params", "morphology", "mechanisms"),
    ("network", "population"),
    ("engines",),
    ("cells",),
    ("sweep",),
    ("cells.imports",),
    ("exchange",),
    ("figure",),
    ("plotting",),
    ("study",),
    ("protocol",),
    ("reduction",),
    ("learning",),
    ("switching", "clustered", "neuromodulation"),
    ("explore",),
    ("papers",),
    ("cli",),
    ("fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "figS3"),
    ("__main__",),
)
LAYER_OF = {name: i for i, names in enumerate(LAYERS) for name in names}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """Names of all modules that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the import with its full name"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


IMPORTS = {module_name(path): imported(path) for path in sorted(PACKAGE.rglob("*.py"))}


def part(module: str) -> str:
    """Top-level part of dendmod that a module (or a name in it) belongs to."""
    pieces = module.split(".")
    for name in (".".join(pieces[1:3]), *pieces[1:2]):
        if name in LAYER_OF:
            return name
    return "__init__"


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("dendmod", "neuron torch numpy scipy matplotlib pandas pyarrow morphio pydantic"),
        ("dendmod.cli", "neuron torch numpy scipy matplotlib pandas pyarrow morphio pydantic"),
        ("dendmod.fig1", "neuron torch scipy matplotlib pandas morphio"),
        ("dendmod.study.command", "neuron torch scipy matplotlib pandas morphio"),
        ("dendmod.study.figure", "neuron torch matplotlib morphio"),
        ("dendmod.papers.wybo2022.fig1.figure", "neuron torch morphio"),
        ("dendmod.fig3", "neuron torch sklearn matplotlib"),
        ("dendmod.fig6", "neuron torch sklearn matplotlib"),
        ("dendmod.papers.wybo2022.fig3.figure", "neuron torch sklearn"),
        ("dendmod.papers.wybo2022.fig4.figure", "neuron torch sklearn deap"),
        ("dendmod.papers.wybo2022.fig6.figure", "neuron torch sklearn umap"),
        ("dendmod.learning", "neuron torch sklearn numpy matplotlib umap deap"),
    ],
)
def test_importing_loads_nothing_heavy_and_prints_nothing(module, heavy):
    done = run_python(
        f"import sys; import {module}; loaded = set({heavy.split()}) & set(sys.modules); "
        "sys.exit(f'loaded: {sorted(loaded)}') if loaded else None"
    )
    assert done.stdout == ""
    assert done.stderr == ""


def test_every_public_package_is_there_without_loading_an_engine():
    """`import dendmod; dendmod.network` needs no further import; papers, doors and the rest do."""
    inner = {"arrays", "atomic", "npz", "texts", "paths", "papers", "cli", "figure", "__main__"}
    doors = {path.stem for path in PACKAGE.glob("fig*.py")}
    parts = {name.split(".")[1] for name in IMPORTS if "." in name} - inner - doors
    assert parts == set(dendmod._PACKAGES)
    assert parts <= set(dir(dendmod))
    run_python(
        "import sys, dendmod; "
        f"[getattr(dendmod, name).__name__ for name in {sorted(parts)}]; "
        "loaded = {'neuron', 'torch', 'sklearn', 'morphio'} & set(sys.modules); "
        "sys.exit(f'loaded: {sorted(loaded)}') if loaded else None"
    )


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'netwrok'"):
        dendmod.netwrok  # noqa: B018


def test_every_module_has_a_layer():
    unknown = {name.split(".")[1] for name in IMPORTS if "." in name} - set(LAYER_OF)
    assert not unknown, f"put {sorted(unknown)} into LAYERS and into docs/architecture.md"


# dendmod itself names the public API for type checkers; it fetches it lazily, as tested above
@pytest.mark.parametrize("module", sorted(set(IMPORTS) - {"dendmod"}))
def test_imports_point_down(module):
    own = part(module)
    for target in sorted(IMPORTS[module]):
        if target.split(".")[0] != "dendmod" or part(target) == own:
            continue
        assert LAYER_OF[part(target)] < LAYER_OF[own], f"{module} imports {target} from above"


def test_the_page_of_the_architecture_names_every_part():
    page = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    parts -= {"__init__", "__main__", "__pycache__", "_data"}
    assert len(parts) <= 40, "that many rooms confuse; put what belongs together into one"
    missing = [part for part in sorted(parts) if f"`{part}`" not in page]
    assert not missing, f"say in docs/architecture.md what is in {missing}"


def test_one_file_imports_neuron():
    """And one its parser, which it asks in a process of its own."""
    importers = {
        m: {n for n in names if n.split(".")[0] == "neuron"} for m, names in IMPORTS.items()
    }
    parser = importers.pop("dendmod.mechanisms.syntax")
    assert {n.rpartition(".")[0] for n in parser} == {"neuron.nmodl"}
    assert {m for m, found in importers.items() if found} == {ONLY_IMPORTER_OF_NEURON}


def test_nothing_imports_the_papers():
    for module, names in IMPORTS.items():
        if not module.startswith("dendmod.papers"):
            assert not any(name.startswith("dendmod.papers") for name in names), module


def test_a_paper_imports_no_other_paper():
    for module, names in IMPORTS.items():
        if module.startswith("dendmod.papers."):
            own = ".".join(module.split(".")[:3])
            other = [n for n in names if n.startswith("dendmod.papers.") and not n.startswith(own)]
            assert not other, (module, other)


def test_what_a_sweep_runs_imports_no_picture():
    """A result is made again when anything that its module imports has changed."""
    from dendmod.sweep.fingerprint import closure

    tasks = [m for m in IMPORTS if m.rpartition(".")[2].startswith("tasks")]
    assert len(tasks) > 5
    for module in tasks:
        drawn = [m for m in closure(module) if "plot" in m or m.endswith((".figure", ".claims"))]
        assert not drawn, (module, drawn)


@pytest.mark.parametrize("package", [dendmod, dendmod.clustered, dendmod.learning])
def test_no_name_that_is_fetched_lazily_is_that_of_a_module_beside_it(package):
    """Importing the module would put it in the place of the name."""
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert not modules & set(package._WHERE)
