"""Is a cell of a JSON format, written as a folder, the cell that the format's own code builds?"""

import json

import pytest

from dendmod.cells.imports import allen, bluepyopt, snudda
from dendmod.cells.imports.converted import bring
from dendmod.cells.imports.held import hold
from dendmod.cells.imports.original import Original
from tests import json_cells as cells


def perisomatic(folder):
    return allen.convert(cells.allen(folder), swc=cells.shape(folder), mod=cells.mods(folder))


def all_active(folder):
    fit = cells.all_active(folder)
    return allen.convert(fit, swc=cells.shape(folder), mod=cells.mods(folder))


def of_bluepyopt(folder):
    return bluepyopt.convert(
        cells.bluepyopt(folder), folder / "final.json", key="best",
        morphology=cells.shape(folder), mod=cells.mods(folder),
    )  # fmt: skip


def of_emodelrunner(folder):
    values = cells.dump(folder / "final.json", cells.EMODEL_VALUES)
    return bluepyopt.convert(
        cells.dump(folder / "pyr.json", cells.EMODEL), values,
        morphology=cells.shape(folder), mod=cells.mods(folder),
    )  # fmt: skip


def of_snudda(folder):
    return snudda.convert(cells.snudda(folder), mod=cells.mods(folder), parameter_key="p1")


# Path lengths are summed in another order than NEURON sums them, so that what follows a distance
# differs in the last digit; so does a diameter of the axon that is the mean of several frusta.
ROUNDING = 1e-9  # mV


@pytest.mark.parametrize(
    ("made", "most"),
    [
        (perisomatic, 0.0),
        (all_active, ROUNDING),
        (of_bluepyopt, ROUNDING),
        (of_emodelrunner, ROUNDING),
        (of_snudda, ROUNDING),
    ],
)
def test_the_written_cell_is_the_original(made, most, tmp_path):
    converted = made(tmp_path)
    held = bring(tmp_path / "out", converted, {"format": made.__name__})
    assert held.largest_dv <= most
    assert any(s.spikes_original for s in held.steps)
    assert all(s.spikes_original == s.spikes_written for s in held.steps)
    record = json.loads((tmp_path / "out" / "import.json").read_text())
    assert record["held"]["largest_dv"] == held.largest_dv
    assert "tiny.swc" in record["files"]


@pytest.mark.slow  # compiles a set of mechanisms
def test_calcium_a_global_and_conductances_by_other_names(tmp_path):
    rows = [
        *cells.ROWS[:7],
        {"param_name": "vhalf_NapGlobal", "type": "global", "value": -50},
        cells.row("ena", "all", 50, type="section"),
        cells.row("ek", "all", -80, type="section"),
        cells.row("gnabar_hh", "somatic", 0.15),
        cells.row("gmax_KdrGmax", "apical", 0.004, dist_type="exp", dist=cells.GROWING),
        cells.row("gbar_NapGlobal", "somatic", 2e-4),
        cells.row("tau_CaShell", "apical", 30),
    ]
    inserted = {
        "all": ["pas"], "somatic": ["hh", "NapGlobal"], "apical": ["KdrGmax", "CaHva", "CaShell"],
    }  # fmt: skip
    converted = bluepyopt.convert(
        cells.bluepyopt(tmp_path, rows, inserted), morphology=cells.shape(tmp_path),
        mod=cells.MINIATURES,
    )  # fmt: skip
    assert [p.stem for p in converted.mechanisms] == ["CaHva", "CaShell", "KdrGmax", "NapGlobal"]
    held = bring(tmp_path / "out", converted, {"format": "bluepyopt"})
    assert held.largest_dv <= ROUNDING
    assert all(s.spikes_original == s.spikes_written for s in held.steps)


@pytest.mark.slow
@pytest.mark.parametrize("made", [of_bluepyopt, of_snudda])
def test_bluepyopt_itself_builds_this_cell(made, tmp_path):
    pytest.importorskip("bluepyopt", reason="the package bluepyopt is not installed")
    converted = made(tmp_path)
    (tmp_path / "out").mkdir()
    converted.write(tmp_path / "out")
    itself = Original(
        function="tests.against_neuron.bluepyopt_cell:build", arguments=converted.arguments
    )
    held = hold(tmp_path / "out", itself)
    assert held.largest_dv <= ROUNDING
    assert any(s.spikes_original for s in held.steps)
