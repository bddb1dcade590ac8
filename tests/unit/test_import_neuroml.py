"""Does a NeuroML cell come in through pyNeuroML, and is its absence said?"""

import importlib.util
import json
import shutil

import pytest
from typer.testing import CliRunner

from dendmod.cells.imports.neuroml import start_of, which_cell
from dendmod.cli import app
from dendmod.errors import SpecError

HEAD = '<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="two">'
LEAKY = f"""<?xml version="1.0" encoding="UTF-8"?>
{HEAD}
  <ionChannelHH id="leak" conductance="10pS"/>
  <ionChannelHH id="nach" species="na" conductance="10pS">
    <gateHHrates id="m" instances="3">
      <forwardRate type="HHExpLinearRate" rate="1per_ms" midpoint="-40mV" scale="10mV"/>
      <reverseRate type="HHExpRate" rate="4per_ms" midpoint="-65mV" scale="-18mV"/>
    </gateHHrates>
    <gateHHrates id="h" instances="1">
      <forwardRate type="HHExpRate" rate="0.07per_ms" midpoint="-65mV" scale="-20mV"/>
      <reverseRate type="HHSigmoidRate" rate="1per_ms" midpoint="-35mV" scale="10mV"/>
    </gateHHrates>
  </ionChannelHH>
  <cell id="ball">
    <morphology id="shape">
      <segment id="0" name="soma">
        <proximal x="0" y="0" z="0" diameter="18"/>
        <distal x="0" y="18" z="0" diameter="18"/>
      </segment>
      <segment id="1" name="dend">
        <parent segment="0"/>
        <proximal x="0" y="18" z="0" diameter="3"/>
        <distal x="0" y="218" z="0" diameter="1"/>
      </segment>
      <segmentGroup id="soma" neuroLexId="sao864921383"><member segment="0"/></segmentGroup>
      <segmentGroup id="dend" neuroLexId="sao864921383"><member segment="1"/></segmentGroup>
      <segmentGroup id="soma_group" neuroLexId="GO:0043025"><include segmentGroup="soma"/>
      </segmentGroup>
      <segmentGroup id="dendrite_group" neuroLexId="GO:0030425"><include segmentGroup="dend"/>
      </segmentGroup>
    </morphology>
    <biophysicalProperties id="membrane">
      <membraneProperties>
        <channelDensity id="leaks" ionChannel="leak" condDensity="0.3 mS_per_cm2" erev="-60mV"
                        ion="non_specific"/>
        <channelDensity id="nas" ionChannel="nach" condDensity="120 mS_per_cm2" erev="50mV"
                        ion="na" segmentGroup="soma_group"/>
        <spikeThresh value="0mV"/>
        <specificCapacitance value="1.0 uF_per_cm2"/>
        <initMembPotential value="-65mV"/>
      </membraneProperties>
      <intracellularProperties><resistivity value="0.1 kohm_cm"/></intracellularProperties>
    </biophysicalProperties>
  </cell>
</neuroml>
"""


@pytest.mark.parametrize(
    ("text", "cell", "message"),
    [
        (f"{HEAD}</neuroml>", None, "no <cell>"),
        (f'{HEAD}<cell id="a"/><cell id="b"/></neuroml>', None, "cells a, b; name one: --cell"),
        (f'{HEAD}<cell id="ball"/></neuroml>', "bal", "no cell 'bal'.*Did you mean 'ball'"),
        ("<neuroml", None, "is no XML"),
    ],
)
def test_files_without_one_cell_are_refused(tmp_path, text, cell, message):
    (tmp_path / "x.nml").write_text(text)
    with pytest.raises(SpecError, match=message):
        which_cell(tmp_path / "x.nml", cell)


@pytest.mark.parametrize(
    ("text", "start"),
    [(LEAKY, -65.0), (LEAKY.replace("-65mV", "-0.08 V"), -80.0), (f"{HEAD}</neuroml>", None)],
)
def test_the_start_is_that_of_the_file(tmp_path, text, start):
    (tmp_path / "x.nml").write_text(text)
    assert start_of(tmp_path / "x.nml") == start


@pytest.mark.skipif(importlib.util.find_spec("pyneuroml") is not None, reason="it is there")
def test_without_pyneuroml_the_extra_is_named(tmp_path):
    (tmp_path / "x.nml").write_text(LEAKY)
    out = tmp_path / "out"
    command = ["cell", "import", "neuroml", str(tmp_path / "x.nml"), "--celsius", "30"]
    done = CliRunner().invoke(app, [*command, "--out", str(out)])
    assert isinstance(done.exception, SpecError)
    assert "install the extra neuroml" in str(done.exception)
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(shutil.which("java") is None, reason="needs Java")
def test_a_cell_of_neuroml_is_the_cell_that_pyneuroml_makes(tmp_path):
    pytest.importorskip("pyneuroml")
    (tmp_path / "x.nml").write_text(LEAKY)
    out = tmp_path / "out"
    command = ["cell", "import", "neuroml", str(tmp_path / "x.nml"), "--celsius", "30"]
    done = CliRunner().invoke(app, [*command, "--out", str(out)])
    assert done.exception is None, done.output
    assert json.loads((out / "import.json").read_text())["held"]["largest_dv"] == 0.0
