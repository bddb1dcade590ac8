"""Is what a specification refuses an error of dendmod, in words that name the field?"""

from typing import Annotated, Literal

import numpy as np
import pytest
from pydantic import Field

from dendmod import Cell, CurrentClamp, L5PyramidalCell, Location, Run, Setup, Synapse, simulate
from dendmod.cells.reduced import write_reduced
from dendmod.engines.neuron.session import _no_coreneuron
from dendmod.errors import DendmodError, MechanismError, MorphologyError, SpecError, of_file
from dendmod.network import NetworkSpec, OutputCell
from dendmod.protocol import load_protocol
from dendmod.spec import Compartment, ReducedCell
from dendmod.spec.base import Spec
from dendmod.switching.cells import cells

HAY = {"ena": 50.0, "ek": -85.0, "celsius": 34.0, "v_init": -75.0}
SOMA = {"parent": -1, "ca": 300.0, "g_leak": 10.0, "e_leak": -75.0, "area": 1000.0}
MEMBRANE = {
    "name": "mine", "ena": 50.0, "ek": -85.0, "celsius": 34.0, "v_init": -80.0,
    "regions": {"soma": {"cm": 1.0, "Ra": 100.0, "mechanisms": []}},
}  # fmt: skip


class Square(Spec):
    kind: Literal["square"] = "square"
    side_um: float = Field(gt=0)


class Circle(Spec):
    kind: Literal["circle"] = "circle"
    radius_um: float = Field(gt=0)


class Drawing(Spec):
    shapes: tuple[Annotated[Square | Circle, Field(discriminator="kind")], ...] = ()
    by_name: dict[str, float | Square] = {}
    one: Square | Circle | None = None


def said(make) -> str:
    with pytest.raises(SpecError) as error:
        make()
    assert "pydantic" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    return str(error.value)


def test_a_value_out_of_range_names_field_bound_and_value():
    assert said(lambda: Run(tstop=-1)) == "tstop: Input should be greater than 0; given: -1"
    assert said(lambda: Run(tstop=float("nan"))).startswith(
        "tstop: Input should be a finite number"
    )
    assert "'fixed' or 'adaptive'" in said(lambda: Run(tstop=1, method="exact"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"tstop": 10.05},
            "tstop = 10.05 ms is no whole number of steps of 0.1 ms; give 10 or 10.1",
        ),
        ({"tstop": 0.001}, "tstop = 0.001 ms is no whole number of steps"),
        ({"tstop": 10, "settle": 0.25}, "settle = 0.25 ms is no whole number of steps"),
    ],
)
def test_a_duration_is_a_whole_number_of_steps(fields, words):
    assert words in said(lambda: Run(**fields))


@pytest.mark.parametrize("fields", [{"tstop": 0.3}, {"tstop": 1000.1}, {"tstop": 10.05,
                                    "method": "adaptive"}, {"tstop": 5, "dt": 0.0125}])  # fmt: skip
def test_durations_that_are_whole_numbers_of_steps_but_for_rounding_are_taken(fields):
    assert Run(**fields).tstop == fields["tstop"]


def test_an_unknown_field_names_the_nearest_and_all_before_what_is_missing():
    first, second = said(lambda: Run(tstp=1)).splitlines()
    assert first == (
        "there is no field 'tstp'. Did you mean 'tstop'? Allowed: dt, method, settle, "
        "spike_threshold, tstop."
    )
    assert second.strip() == "the field 'tstop' is missing."


@pytest.mark.parametrize(
    "make",
    [
        lambda: Run.model_validate({"tstp": 1}),
        lambda: Run.model_validate_json('{"tstp": 1}'),
        lambda: Setup.model_validate({"cell": L5PyramidalCell(), "records": {}}),
    ],
)
def test_tables_and_json_are_refused_in_the_same_words(make):
    assert "Did you mean" in said(make)


def test_json_that_is_cut_short_says_so():
    assert said(lambda: Run.model_validate_json('{"tstop": 1,')).startswith("not a whole JSON file")


