"""Run in a process of its own: what NEURON computes of mechanisms that are held at given values."""

import json
import sys

from dendmod.engines.neuron.session import Session, h
from dendmod.mechanisms import mechanism_set

CONDUCTING_BESIDE = {"CaShell": "CaHva", "CaDynamics_E2": "Ca_HVA", "CalShell": "CalGhk"}


def main(given: dict) -> None:
    """Hold every mechanism at every point; print states and variables before and after a step."""
    known = mechanism_set(tuple(given["folders"]))
    out: dict[str, list] = {name: [] for name in given["names"]}
    with Session(
        dt=given["dt"], celsius=given["celsius"], mechanism_folders=tuple(given["folders"]),
        coreneuron=False,
    ) as session:  # fmt: skip
        held = {name: Held(known.get(name), given) for name in given["names"]}
        for point in given["points"]:
            for one in held.values():
                one.put(point)
            h.finitialize(point["v"])
            steady = {name: one.states() for name, one in held.items()}
            for one in held.values():
                one.put(point)
            h.fcurrent()
            before = {name: one.look() for name, one in held.items()}
            session.advance(given["dt"])
            for name, one in held.items():
                row = {"initial": steady[name], "before": before[name], "after": one.states()}
                out[name].append(row)
        del held, one
    print(json.dumps(out))


class Held:
    """A mechanism in a section whose potential does not move."""

    def __init__(self, mechanism, given) -> None:
        self.mechanism = mechanism
        self.section = h.Section(name=f"of_{mechanism.suffix}")
        self.section.L = self.section.diam = 7
        self.section.cm = 1e12
        place = self.section(0.5)
        if mechanism.kind == "density":
            self.section.insert(mechanism.suffix)
            self.own = getattr(place, mechanism.suffix)
        else:
            self.own = getattr(h, mechanism.suffix)(place)
        if mechanism.suffix in CONDUCTING_BESIDE:
            beside = known_maximal(CONDUCTING_BESIDE[mechanism.suffix], given)
            self.section.insert(beside[0])
            setattr(getattr(place, beside[0]), beside[1], 1e-3)
        for name in mechanism.maximal:
            setattr(self.own, name, given["maximal"])
        self.place = place
        self.ions = sorted({n for i in mechanism.ions for n in (*i.reads, *i.writes)})

    def _get(self, name: str) -> float:
        return getattr(self.place if name in self.ions else self.own, name)

    def states(self) -> list:
        return [self._get(name) for name in self.mechanism.states]

    def put(self, point: dict) -> None:
        for i, name in enumerate(self.mechanism.states):
            where = self.place if name in self.ions else self.own
            setattr(where, name, point["states"][i] * (1e-3 if name in self.ions else 1))
        for name in self.ions:
            if name in point and name not in self.mechanism.states:
                setattr(self.place, name, point[name])

    def look(self) -> dict:
        names = {*self.mechanism.states, *self.ions, *self.mechanism.variables}
        names |= set(self.mechanism.parameter_names) | {"i"} & set(dir(self.own))
        return {name: self._get(name) for name in sorted(names)}


def known_maximal(suffix: str, given: dict) -> tuple[str, str]:
    return suffix, mechanism_set(tuple(given["folders"])).get(suffix).maximal[0]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
