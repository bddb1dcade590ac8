"""Is every conversion the number that its name says?"""

from fractions import Fraction

import pytest
from scipy import constants

from dendmod import units

PREFIX = {"M": 6, "": 0, "C": -2, "U": -6, "N": -9, "P": -12}  # MA and MOHM are told apart below
BASE = ("OHM", "S", "F", "A", "M")
NAMES = sorted(name for name in vars(units) if "_IN_" in name)


def exponent(unit: str) -> int:
    """Power of ten of a unit over the product of its base units."""
    if unit == "MA":
        return -3  # milli, as all currents and voltages here; mega belongs to resistance
    power = int(unit[-1]) if unit[-1].isdigit() else 1
    unit = unit.rstrip("2")
    base = next(b for b in BASE if unit.endswith(b) and unit.removesuffix(b) in PREFIX)
    return power * PREFIX[unit.removesuffix(base)]


def size(text: str) -> Fraction:
    over = text.removeprefix("PER_").split("_PER_") if not text.startswith("PER_") else None
    if over is None:
        return 1 / size(text.removeprefix("PER_"))
    top, *under = over
    power = sum(exponent(u) for u in top.split("_")) - sum(exponent(u) for u in under)
    return Fraction(10) ** power


@pytest.mark.parametrize("name", NAMES)
def test_a_conversion_is_what_its_name_says(name):
    given, wanted = name.split("_IN_")
    assert getattr(units, name) == float(size(given) / size(wanted))


def test_constants_of_nature_are_those_of_codata():
    assert pytest.approx(constants.e * constants.N_A, rel=1e-10) == units.FARADAY
    assert pytest.approx(constants.R, rel=1e-10) == units.GAS


def test_there_are_conversions():
    assert len(NAMES) >= 14
