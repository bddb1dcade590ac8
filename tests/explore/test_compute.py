"""Do the computations of the page give what the commands give, whatever ends in between?"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys

import numpy as np
import pytest

from dendmod.cells.file import load_cell
from dendmod.errors import SpecError
from dendmod.explore import save
from dendmod.explore.compute import PARTS, Bench, finish
from dendmod.explore.drawing import drawing_of, turned
from dendmod.explore.script import script_of
from dendmod.explore.worker import Worker
from dendmod.protocol.run_file import run_file
from dendmod.sweep import Sweep
from tests.explore.small import CELL, chosen

pytestmark = pytest.mark.own_process

_BURST = {"n": 60, "weight": 0.02, "center_ms": 60.0, "sd_ms": 6.0}
_SHORT = {"tstop_ms": 120.0, "feedforward": _BURST}


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def test_a_trial_is_the_same_on_the_page_in_the_command_and_in_the_script(bench, tmp_path):
    """The page's kernel, NEURON by `dendmod run`, and the Python that is shown."""
    state = chosen(**_SHORT, clusters=("dend[0](0.5)",), celsius=33.0)
    here = finish(bench.trial(state))
    assert here.count > 0
    file = save(state, tmp_path / "kept")
    rows = run_file(file, tmp_path / "out", sweep=Sweep(tmp_path / "store", workers=1))
    assert rows["spikes"].tolist() == [here.count]
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=file.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{here.count} spikes\n"


def test_more_inputs_make_more_spikes_and_nothing_is_prepared_anew(bench):
    counts = []
    for n in (0, 60, 200):
        state = chosen(**_SHORT | {"feedforward": _BURST | {"n": n}})
        counts.append(finish(bench.trial(state)).count)
    assert counts[0] == 0 < counts[1] < counts[2]
    kept = dict(bench._kept)
    finish(bench.trial(chosen(**_SHORT | {"feedforward": _BURST | {"n": 7}})))
    assert dict(bench._kept) == kept


def test_a_clamp_injects_its_current_and_is_recorded_where_it_was_clicked(bench):
    step = {"amp_nA": 0.3, "delay_ms": 10.0, "dur_ms": 50.0}
    still = _SHORT | {"feedforward": _BURST | {"n": 0}, "has_background": False}
    at = {"clamps": ("dend[1](0.5)",), "recordings": ("dend[1](0.5)",)}
    with_step = finish(bench.trial(chosen(**still, **at, step=step)))
    without = finish(bench.trial(chosen(**still, **at, step=step | {"amp_nA": 0.0})))
    rise = with_step.v["recording1"] - without.v["recording1"]
    assert rise[with_step.t < 10.0] == pytest.approx(0.0, abs=1e-3)
    assert rise[with_step.t > 20.0].max() > 3.0


def test_changed_numbers_compile_nothing(bench):
    """Densities, the NMDA ratio and further clusters run on the C that is there."""
    state = chosen(**_SHORT, clusters=("dend[0](0.5)",))
    finish(bench.trial(state))
    first = next(reversed(bench._kept.values())).provenance["kernel"]
    for change in (
        {"densities": ({"mechanism": "NaF", "list": "somatic", "factor": 0.9},)},
        {"nmda_ratio": 3.0},
        {"clusters": ("dend[0](0.5)", "dend[1](0.5)"), "recordings": ("dend[2](0.5)",)},
    ):
        finish(bench.trial(state.with_(**change)))
        assert next(reversed(bench._kept.values())).provenance["kernel"] == first


def test_shunt_conducts_and_more_of_it_conducts_more(bench):
    quiet = {"has_background": False, "tstop_ms": 200.0}
    peaks = []
    for n in (0, 10, 20):
        shunt = {"n": n, "weight": 3.0, "center_ms": 100.0, "sd_ms": 20.0}
        peaks.append(np.ptp(finish(bench.conductance(chosen(**quiet, shunt=shunt))).g))
    assert peaks[0] < 0.01 < peaks[1] < peaks[2]
    assert peaks[2] < 20 * 3.0


