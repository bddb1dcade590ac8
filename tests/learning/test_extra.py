"""What happens where the extra `ml` is not installed?"""

import importlib.util

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
