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
    "Shine 2018": "Shine, Aburn, Breakspear & Poldrack (2018), eLife 7:e31130",
    "Marreiros 2008": "Marreiros, Daunizeau, Kiebel & Friston (2008), NeuroImage 42:147",
    "Ramos & Arnsten 2007": "Ramos & Arnsten (2007), Pharmacol Ther 113:523",
    "Carr 2007": "Carr, Andrews, Glen & Lavin (2007), J Physiol 584:437",
    "Wang 2007": "Wang et al. (2007), Cell 129:397",
    "Labarrera 2018": "Labarrera et al. (2018), Cell Rep 23:1034",
    "Williams & Fletcher 2019": "Williams & Fletcher (2019), Neuron 101:76",
    "Seamans 2001": "Seamans, Durstewitz, Christie, Stevens & Sejnowski (2001), PNAS 98:301",
    "Jansen & Rit 1995": "Jansen & Rit (1995), Biol Cybern 73:357",
}
