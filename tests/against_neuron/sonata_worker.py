"""Runs a network from its SONATA files with plain NEURON and h5py; dendmod is not imported.

Prints the spikes of each population of cells, as pairs of node and time (ms), and potentials.
"""

import csv
import json
import sys
from pathlib import Path

import h5py
from neuron import h


def types(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=" "))


def place(folder: Path, circuit: dict, text: str) -> Path:
    for key, value in circuit["manifest"].items():
        text = text.replace(key, value)
    return folder / text


def main(folder: Path, library: str) -> None:
    simulation = json.loads((folder / "simulation_config.json").read_text())
    circuit = json.loads((folder / simulation["network"]).read_text())
    components = circuit["components"]
    h.load_file("stdrun.hoc")
    h.nrn_load_dll(library)
    cells, somata, sources, keep = {}, {}, {}, []
    for entry in circuit["networks"]["nodes"]:
        (name,) = entry["populations"]
        kinds = types(place(folder, circuit, entry["node_types_file"]))
        with h5py.File(place(folder, circuit, entry["nodes_file"])) as file:
            type_of = file[f"nodes/{name}/node_type_id"][:]
        if kinds[0]["model_type"] == "virtual":
            sources[name] = len(type_of)
            continue
        for kind in kinds:
            template = kind["model_template"].removeprefix("hoc:")
            hoc = place(folder, circuit, components["biophysical_neuron_models_dir"])
            h.load_file(str(hoc / f"{template}.hoc"))
            kind["template"] = template
        made = [getattr(h, kinds[int(t)]["template"])() for t in type_of]
        cells[name] = [[cell.soma, *(cell.dend if n > 1 else ())] for cell in made
                       for n in [len(list(cell.all))]]  # fmt: skip
        keep += made
        for i, sections in enumerate(cells[name]):
            somata[name, i] = sections[0]
    threshold = simulation["run"]["spike_threshold"]
    given, later = {}, []
    for name in sources:
        with h5py.File(folder / simulation["inputs"][name]["spike_file"]) as file:
            times = file[f"spikes/{name}/timestamps"][:]
            ids = file[f"spikes/{name}/node_ids"][:]
        for i in range(sources[name]):
            given[name, i] = times[ids == i]
    for entry in circuit["networks"]["edges"]:
        (name,) = entry["populations"]
        (kind,) = types(place(folder, circuit, entry["edge_types_file"]))
        synapses = place(folder, circuit, components["synaptic_models_dir"])
        parameters = json.loads((synapses / kind["dynamics_params"]).read_text())
        with h5py.File(place(folder, circuit, entry["edges_file"])) as file:
            group = file[f"edges/{name}"]
            of = {end: group[f"{end}_node_id"].attrs["node_population"] for end in
                  ("source", "target")}  # fmt: skip
            columns = [group[x][:] for x in ("source_node_id", "target_node_id")]
            at = ("afferent_section_id", "afferent_section_pos", "syn_weight", "delay")
            columns += [group[f"0/{x}"][:] for x in at]
        for source, target, section, x, weight, delay in zip(*columns, strict=True):
            point = getattr(h, kind["model_template"])(cells[of["target"]][target][section](x))
            for key, value in parameters.items():
                setattr(point, key, value)
            if of["source"] in sources:
                netcon = h.NetCon(None, point)
                later += [(netcon, t + delay) for t in given[of["source"], int(source)]]
            else:
                soma = somata[of["source"], int(source)]
                netcon = h.NetCon(soma(0.5)._ref_v, point, sec=soma)
                netcon.threshold = threshold
            netcon.weight[0], netcon.delay = weight, delay
            keep += [point, netcon]
    spikes = {}
    for (name, _), soma in somata.items():
        netcon, times = h.NetCon(soma(0.5)._ref_v, None, sec=soma), h.Vector()
        netcon.threshold = threshold
        netcon.record(times)
        keep.append(netcon)
        spikes.setdefault(name, []).append(times)
    v = [h.Vector().record(soma(0.5)._ref_v) for soma in somata.values()]
    h.celsius = simulation["conditions"]["celsius"]
    h.dt = simulation["run"]["dt"]
    h.steps_per_ms = 1 / h.dt
    h.finitialize(simulation["conditions"]["v_init"])
    for netcon, t in later:
        netcon.event(t)
    for _ in range(round(simulation["run"]["tstop"] / h.dt)):
        h.fadvance()
    found = {name: [[i, t] for i, vector in enumerate(of) for t in vector]
             for name, of in spikes.items()}  # fmt: skip
    print(json.dumps({"spikes": found, "v": [list(x) for x in v]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
