"""Mistakes in Python that would else pass in silence, or end in an error of some library."""

from __future__ import annotations

import numpy as np
import pytest

from dendmod import L5PyramidalCell, Run, Setup, SpikeTrain, simulate
from dendmod.cells.channels import scaled
from dendmod.cells.sites import Sites
from dendmod.errors import MechanismError, SpecError
from dendmod.mechanisms.catalogue import check_point_process
from dendmod.spec import Location
from dendmod.spec.result import Result
from dendmod.switching.images import find_data


def test_a_conductance_that_the_cell_does_not_have_cannot_be_scaled():
    cell = L5PyramidalCell()
    assert scaled(cell, {"Ih": 0.0}) != cell
    for wrong in ("IH", "nonsense"):
        with pytest.raises(SpecError, match=f"no channel '{wrong}'"):
            scaled(cell, {wrong: 0.0})
    with pytest.raises(SpecError, match="Did you mean 'Ih'"):
        scaled(cell, {"IH": 0.0})


def test_a_channel_of_the_membrane_is_no_synapse():
    with pytest.raises(MechanismError, match="Ih is a mechanism of the membrane"):
        check_point_process("Ih", {})


def test_what_is_no_setup_run_or_train_is_named():
    cell = L5PyramidalCell()
    with pytest.raises(SpecError, match=r"Setup\(cell=cell\)"):
        simulate(cell, Run(tstop=1.0))
    with pytest.raises(SpecError, match="run: float is given; give a Run"):
        simulate(Setup(cell=cell), 300.0)
    with pytest.raises(SpecError, match="a sequence of SpikeTrain"):
        simulate(Setup(cell=cell), Run(tstop=1.0), SpikeTrain("a", (1.0,), 1e-3))


def test_a_recording_that_is_not_there_is_named():
    result = Result(t=np.arange(3.0), v={"soma": np.zeros(3)})
    with pytest.raises(SpecError, match="nothing was recorded as 'tip'.*soma"):
        result.spike_times("tip")


def test_sites_are_a_sequence_of_places():
    places = (Location(section=3, x=0.8), Location(section=7, x=0.8))
    sites = Sites(places, np.array([300.0, 200.0]), 3.0)
    assert tuple(sites) == places
    assert len(sites) == 2


def test_shared_data_are_looked_for_where_the_variable_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DENDMOD_SHARED", str(tmp_path / "there"))
    with pytest.raises(SpecError, match=r"there/data.*DENDMOD_SHARED"):
        find_data("emnist47")
    (tmp_path / "there" / "data").mkdir(parents=True)
    (tmp_path / "there" / "data" / "emnist47.npz").touch()
    assert find_data("emnist47") == str(tmp_path / "there" / "data" / "emnist47.npz")
