"""Do receptors of a cell and of a protocol reach its synapses, and is what cannot be refused?"""

import shutil
from pathlib import Path

import pytest

from dendmod.cells.effects import WEIGHT, Effect, apply_to_trains
from dendmod.cells.file import load_cell
from dendmod.cells.receptors import receptors_of
from dendmod.errors import SpecError
from dendmod.params import wybo2022
from dendmod.protocol import load_protocol, setup_for, trains_for
from dendmod.protocol.experiment import Experiment
from dendmod.spec import Compartment, Location, ReducedCell
from dendmod.sweep import Sweep

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "docs" / "examples" / "own_cell"
SYNAPSES = REPOSITORY / "tests" / "mechanisms" / "synapses"
SITES = [Location(section=1, x=0.8)] * 4
OWN = """
[receptors.context]
mechanism = "NmdaNano"
params = { steep = 0.07 }
"""


@pytest.fixture
def write(tmp_path):
    """Return what writes the example with the synapses of the tests and these receptors."""

    def make(receptors: str) -> str:
        folder = tmp_path / "cell"
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
        for file in SYNAPSES.glob("*.mod"):
            shutil.copy(file, folder / "mod")
        text = (EXAMPLE / "cell.toml").read_text("utf-8")
        before, _, after = text.partition("[receptors.context]")
        rest = after[after.index("[check]") :]
        (folder / "cell.toml").write_text(before + receptors + "\n" + rest, encoding="utf-8")
        return str(folder)

    return make


def protocol_on(cell, **changes):
    return load_protocol(EXAMPLE / "protocol.toml", {"cell.file": cell, **changes})


def synapses(protocol):
    return {s.name: s for s in setup_for(protocol, SITES).synapses}


def weights(protocol, arm="nmda", level=4, n=10):
    trains = trains_for(protocol, arm, level=level, n_feedforward=n, trial=0, seed=1)
    return {t.synapse: t.weight for t in trains}


def test_a_synapse_of_the_cells_own_has_its_parameters_and_the_weight_of_its_unit(write):
    protocol = protocol_on(write(OWN))
    there = synapses(protocol)
    context = there["site02/context"]
    assert (context.mechanism, context.params) == ("NmdaNano", {"steep": 0.07})
    assert there["site02/excitatory"].mechanism == "AmpaNmdaSyn"
    assert there["site02/excitatory"].params == wybo2022.ampa_nmda()
    assert there["soma/shunt"].params == wybo2022.GABA
    assert weights(protocol)["site02/context"] == 0.08  # nS, as its NET_RECEIVE takes it
    assert weights(protocol, level=0)["site02/context"] == 0.001
    assert weights(protocol)["site02/excitatory"] == pytest.approx(0.3e-3)  # uS


def test_a_protocols_receptor_comes_over_the_cells_and_keeps_what_it_leaves_out(write):
    cell = write(OWN)
    changes = {"receptors.context.params": {"mg": 0.2}, "receptors.shunt.params": {"e": -70.0}}
    there = synapses(protocol_on(cell, **changes))
    assert there["site00/context"].params == {"steep": 0.07, "mg": 0.2}
    assert there["soma/shunt"].params == wybo2022.GABA | {"e": -70.0}
    assert there["soma/inhibitory"].params == wybo2022.GABA
    # another mechanism shares no parameters with the one before
    there = synapses(protocol_on(cell, **{"receptors.context.mechanism": "ExpSyn"}))
    assert (there["site00/context"].mechanism, there["site00/context"].params) == ("ExpSyn", {})


def test_the_magnesium_block_of_dendmods_receptor_is_a_field():
    protocol = load_protocol("fig1", {"receptors.context.params": {"mg_factor": 0.28}})
    context = {s.name: s for s in setup_for(protocol, SITES).synapses}["site00/context"]
    assert context.params == wybo2022.ampa_nmda() | {"mg_factor": 0.28}