def test_places_have_dotted_names():
    assert said(lambda: Synapse(name="a", mechanism="b", location={"section": -1, "x": 2})) == (
        "location.section: Input should be greater than or equal to 0; given: -1\n"
        "  location.x: Input should be less than or equal to 1; given: 2"
    )
    wrong = {**MEMBRANE, "regions": {"soma": {"cm": -1.0, "Ra": 100.0, "mechanisms": []}}}
    assert said(lambda: Setup(cell={"morphology": "l5pc", "biophysics": wrong})) == (
        "cell.biophysics.regions.soma.cm: Input should be greater than 0; given: -1.0"
    )


def test_of_several_kinds_the_one_that_was_meant_is_explained():
    circle = {"kind": "circle", "radius_mm": 1.0}
    first = said(lambda: Drawing(shapes=(circle,))).splitlines()[0]
    assert first == (
        "there is no field 'shapes.0.radius_mm'. It is given in mm; the allowed unit is that of "
        "'radius_um'."
    )
    assert said(lambda: Drawing(by_name={"a": {"side_um": -1.0}})) == (
        "by_name.a.side_um: Input should be greater than 0; given: -1.0"
    )
    assert (
        said(lambda: Drawing(one=3))
        == "one: give a Square; given: 3\n  one: give a Circle; given: 3"
    )
    assert said(lambda: Drawing(one={"side_um": -1.0})).splitlines() == [
        "one.side_um: Input should be greater than 0; given: -1.0"
    ]
    assert "'square', 'circle'" in said(lambda: Drawing(shapes=({"kind": "line"},)))


def test_a_rule_over_several_fields_speaks_for_itself():
    names = [{"name": "a", "mechanism": "b", "location": {"section": 0, "x": 0.5}}] * 2
    assert said(lambda: Setup(cell=L5PyramidalCell(), synapses=names)) == (
        "synapse names must differ; twice: a"
    )


def test_a_long_list_is_cut():
    lines = said(lambda: Drawing(**{f"f{i}": i for i in range(30)})).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "  and 20 more"


def test_a_specification_cannot_be_changed():
    run = Run(tstop=1)
    with pytest.raises(SpecError, match=r"a Run is frozen; .*model_copy\(update=\{'tstop'"):
        run.tstop = 2
    assert run.model_copy(update={"tstop": 2.0}).tstop == 2.0


def test_a_file_stands_before_the_field(tmp_path):
    with pytest.raises(SpecError, match=r"^cell\.toml: tstop: Input"), of_file("cell.toml"):
        Run(tstop=-1)
    with pytest.raises(SpecError, match=r"^\S*fig1\.toml: there is no field 'run\.trails'"):
        load_protocol("fig1", {"run.trails": 4})


def test_what_is_written_can_be_read():
    cell = ReducedCell(compartments=(Compartment(**SOMA),), **HAY)
    assert ReducedCell.model_validate_json(cell.model_dump_json()) == cell
    assert ReducedCell.model_validate(cell.model_dump()) == cell


def test_places_that_are_not_there_are_refused_before_neuron_runs():
    there = Location(section=0, x=0.5)
    nowhere = Location(section=9999, x=0.5)
    clamp = CurrentClamp(location=nowhere, delay=1, dur=1, amp=1)
    with pytest.raises(SpecError, match=r"current clamp 0: section 9999 is not there: l5pc"):
        simulate(Setup(cell=L5PyramidalCell(), current_clamps=(clamp,)), Run(tstop=1))
    small = ReducedCell(name="small", compartments=(Compartment(**SOMA),), **HAY)
    with pytest.raises(SpecError, match=r"recording 'tip': compartment 9999 is not there: small"):
        Setup(cell=small, record={"tip": nowhere})
    synapse = Synapse(name="a", mechanism="AmpaNmdaSin", location=there)
    with pytest.raises(MechanismError, match="Did you mean 'AmpaNmdaSyn'"):
        simulate(Setup(cell=small, synapses=(synapse,)), Run(tstop=1))