def test_an_io_curve_says_how_far_it_is_and_fits(bench):
    parts: list[float] = []
    state = chosen(**_SHORT, clusters=("dend[0](0.5)", "dend[1](0.5)"))
    result = finish(bench.io_curve(state, 200, 2), parts.append)
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert result.mean.shape == (len(PARTS), result.n.size)
    assert result.n[-1] == 200
    assert (result.mean[:, 0] == 0).all()
    assert result.mean[:, -1].min() > 1.5
    assert set(result.fits) == {"gain", "bias", "gain_xshift"}
    with pytest.raises(SpecError, match="at least 12 inputs and 1 trial"):
        finish(bench.io_curve(state, 3, 2))


def test_what_the_kernel_refuses_runs_in_neuron_and_says_why(bench, monkeypatch):
    from dendmod.engines.kernel import batch
    from dendmod.errors import UnsupportedByEngine

    state = chosen(**_SHORT)
    meant = finish(bench.trial(state))

    def refuse(*args: object, **options: object) -> None:
        raise UnsupportedByEngine("x.mod, line 3: VERBATIM")

    monkeypatch.setattr(batch, "BatchSimulator", refuse)
    result = finish(Bench().trial(state))
    assert (result.engine, result.count) == ("neuron", meant.count)
    assert result.note == "NEURON, as the kernel refuses this: x.mod, line 3: VERBATIM"


def test_impedances_are_those_of_neuron_and_larger_away_from_the_soma(bench):
    from dendmod.engines.neuron import input_and_transfer_impedance
    from dendmod.spec import Location

    state = chosen()
    result = finish(bench.impedance(state))
    row = int(np.flatnonzero(result.section == 1)[-1])
    place = Location(section=1, x=float(result.x[row]))
    z = input_and_transfer_impedance(load_cell(CELL).cell, (place,), settle=state.settle_ms)
    assert result.z[row] == pytest.approx(z[0, 0], rel=0.02)
    assert result.z[row] > result.z[result.section == 0].min()


def test_a_cell_is_drawn_where_its_points_are():
    loaded = load_cell(CELL)
    drawn = drawing_of(loaded)
    assert len(drawn.lines) == sum(
        s.nseg for s in loaded.tables.sections[: len(loaded.shape.morphology.sections)]
    )
    k = drawn.index("dend[1](0.5)")
    x, y = drawn.middles(30.0, 20.0)[k]
    assert drawn.nearest(x, y, 30.0, 20.0) == k
    assert turned(30.0, 20.0) @ turned(30.0, 20.0).T == pytest.approx(np.eye(3))
    flat = drawn.projected(0.0, 0.0)[0][k]
    assert flat == pytest.approx(drawn.lines[k][:, 0])


class _Heard:
    def __init__(self) -> None:
        self.updates: queue.Queue = queue.Queue()

    def __call__(self, update) -> None:
        if update.what != "progress":
            self.updates.put(update)

    def next(self):
        return self.updates.get(timeout=120)


def test_a_process_that_ends_is_started_anew_and_words_say_so():
    worker, heard, state = Worker("test"), _Heard(), chosen(**_SHORT)
    try:
        worker.submit("page", "trial", heard, state)
        first = heard.next()
        assert first.what == "done"
        os.kill(worker.process.pid, signal.SIGSTOP)  # so that it cannot answer first
        worker.submit("page", "trial", heard, state)
        os.kill(worker.process.pid, signal.SIGKILL)
        ended = heard.next()
        assert ended.what == "failed"
        assert "ended unexpectedly (exit code -9) and was started anew" in ended.value
        worker.submit("page", "trial", heard, state)
        again = heard.next()
        assert (again.what, again.value.count) == ("done", first.value.count)
        worker.submit("page", "trial", heard, state.with_(modulator="dopamin", dose_nM=1.0))
        wrong = heard.next()
        assert wrong.what == "failed"
        assert "Did you mean 'dopamine'" in wrong.value
        # a curve is given up, and what is asked for after it comes
        worker.submit("page", "io", heard, state, 5000, 400)
        worker.stop("page")
        assert heard.next().what == "stopped"
        worker.submit("page", "trial", heard, state)
        assert heard.next().value.count == first.value.count
    finally:
        worker.close()


def test_the_script_loads_a_cell_by_its_name_where_nothing_of_it_was_changed():
    text = script_of(chosen(), "hay2011_1")
    assert 'load_cell("hay2011_1")' in text
    compile(text, "run.py", "exec")
    assert max(map(len, text.splitlines())) <= 110
