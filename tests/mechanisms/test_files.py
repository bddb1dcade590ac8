"""Are the .mod files what the project promises?"""

import re

import pytest

from dendmod.errors import MechanismError, SpecError
from dendmod.mechanisms import catalogue, check_parameters, get, toolchain
from dendmod.mechanisms.units import unit_errors

OWN = {name: m for name, m in catalogue().items() if m.file is not None}
CHANNELS = {
    "NaTa_t", "NaTs2_t", "Nap_Et2", "K_Tst", "K_Pst", "SKv3_1", "SK_E2", "Im", "Ih", "Ca_HVA",
    "Ca_LVAst", "CaDynamics_E2",
}  # fmt: skip


def test_every_mechanism_is_there():
    points = {"DoubleExpSyn", "AmpaNmdaSyn", "PlasticAmpaNmdaSyn", "DoubleExpCurrent"}
    assert set(OWN) == CHANNELS | points | {"SpikeRelay"}


@pytest.mark.parametrize("name", sorted(OWN))
def test_file_stands_alone_and_suits_coreneuron(name):
    text = OWN[name].file.read_text()
    code = re.sub(r":.*", "", text)
    for forbidden in ("VERBATIM", "INCLUDE", "TABLE", "UNITSOFF", "POINTER"):
        assert not re.search(rf"\b{forbidden}\b", code)
    assert "THREADSAFE" in code
    for head in ("Source:", "Temperature:", "Changes:"):
        assert head in text


@pytest.mark.skipif(toolchain.neuron_data() is None, reason="this NEURON has no modlunit")
@pytest.mark.parametrize("name", sorted(OWN))
def test_units_are_consistent(name):
    assert unit_errors(OWN[name].file) == ""


@pytest.mark.skipif(toolchain.neuron_data() is None, reason="this NEURON has no modlunit")
def test_a_wrong_unit_is_found(tmp_path):
    text = OWN["Im"].file.read_text().replace("exp(0.1(/mV)*(v", "exp(0.1*(v")
    (tmp_path / "Im.mod").write_text(text)
    assert unit_errors(tmp_path / "Im.mod")


def test_unknown_mechanism_names_the_nearest():
    with pytest.raises(MechanismError, match=r"'NaTa'.*Did you mean 'NaTa_t'"):
        get("NaTa")


def test_unknown_parameter_names_the_known_ones():
    with pytest.raises(MechanismError, match=r"gIhBar.*gIhbar"):
        check_parameters("Ih", {"gIhBar": 1.0})


@pytest.mark.parametrize(
    ("suffix", "params"),
    [
        ("Ih", {"gIhbar": float("nan")}),
        ("Ih", {"gIhbar": -1.0}),
        ("DoubleExpSyn", {"tau_rise": 5.0, "tau_decay": 3.0}),
        ("DoubleExpSyn", {"tau_decay": 0.0}),
        ("AmpaNmdaSyn", {"nmda_ratio": -2.0}),
    ],
)
def test_impossible_numbers_are_refused(suffix, params):
    with pytest.raises(SpecError):
        check_parameters(suffix, params)
