"""What the tests of figures share: a figure's settings, images in a file, its command."""

import json
import subprocess
import sys

import numpy as np

from dendmod.study.registry import find


def settings_of(name, quick=False, **changes):
    """Settings of a figure; fields of tables with two underscores for the dot."""
    entry = find(name)
    fields = {field.replace("__", "."): value for field, value in changes.items()}
    return entry.load().settings(entry.settings(quick=quick, changes=fields), quick)


def images_file(path, n_classes, side, channels=None):
    """An npz file with two images of each class in each part; return its name."""
    shape = (2 * n_classes, *([channels] if channels else []), side, side)
    images = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    labels = np.arange(2 * n_classes) % n_classes
    parts = {f"{p}_images": images for p in ("train", "val", "test")}
    np.savez(path, **parts, **{f"{p}_labels": labels for p in ("train", "val", "test")})
    return str(path)


def run_command(name, out, *options):
    """Make a figure by its command; return its summary."""
    command = [sys.executable, "-m", f"dendmod.{name}", "--out", str(out), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / "summary.json").read_text())


def bars(ax):
    """Mean and standard deviation that an axis shows, by label: lists in order of x."""
    found = {}
    for container in ax.containers:
        line, _, (segments,) = container.lines
        ends = np.array(segments.get_segments())
        found[container.get_label()] = (
            line.get_ydata().tolist(), (np.ptp(ends[:, :, 1], axis=1) / 2).tolist(),
        )  # fmt: skip
    return found
