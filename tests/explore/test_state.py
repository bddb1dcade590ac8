"""Is what is chosen on the page one cell and one protocol, the same in memory and in files?"""

from __future__ import annotations

import pytest

from dendmod.cells.file import load_cell
from dendmod.errors import DendmodError, SpecError
from dendmod.explore import DensityFactor, begin, save
from dendmod.explore.cells import cell_fields, changed_cell, lists_of, scalable
from dendmod.explore.state import offered_modulators
from dendmod.explore.stimuli import protocol_of
from dendmod.neuromodulation import modulator, modulators
from dendmod.protocol import load_protocol
from dendmod.protocol.stimuli_file import load_stimuli
from tests.explore.small import CELL, chosen

_CHANGES = {
    "densities": (
        DensityFactor(list="somatic", mechanism="NaF", factor=0.5),
        DensityFactor(list="dendritic and distance > 60", mechanism="NaF", factor=2.0),
        DensityFactor(list="spiny", mechanism="KDR", factor=0.0),
        DensityFactor(mechanism="pas", factor=1.5),
    ),
    "celsius": 30.0,
    "modulator": "serotonin",
    "dose_nM": 100.0,
}


def test_a_cell_that_is_saved_is_read_as_the_cell_that_was_run(tmp_path):
    state = chosen(**_CHANGES)
    save(state, tmp_path / "kept")
    saved = load_cell(tmp_path / "kept" / "cell").cell
    assert saved.biophysics == changed_cell(state).biophysics
    assert saved.biophysics != load_cell(CELL).cell.biophysics
    assert saved.biophysics.celsius == 30.0


def test_a_protocol_that_is_saved_is_read_as_that_which_was_run(tmp_path):
    state = chosen(
        clusters=("dend[0](0.5)",), clamps=("soma(0.5)",), recordings=("dend[1](0.5)",), seed=7
    )
    read = load_stimuli(save(state, tmp_path / "kept"))
    meant = protocol_of(state)
    assert read.stimuli == meant.stimuli
    assert read.recordings == meant.recordings
    assert (read.run, read.measure) == (meant.run, meant.measure)


def test_the_folder_that_is_saved_is_whole(tmp_path):
    """It can be carried to another machine: no path of this one is in it."""
    save(chosen(), tmp_path / "kept")
    texts = [p.read_text("utf-8") for p in (tmp_path / "kept").rglob("*") if p.is_file()]
    assert not any(str(CELL) in text for text in texts)
    moved = (tmp_path / "kept").rename(tmp_path / "moved")
    assert load_cell(moved / "cell").cell.biophysics == load_cell(CELL).cell.biophysics


def test_a_folder_with_other_files_is_not_replaced(tmp_path):
    save(chosen(), tmp_path)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SpecError, match=r"holds thesis\.txt, which would be lost"):
        save(chosen(), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_the_page_begins_with_the_numbers_of_the_protocol():
    state, base = begin(), load_protocol("fig1")
    arm = base.arms["nmda"]
    assert (state.feedforward.n, state.feedforward.weight) == (40, base.feedforward.weight_nA)
    assert (state.context.n, state.context.weight) == (arm.n_context, arm.high_weight_nS)
    assert state.context.sd_ms == base.context_sd("nmda")
    assert state.shunt.weight == base.arms["shunt"].shunt_weight_nS
    stimuli = protocol_of(state).stimuli
    assert stimuli["shunt"].weight == pytest.approx(5e-3)  # uS
    assert stimuli["soma_excitatory"].rate_Hz == base.background.soma_excitatory_Hz


def test_a_modulator_acts_on_the_membrane_and_on_synapses():
    plain, under = (chosen(clusters=("dend[0](0.5)",), **of) for of in
                    ({}, {"modulator": "dopamine", "dose_nM": 1e6}))  # fmt: skip
    before, after = (protocol_of(s).stimuli["cluster1"] for s in (plain, under))
    scale = {e.parameter: e.scale for e in modulator("dopamine").effects(1e6)}
    assert after.weight == pytest.approx(before.weight * scale["weight"])
    ratio = before.params["nmda_ratio"] * scale["nmda_ratio"]
    assert after.params["nmda_ratio"] == pytest.approx(ratio)
    warm = chosen(modulator="serotonin", dose_nM=1e6)
    shifts = [row for row in cell_fields(warm).parameters if row.name == "e_pas" and row.shift]
    assert len(shifts) == 2


def test_part_of_the_modulation_is_part_of_its_inputs():
    state = chosen(clusters=("dend[0](0.5)",))
    none, half = (protocol_of(state, part=part).stimuli for part in (0.0, 0.5))
    assert (none["cluster1"].n, half["cluster1"].n) == (0, state.context.n // 2)
    assert none["feedforward"].n == state.feedforward.n


def test_only_what_the_file_gives_can_be_scaled():
    loaded = load_cell(CELL)
    assert scalable(loaded, "somatic") == ("KDR", "NaF", "pas")
    assert "Ca_HVA" in scalable(loaded, "apical")
    assert {"all", "somatic", "spiny"} <= set(lists_of(loaded))


def test_modulators_that_need_a_search_are_refused_and_not_offered():
    assert "noradrenaline" in modulators()
    assert "noradrenaline" not in offered_modulators()
    with pytest.raises(SpecError, match="holds the resting potential.*noradrenaline_raw"):
        _ = chosen(modulator="noradrenaline", dose_nM=10.0).effects


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"densities": (DensityFactor(mechanism="NaFF"),)}, "no mechanism 'NaFF'.*mean 'NaF'"),
        ({"densities": (DensityFactor(list="somatik", mechanism="NaF"),)}, "no list 'somatik'"),
        ({"modulator": "dopamin", "dose_nM": 1.0}, "Did you mean 'dopamine'"),
        ({"modulator": "acetylcholine", "dose_nM": 1e4}, "no mechanism 'Im'"),
    ],
)
def test_what_the_cell_does_not_have_is_named(change, words):
    with pytest.raises(DendmodError, match=words):
        changed_cell(chosen(**change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dt_ms": 0.5}, "run.dt_ms"),
        ({"tstop_ms": -1.0}, "tstop_ms"),
        ({"clamps": ("soma(0.5)", "soma(0.5)")}, r"clamps: soma\(0.5\) is there already"),
        ({"feedforward": {"n": -4, "weight": 1, "center_ms": 1, "sd_ms": 1}}, "feedforward.n"),
    ],
)
def test_numbers_that_cannot_be_are_named(change, words):
    with pytest.raises(SpecError, match=words):
        protocol_of(chosen(**change))


def test_a_row_of_a_cell_file_can_shift_what_earlier_rows_gave(tmp_path):
    text = (CELL / "cell.toml").read_text("utf-8").replace('"cell.swc"', f'"{CELL}/cell.swc"')
    text = text.replace('["mod"]', f'["{CELL}/mod"]')
    (tmp_path / "cell.toml").write_text(
        text + '\n[[parameters]]\nname = "e_pas"\nlist = "somatic"\nshift = 2.0\n'
    )
    sections = load_cell(tmp_path).tables.sections
    assert (sections[0].values["e_pas"], sections[1].values["e_pas"]) == ((-75.0,), (-77.0,))
