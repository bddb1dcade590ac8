"""Tests of the networks need PyTorch and scikit-learn, the extra `ml`."""

import importlib.util

import pytest

MISSING = [name for name in ("torch", "sklearn") if importlib.util.find_spec(name) is None]
# these say what is missing, or need nothing of it
WITHOUT = ("test_extra.py", "test_matrices.py", "__init__.py", "conftest.py")


def pytest_ignore_collect(collection_path):
    if MISSING and collection_path.suffix == ".py" and collection_path.name not in WITHOUT:
        return True
    return None


@pytest.fixture(autouse=True)
def _one_thread():
    if MISSING:
        return
    import torch

    torch.set_num_threads(1)
