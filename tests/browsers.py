"""A browser for tests of pages; skipped, with a reason, where none can be had."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_CHROMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """Open a headless Chromium: Playwright's own, or that of the system."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="a browser is driven by Playwright: pip install playwright"
    )
    system = next(filter(None, map(shutil.which, _CHROMES)), None)
    with api.sync_playwright() as playwright:
        for place in (None, system):
            try:
                found = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
            except api.Error:
                continue
            yield found
            found.close()
            return
    pytest.skip("no Chromium: `playwright install chromium`, or install the package chromium")
