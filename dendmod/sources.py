"""Where a number comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A paper and the place in it."""

    key: str
    locator: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.key}, {self.locator}"


@dataclass(frozen=True)
class Sourced:
    """A number with its unit and its source."""

    value: float
    unit: str
    source: Source


PAPERS = {
    "Hay 2011": "Hay, Hill, Schuermann, Markram & Segev (2011), PLoS Comput Biol 7:e1002107",
    "Wybo 2022": "Wybo, Tsai, Tran, Illing, Jordan, Morrison & Senn (2022)",
    "Wybo 2021": "Wybo, Jordan, Ellenberger, Marti Mengual, Nevian & Senn (2021), eLife 10:e60936",
    "Wyrick 2021": "Wyrick & Mazzucato (2021)",
    "Shine 2021": "Shine et al. (2021)",
}
