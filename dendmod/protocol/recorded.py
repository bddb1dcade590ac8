"""What the runs of a file of stimuli recorded, as results that other programs take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dendmod.atomic import replacing
from dendmod.errors import SpecError, SweepError, did_you_mean
from dendmod.protocol.stimuli import StimulusProtocol
from dendmod.protocol.stimuli_file import TASK
from dendmod.protocol.stimuli_tasks import setup_of, trains_of
from dendmod.spec.asked import Asked
from dendmod.spec.result import Result
from dendmod.spec.trial import Trial
from dendmod.sweep import Ledger
from dendmod.sweep.outcome import Arrays

FORMS = {"nwb": ".nwb", "netcdf": ".nc", "npz": ".npz"}


def recorded_runs(folder: str | Path) -> dict[str, Result]:
    """Return every finished run of a file of stimuli by its name, with what was asked for.

    Parameters
    ----------
    folder
        The results of `dendmod run`, or the store in it.

    Raises
    ------
    SweepError
        If there is no store, or no run of a file of stimuli in it.
    """
    folder = Path(folder)
    store = folder / "store" if (folder / "store").is_dir() else folder
    if not (store / "ledger.sqlite").is_file():
        raise SweepError(f"{folder} holds no results; give the --out of `dendmod run`")
    found = {}
    with Ledger(store) as ledger:
        for run in ledger.runs():
            arrays = ledger.get(run["digest"]) if run["function"] == TASK else None
            if arrays is not None:
                found[run["key"]] = _result(run, arrays)
    if not found:
        raise SweepError(
            f"{folder} holds no traces: a file of stimuli and recordings keeps them, other "
            "protocols keep counts, which `dendmod sweep table` writes"
        )
    return found


def write_runs(folder: str | Path, to: str, out: Path) -> list[Path]:
    """Write every run of a file of stimuli into a folder, a file a run.

    Parameters
    ----------
    to
        One of `FORMS`.

    Raises
    ------
    SpecError
        If there is no such form, or its package is not installed.
    SweepError
        As `recorded_runs`.
    """
    if to not in FORMS:
        raise SpecError(f"traces cannot be written as {to!r}." + did_you_mean(to, FORMS))
    written = []
    for key, result in recorded_runs(folder).items():
        path = out / (key.replace("/", "_") + FORMS[to])
        if to == "nwb":
            result.to_nwb(path)
        elif to == "npz":
            result.save(path)
        else:
            data = result.to_xarray()
            with replacing(path) as partial:
                data.to_netcdf(partial, engine="scipy")
        written.append(path)
    return written


def _result(run: dict[str, Any], arrays: Arrays) -> Result:
    payload = json.loads(run["payload"])
    protocol = StimulusProtocol.model_validate(payload["protocol"])
    trial = payload["trial"]
    setup = setup_of(protocol, trial)
    names = list(setup.recordings)
    return Result(
        t=arrays["t"],
        v=dict(zip(setup.voltages, arrays["v"], strict=True)),
        clamp_current=arrays.get("clamp"),
        provenance={
            "engine": "neuron", "run": run["key"], "ended": run["ended"],
            "fingerprint": run["fingerprint"], "sha256": run["sha256"],
        },
        recordings=dict(zip(names, arrays["recordings"], strict=True)),
        units=dict(zip(names, map(str, arrays["units"]), strict=True)),
        spike_threshold=protocol.run_spec.spike_threshold,
        asked=Asked(setup, protocol.run_spec, Trial(trains_of(protocol, trial))),
    )  # fmt: skip
