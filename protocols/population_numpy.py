"""Two populations that excite each other, in plain numpy: python population_numpy.py FILE

FILE is a population function written by `python -m dendmod.neuromodulation fig1`, such as
population_sk_down.json. dendmod itself is not needed.
"""

import json
import sys

import numpy as np

TAU_MS, DT_MS, STEPS = 10.0, 0.5, 800
INPUTS_A_SPIKE = 20.0  # how many inputs a burst each output spike of the other is


def functions(path: str) -> dict:
    """Return level -> mean spikes a burst as a function of inputs a burst."""
    with open(path, encoding="utf-8") as file:
        table = json.load(file)["provenance"]["population"]
    x = np.array(table["x"])

    def function(y):
        return lambda inputs: np.interp(inputs, x, y)  # beyond the table it is constant

    return {float(level): function(np.array(y)) for level, y in table["y"].items()}


def settle(q, drive: float) -> np.ndarray:
    """Return the output of both populations after STEPS steps."""
    y = np.zeros(2)
    for _ in range(STEPS):
        y += DT_MS / TAU_MS * (q(drive + INPUTS_A_SPIKE * y[::-1]) - y)
    return y


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("level  drive (inputs)  output (spikes a burst)")
    for level, q in functions(sys.argv[1]).items():
        for drive in (20.0, 50.0, 80.0):
            print(f"{level:5g}  {drive:14g}  {settle(q, drive)[0]:.4f}")
