"""Where a number comes from; `dendmod cite` prints the sources behind a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """A paper, by its key in `PAPERS`, the place in it, and what to know about it."""

    key: str
    locator: str = ""
    note: str = ""

    def __str__(self) -> str:
        return f"{self.key}, {self.locator}" if self.locator else self.key

    @property
    def place(self) -> str:
        """The place in the paper with the note on it."""
        note = f"({self.note})" if self.note else ""
        return " ".join(part for part in (self.locator, note) if part)


PAPERS = {
    "Hay 2011": "Hay, Hill, Schürmann, Markram & Segev (2011), PLoS Comput Biol 7:e1002107, "
    "doi:10.1371/journal.pcbi.1002107",
    "Wybo 2021": "Wybo, Jordan, Ellenberger, Marti Mengual, Nevian & Senn (2021), eLife 10:e60936",
    "Wybo 2022": "Wybo, Tsai, Tran, Illing, Jordan, Morrison & Senn (2023), PNAS "
    "120:e2300558120, doi:10.1073/pnas.2300558120; places are those of the preprint of 2022",
    "Wyrick 2021": "Wyrick & Mazzucato (2021), J Neurosci 41:3988, "
    "doi:10.1523/JNEUROSCI.1895-20.2021",
    "Shine 2021": "Shine, Müller, Munn, Cabral, Moran & Breakspear (2021), Nat Neurosci 24:765, "
    "doi:10.1038/s41593-021-00824-6",
    "Shine 2018": "Shine, Aburn, Breakspear & Poldrack (2018), eLife 7:e31130",
    "Marreiros 2008": "Marreiros, Daunizeau, Kiebel & Friston (2008), NeuroImage 42:147",
    "Ramos & Arnsten 2007": "Ramos & Arnsten (2007), Pharmacol Ther 113:523",
    "Carr 2007": "Carr, Andrews, Glen & Lavin (2007), J Physiol 584:437",
    "Wang 2007": "Wang et al. (2007), Cell 129:397",
    "Labarrera 2018": "Labarrera et al. (2018), Cell Rep 23:1034",
    "Williams & Fletcher 2019": "Williams & Fletcher (2019), Neuron 101:76",
    "Jansen & Rit 1995": "Jansen & Rit (1995), Biol Cybern 73:357",
}


def read_source(text: str) -> Source | None:
    """Return the source that a text such as ``"Wybo 2022, Table 1"`` names, if it names one."""
    key, _, locator = text.partition(", ")
    return Source(key, locator) if key in PAPERS and locator else None


def sources_in(value: Any) -> Iterator[Source]:
    """Yield every source in a value: itself, or those in what a collection or dataclass holds."""
    if isinstance(value, Source):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from sources_in(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from sources_in(inner)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from sources_in(getattr(value, field.name))
