"""Do the pages hold together: links, the index, pictures, lines, the commands and modules named?"""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dendmod.cli import app
from dendmod.study.registry import figures

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
WIDEST = 110  # characters of a line outside tables, code and records
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", re.M | re.S)
HEADING = re.compile(r"^#+ +(.*)$", re.M)
CODE = re.compile(r"^```.*?^```$", re.M | re.S)
FIGURE = re.compile(r"(?:dendmod figure |`)((?:wybo|wyrick|shine)\d+/[a-z]\w*)")
COMMAND = re.compile(r"^dendmod (\w+)|^\| `dendmod (\w+)", re.M)
MODULE = re.compile(r"automodule:: (\S+)|python -m ([\w.]+)")
INDEXES = {page: page.parent for page in (DOCS / "index.md", DOCS / "reference" / "index.md")}
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
LINKED = [*PAGES, REPOSITORY / "README.md"]


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def prose(path: Path) -> str:
    """Return a page without its blocks of code."""
    return CODE.sub("", path.read_text("utf-8"))


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as MyST and GitHub make them."""
    headings = HEADING.findall(prose(path))
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_links_lead_somewhere(page):
    broken = []
    for target in LINK.findall(prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert not broken


def test_every_page_is_in_an_index():
    listed = {
        (folder / entry.strip()).with_suffix(".md")
        for index, folder in INDEXES.items()
        for block in TOCTREE.findall(index.read_text("utf-8"))
        for entry in block.splitlines()
        if entry.strip() and not entry.startswith((":", "auto_gallery/"))  # made by `make docs`
    }
    assert listed == set(PAGES) - {DOCS / "index.md"}


@pytest.mark.parametrize("page", [p for p in PAGES if p.parent.name != "records"], ids=name)
def test_lines_are_not_too_long(page):
    long = [
        line
        for line in prose(page).splitlines()
        if len(line) > WIDEST and not line.lstrip().startswith(("|", "!["))
    ]
    assert not long


def test_every_picture_is_shown():
    shown = {
        (page.parent / target).resolve() for page in LINKED for target in LINK.findall(prose(page))
    }
    assert set((DOCS / "pictures").glob("*.png")) <= shown


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_figures_and_commands_that_a_page_names_exist(page):
    text = page.read_text("utf-8")
    shown = "\n".join([*CODE.findall(text), *re.findall(r"^\|.*", text, re.M)])
    commands = {c.name for c in app.registered_commands} | {g.name for g in app.registered_groups}
    assert set(FIGURE.findall(text)) <= set(figures())
    assert {a or b for a, b in COMMAND.findall(shown)} <= commands


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_modules_that_a_page_names_exist(page):
    names = {a or b for a, b in MODULE.findall(page.read_text("utf-8"))} - {"venv"}
    assert not [m for m in names if importlib.util.find_spec(m) is None]


def test_pages_and_examples_are_spelled_as_words_are():
    pytest.importorskip("codespell_lib", reason="needs codespell: pip install 'dendmod[lint]'")
    checked = [*LINKED, REPOSITORY / "CHANGELOG.md", DOCS / "gallery"]
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *map(str, checked)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.stdout, done.stdout


def test_every_example_of_the_gallery_is_run_in_a_known_place():
    """An example that docs/examples_run.py does not name is not run, and nobody would see it."""
    text = (DOCS / "examples_run.py").read_text("utf-8")
    found = re.search(r"^ORDER = (\{.*?^\})", text, re.M | re.S)
    assert found is not None
    order = ast.literal_eval(found[1])
    there = {(p.parent.name, p.stem) for p in (DOCS / "gallery").glob("*/*.py")}
    assert there == {(group, name) for group, names in order.items() for name in names}
    assert len(there) >= 15
    # the folder of a script is searched first: such a file would hide the package
    packages = {"arbor", "dask", "distributed", "jaxley", "neo", "nest", "neuron", "pynwb", "torch"}
    assert not packages & {name for _, name in there}
