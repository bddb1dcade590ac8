"""Do the built pages hold together and fit into a phone's window?

What `make docs` built is tested where it is there, and skipped with a reason where it is not.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import chromium
from tests.conftest import REPOSITORY

BUILT = REPOSITORY / "docs" / "_build"
PAGES = (
    "index.html", "kernel.html", "reference/spec.html", "auto_gallery/index.html",
    "auto_gallery/neuron/nmda_spike.html",
)  # fmt: skip
WIDTHS = {"phone": 390, "desktop": 1280}  # px

spec = importlib.util.spec_from_file_location("links", REPOSITORY / "docs" / "links.py")
assert spec is not None
assert spec.loader is not None
links = importlib.util.module_from_spec(spec)
spec.loader.exec_module(links)


@pytest.fixture(scope="module")
def built() -> Path:
    """The folder of built pages."""
    if not (BUILT / "auto_gallery" / "index.html").is_file():
        pytest.skip("no built pages: run `make docs` first")
    return BUILT


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def test_a_missing_page_picture_or_place_is_named(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">a</h1><a href="b.html#here">1</a><a href="b.html#gone">2</a>'
        '<a href="#top">3</a><a href="c.html">4</a><a href="https://example.org/x#y">5</a>'
        '<img src="d.png" srcset="b.html 1x, e.png 2x"><a href="#nowhere">6</a>'
    )
    (tmp_path / "b.html").write_text('<p id="here">b</p>')
    assert links.broken(tmp_path) == [
        "a.html: b.html#gone has no such place",
        "a.html: c.html is not there",
        "a.html: d.png is not there",
        "a.html: e.png is not there",
        "a.html: #nowhere has no such place",
    ]


def test_every_link_of_the_built_pages_leads_somewhere(built):
    assert links.broken(built) == []


def test_every_example_shows_its_picture_and_can_be_taken_along(built):
    for example in sorted((REPOSITORY / "docs" / "gallery").glob("*/*.py")):
        page = built / "auto_gallery" / example.parent.name / f"{example.stem}.html"
        found = links.Page(page.read_text("utf-8"))
        assert any(f"sphx_glr_{example.stem}_001" in link for link in found.links), page
        taken = {link.rsplit(".", 1)[-1] for link in found.links if "_downloads/" in link}
        assert {"py", "ipynb"} <= taken, page
        (notebook,) = [link for link in found.links if link.endswith(".ipynb")]
        cells = json.loads((page.parent / notebook).read_text("utf-8"))["cells"]
        code = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        assert "import dendmod" in code or "from dendmod" in code, page


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("window", WIDTHS)
def test_a_page_is_not_wider_than_its_window(built, browser, window, page, tmp_path):
    tab = browser.new_page(viewport={"width": WIDTHS[window], "height": 900})
    tab.goto((built / page).as_uri())
    wide, inner = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    picture = tmp_path / f"{window}.png"
    tab.screenshot(path=picture)
    outside = tab.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((e) => {
             for (let up = e.parentElement; up; up = up.parentElement)
               if (getComputedStyle(up).overflowX !== "visible") return false;
             return e.getBoundingClientRect().right > window.innerWidth + 1;
           }).map((e) => e.outerHTML.slice(0, 120))"""
    )
    heading = tab.locator("div.body h1").first.bounding_box()
    unseen = tab.evaluate("[...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)")
    tab.close()
    assert wide <= inner, f"{wide} px in a window of {inner}; see {picture}: {outside}"
    assert unseen == []
    assert heading is not None
    assert 0 <= heading["y"] < 450, "the page does not begin with its heading"