@pytest.mark.parametrize(
    ("receptors", "said"),
    [
        ('[receptors.contxt]\nmechanism = "NmdaNano"', "contxt.*Did you mean 'context'"),
        ('[receptors.context]\nmechanism = "NmdaNan"', "context.*Did you mean 'NmdaNano'"),
        ('[receptors.context]\nmechanism = "NaF"', "context: NaF is a mechanism of the membrane"),
        ("[receptors.context]\nparams = { mgfactor = 1 }", "no parameter 'mgfactor'.*'mg_factor'"),
        ('[receptors.context]\nmechanism = "NoUnit"', "NoUnit has no unit.*weight = 'uS'"),
        ('[receptors.context]\nweight = "nS"', "weight is 'nS', but .*AmpaNmdaSyn takes 'uS'"),
        ('[receptors.context]\nmechanism = "DoubleExpCurrent"', "takes a current"),
    ],
)
def test_what_cannot_be_a_receptor_is_refused_where_it_is_written(write, receptors, said):
    with pytest.raises(SpecError, match=said):
        load_cell(write(receptors))


def test_a_unit_that_a_file_leaves_out_is_given(write):
    receptors = '[receptors.context]\nmechanism = "NoUnit"\nweight = "nS"'
    assert weights(protocol_on(write(receptors)))["site00/context"] == 0.08
    receptors = receptors.replace("nS", "uS")
    assert weights(protocol_on(write(receptors)))["site00/context"] == pytest.approx(0.08e-3)


def test_feedforward_inputs_may_be_conductances_with_a_weight_in_nS(write, tmp_path):
    cell = write('[receptors.feedforward]\nmechanism = "ExpSyn"')
    protocol = protocol_on(cell)
    with pytest.raises(SpecError, match=r"ExpSyn takes a conductance.*weight_nS"):
        Experiment(protocol, Sweep(tmp_path))
    both = {"feedforward": {"weight_nS": 3.0, "width_ms": 6.0}}
    protocol = protocol_on(cell, **both)
    assert weights(protocol)["soma/feedforward"] == pytest.approx(3e-3)
    experiment = Experiment(protocol, Sweep(tmp_path), sites=SITES)
    with pytest.raises(SpecError, match=r"io.limits begin at -300.*begin at 0"):
        experiment.io_tasks()
    with pytest.raises(SpecError, match="one of weight_nA"):
        protocol_on(cell, **{"feedforward.weight_nS": 3.0})


def test_a_reading_of_a_mechanism_that_is_not_there_is_refused(write):
    cell = write('[receptors.excitatory]\nmechanism = "NmdaNano"')
    assert synapses(protocol_on(cell))["soma/excitatory"].mechanism == "NmdaNano"
    with pytest.raises(SpecError, match=r"background_nmda_ratio = 0.*NmdaNano"):
        setup_for(protocol_on(cell, **{"readings.background_nmda_ratio": 0.0}), SITES)


def test_effects_reach_the_cells_own_synapses_or_are_refused(write):
    protocol = protocol_on(write(OWN))
    slower = Effect(mechanism="NmdaNano", parameter="steep", scale=2.0)
    stronger = Effect(mechanism="NmdaNano", parameter=WEIGHT, scale=3.0)
    setup = setup_for(protocol, SITES, effects=[slower, stronger])
    context = next(s for s in setup.synapses if s.name == "site00/context")
    assert context.params == {"steep": 0.14}
    trains = trains_for(protocol, "nmda", level=4, n_feedforward=0, trial=0, seed=1)
    under = {t.synapse: t.weight for t in apply_to_trains(setup, trains, [slower, stronger])}
    assert under["site00/context"] == pytest.approx(0.24)
    assert under["site00/excitatory"] == pytest.approx(0.3e-3)
    nothing = Effect(mechanism="Exp2Syn", parameter="tau2", scale=2.0)
    with pytest.raises(SpecError, match=r"Exp2Syn would change nothing.*NmdaNano"):
        setup_for(protocol, SITES, effects=[nothing])


def test_a_reduced_cell_has_the_receptors_of_the_cell_that_it_was_made_from(write):
    cell = load_cell(write(OWN)).cell
    reduced = ReducedCell(
        compartments=[Compartment(role="soma", parent=-1, ca=1, g_leak=1, e_leak=-70, area=1)],
        ena=50, ek=-90, celsius=34, v_init=-70, mechanisms=cell.mechanisms,
        receptors=cell.receptors,
    )  # fmt: skip
    read = ReducedCell.model_validate_json(reduced.model_dump_json(by_alias=True))
    assert receptors_of(read)["context"] == receptors_of(cell)["context"]
    assert receptors_of(read)["context"].mechanism == "NmdaNano"