def test_a_morphology_that_is_not_there_is_refused():
    for name, message in (("l5pk", "Did you mean 'l5pc'"), ("none.swc", "no morphology file none")):
        with pytest.raises(MorphologyError, match=message):
            L5PyramidalCell(name)
        cell = Cell(morphology=name, biophysics=MEMBRANE)
        with pytest.raises(MorphologyError, match=message):
            simulate(Setup(cell=cell), Run(tstop=1))


@pytest.mark.parametrize(
    ("membrane", "message"),
    [
        ({"channels": {"NaTa_x": {}}}, "compartment soma: there is no mechanism 'NaTa_x'"),
        ({"channels": {"AmpaNmdaSyn": {}}}, "compartment soma: AmpaNmdaSyn is a point process"),
        ({"pools": {"Ih": {}}}, "compartment soma: Ih writes no concentration and is no pool"),
        ({"channels": {"SK_E2": {}}}, "compartment soma: SK_E2 works on ca; give the compartment"),
        ({"channels": {"NaTa_t": {"gbar": 1}}}, "compartment soma: NaTa_t has no parameter 'gbar'"),
    ],
)
def test_a_network_checks_the_mechanisms_of_its_cells(membrane, message):
    wrong = ReducedCell(compartments=(Compartment(name="soma", **SOMA, **membrane),), **HAY)
    with pytest.raises(SpecError, match=message):
        NetworkSpec(hidden=(wrong,), feedforward={"weights": [[1.0]]})
    with pytest.raises(SpecError, match=message):
        OutputCell(cell=wrong, weights=[1.0])


def test_a_file_of_two_cells_without_reversal_potentials_is_refused_in_words(tmp_path):
    path = tmp_path / "cells.json"
    path.write_text('{"hidden": {"compartments": []}, "output": {}}')
    with pytest.raises(SpecError, match=r"cells\.json: (.|\n)*'ena' is missing"):
        cells(str(path), 1)
    path.write_text("{}")
    with pytest.raises(SpecError, match=r"cells\.json: not a file of two cells"):
        cells(str(path), 1)


def test_a_compartment_that_is_not_there_is_named():
    cell = ReducedCell(name="small", compartments=(Compartment(name="soma", **SOMA),), **HAY)
    assert cell.location("soma") == Location(section=0, x=0.5)
    with pytest.raises(SpecError, match="small has no compartment 'some'. Did you mean 'soma'"):
        cell.index("some")


def test_every_error_of_a_user_is_one_of_dendmod():
    assert issubclass(SpecError, DendmodError)
    assert issubclass(SpecError, ValueError)


def test_cells_written_before_are_read(tmp_path):
    """Networks once had a class of their own for a cell; its files are those of a reduced cell."""
    nothing = {"channels": {}, "pools": {}}
    old = {
        "name": "star, set 1",
        "compartments": [
            {"name": "soma", **SOMA, "g_couple": 0.0, **nothing},
            {"name": "dendrite 0", **SOMA, "parent": 0, "g_couple": 2.0, **nothing},
        ],
        "ena": 50.0, "ek": -85.0, "celsius": 34.0, "v_init": -75.0,
    }  # fmt: skip
    cell = ReducedCell.model_validate(old)
    assert cell.compartments[1].name == "dendrite 0"
    assert cell.layout == ((-1, ()), (0, ()))
    write_reduced(cell, tmp_path / "cell.json")
    spec = {"hidden": [old], "feedforward": {"weights": [[1.0]]}}
    network = NetworkSpec.model_validate(spec)
    assert network.hidden == (cell,)
    assert NetworkSpec.model_validate_json(network.model_dump_json()) == network
    assert np.array_equal(network.feedforward.weights, [[1.0]])


def test_a_mechanism_that_coreneuron_does_not_take_is_named():
    assert "does not compile: odd.mod" in _no_coreneuron("a mechanism does not compile: odd.mod")
    assert "./x86_64" in _no_coreneuron("")
