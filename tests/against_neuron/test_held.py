"""Does the check of the kernel hold any set-up against NEURON, and see where they differ?"""

import numpy as np
import pytest

from dendmod.engines import held, trials
from dendmod.engines.held import Agreement, choose, hold
from dendmod.spec import CurrentClamp, Run, Setup, VoltageClamp
from dendmod.spec.trial import Trial
from tests.against_neuron.test_batch_kernel import at, tree

SOMA = at(0)
RUN = Run(tstop=40, dt=0.1, settle=20)
STEPS = [Trial(amps=(amp,)) for amp in (0.0, 1.2)]


def stepped(**changes):
    clamp = CurrentClamp(location=SOMA, delay=5, dur=20, amp=9.0)
    return Setup(cell=tree(), current_clamps=(clamp,), **changes)


def test_steps_of_current_agree_in_spikes_and_potentials_of_every_recording():
    record = {"soma": SOMA, "tip": at(2)}
    found = Agreement.of(hold(stepped(record=record), RUN, STEPS).arrays)
    assert found.differs == ""
    assert found.neuron.tolist() == found.kernel.tolist()
    assert found.neuron[1] > found.neuron[0] == 0
    assert (found.rms < 0.01).all()
    assert choose("auto", lambda: found).engine == "kernel"


def test_a_voltage_clamp_is_held_by_its_current():
    setup = Setup(cell=tree(), voltage_clamp=VoltageClamp(location=SOMA, v=-50.0, rs=0.001))
    found = hold(setup, RUN, [Trial()])
    assert found.clamp.shape == (1,)
    assert found.clamp[0] < held.CLAMP_PART
    assert choose("auto", lambda: found).engine == "kernel"


@pytest.mark.parametrize("off", [{"rms": np.array([0.0, 0.11])}, {"clamp": np.array([0.002])}])
def test_neuron_runs_where_one_trial_is_out_of_bounds(off):
    same = {"kernel": np.ones(2, int), "neuron": np.ones(2, int), "rms": np.zeros(2),
            "clamp": np.zeros(0)}  # fmt: skip
    assert choose("auto", lambda: Agreement(**same)).engine == "kernel"
    assert choose("auto", lambda: Agreement(**(same | off))).engine == "neuron"


def test_what_the_kernel_cannot_run_is_said_before_neuron_runs(monkeypatch):
    def never(*_, **__):
        raise AssertionError("NEURON was started")

    monkeypatch.setattr("dendmod.engines.neuron.Simulator", never)
    adaptive = RUN.model_copy(update={"method": "adaptive"})
    found = hold(stepped(), adaptive, STEPS)
    assert "fixed steps" in found.refused
    chosen = choose("auto", lambda: found)
    assert chosen.engine == "neuron"
    assert "fixed steps" in chosen.why


def test_a_kernel_with_other_equations_is_found_out(monkeypatch):
    usual = trials.open_trials

    def other(setup, run, engine, **options):
        if engine == "kernel":  # a soma and a coupling that are larger
            setup = setup.model_copy(update={"cell": tree(1.1)})
        return usual(setup, run, engine, **options)

    monkeypatch.setattr(held, "open_trials", other)
    assert hold(stepped(), RUN, STEPS).differs


def test_float64_runs_where_it_alone_agrees(monkeypatch):
    usual = trials.open_trials

    def rough(setup, run, engine, *, precision="float32", **options):
        if engine == "kernel" and precision == "float32":
            setup = setup.model_copy(update={"cell": tree(1.1)})
        return usual(setup, run, engine, precision=precision, **options)

    monkeypatch.setattr(held, "open_trials", rough)
    assert hold(stepped(), RUN, STEPS).precision == "float32"
    found = hold(stepped(), RUN, STEPS, otherwise="float64")
    assert (found.differs, found.precision) == ("", "float64")
    chosen = choose("auto", lambda: found)
    assert (chosen.engine, chosen.precision) == ("kernel", "float64")
