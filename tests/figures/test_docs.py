"""Do the code blocks of the pages run?"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
FILES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PAGES = {page.name: BLOCK.findall(page.read_text("utf-8")) for page in FILES}
# what a page says in words
CLAIMS = {
    "first_steps.md": "assert plateau[0.04] == 0 < 2 * plateau[0.08] < plateau[0.16], plateau",
    "learning.md": "assert accuracy.shape == (3, 10) and accuracy.mean() > 0.94, accuracy",
    "sweeps.md": "assert set(table['status']) == {'finished'} and len(table) == 4, table",
    "cell.md": "assert 'Ih' in channels(l5)",
}


NEEDS = {"learning.md": ("torch", "sklearn")}  # the extra `ml`


@pytest.mark.parametrize("page", [name for name, blocks in PAGES.items() if blocks])
def test_the_blocks_of_a_page_run_in_order(page, tmp_path):
    missing = [name for name in NEEDS.get(page, ()) if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed (extra 'ml')")
    code = "\n".join([*PAGES[page], CLAIMS.get(page, "")])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_first_steps_has_blocks():
    assert len(PAGES["first_steps.md"]) >= 4
