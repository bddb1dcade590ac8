"""What happens where the extra `ml` is not installed?"""

import importlib.util
import subprocess
import sys

import pytest

import dendmod.learning
from dendmod.errors import DendmodError


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_tests_of_networks_are_skipped():
    pytest.skip("PyTorch is not installed (extra 'ml'): no test of dendmod.learning was run")


def test_a_missing_package_is_named_with_what_to_do():
    with pytest.raises(DendmodError, match=r"needs no_such_package.*dendmod\[ml\]"):
        dendmod.learning.require("no_such_package")


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = dendmod.learning.no_such_name


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_public_names_are_there():
    for name in dendmod.learning.__all__:
        assert getattr(dendmod.learning, name).__name__ == name


@pytest.mark.parametrize("figure", ["fig3", "fig4", "fig6"])
def test_help_of_a_figure_needs_nothing_and_a_run_says_what_is_missing(figure, tmp_path):
    """As if PyTorch were not installed: its import fails, and nothing finds it."""
    code = (
        "import sys, importlib.util as u; real = u.find_spec; sys.modules['torch'] = None;"
        "u.find_spec = lambda name, *a: None if name == 'torch' else real(name, *a);"
        "from dendmod.study.command import figure_command;"
        f"figure_command('wybo2022/{figure}', sys.argv[1:])"
    )
    run = [sys.executable, "-c", code, "--out", str(tmp_path)]
    helped = subprocess.run([*run, "--help"], capture_output=True, text=True, check=True)
    assert "--data" in helped.stdout
    failed = subprocess.run([*run, "--quick"], capture_output=True, text=True, check=False)
    assert failed.returncode == 2
    assert "error: this needs torch" in failed.stderr
    assert "pip install 'dendmod[ml]'" in failed.stderr
