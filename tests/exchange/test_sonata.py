"""Does a reader of SONATA that is not ours find the network in the files?"""

import csv

import numpy as np
import pytest

libsonata = pytest.importorskip("libsonata", reason="libsonata is not installed here")
pytest.importorskip("h5py")

from dendmod.exchange.networks import write_sonata  # noqa: E402
from dendmod.network.drawn import draw_network  # noqa: E402
from dendmod.network.events import events, wires  # noqa: E402


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    spec, run = draw_network(4, layers=True, learn=False, between_samples="carry")
    folder = tmp_path_factory.mktemp("sonata") / "net"
    return spec, run, folder, write_sonata(spec, run, folder)


@pytest.fixture(scope="module")
def circuit(written):
    return libsonata.CircuitConfig.from_file(str(written[2] / "circuit_config.json"))


def test_populations_have_the_cells_of_the_layers(written, circuit):
    spec, _, folder, done = written
    assert circuit.node_populations == set(done.nodes)
    for layer in spec.layers:
        population = circuit.node_population(layer.name)
        assert population.size == len(layer.cells)
        # libsonata reads no table of types
        lines = (folder / "network" / f"{layer.name}_types.csv").read_text().splitlines()
        for row in csv.DictReader(lines, delimiter=" "):
            assert row["model_type"] == "biophysical"
            name = row["model_template"].removeprefix("hoc:")
            assert (folder / "components" / "cells" / f"{name}.hoc").is_file()
    assert circuit.node_population("inputs").size == spec.n_inputs
    assert circuit.node_population_properties("inputs").type == "virtual"
    assert circuit.node_population_properties("hidden").type == "biophysical"


def matrix(population, name="syn_weight"):
    every = population.select_all()
    ends = population.source_nodes(every), population.target_nodes(every)
    return *ends, population.get_attribute(name, every)


def test_edges_have_the_weights_delays_and_places(written, circuit):
    spec, run, _, done = written
    assert circuit.edge_populations == set(done.edges)
    expected = {"inputs_to_hidden_current": spec.feedforward.weights}
    expected["hidden_to_output_current"] = spec.output.weights[:, None]
    delays, places = {}, {}
    for number, wire in enumerate(wires(spec, run)):
        name = f"{wire.of.source}_to_{wire.of.target}_{wire.of.receptor}_{number}"
        expected[name] = wire.weights
        delays[name], places[name] = wire.delay * run.dt, wire.of.compartment
    assert len(delays) > 3
    for name, weights in expected.items():
        population = circuit.edge_population(name)
        found = np.zeros(weights.shape)
        source, target, values = matrix(population)
        found[source, target] = values
        np.testing.assert_array_equal(found, weights, err_msg=name)
        every = population.select_all()
        if name in delays:
            np.testing.assert_allclose(population.get_attribute("delay", every), delays[name])
            at = population.get_attribute("afferent_section_id", every)
            assert set(at) == {places[name]}


def test_each_cell_has_its_edges_by_the_indices(written, circuit):
    _, _, _, done = written
    for name, n in done.edges.items():
        population = circuit.edge_population(name)
        source, target, _ = matrix(population)
        seen = 0
        for node in range(circuit.node_population(population.target).size):
            edges = population.afferent_edges([node]).flatten()
            assert set(edges) == set(np.flatnonzero(target == node)), name
            seen += len(edges)
        assert seen == n
        for node in range(circuit.node_population(population.source).size):
            edges = population.efferent_edges([node]).flatten()
            assert set(edges) == set(np.flatnonzero(source == node)), name


def test_contexts_are_sources_of_their_own(written, circuit):
    spec, run, folder, _ = written
    nodes = circuit.node_population("context")
    every = nodes.select_all()
    context, cell, compartment = (
        nodes.get_attribute(x, every) for x in ("context", "cell", "compartment")
    )
    edges = circuit.edge_population("context_to_hidden")
    source, target, weights = matrix(edges)
    np.testing.assert_array_equal(target, cell[source])
    row = {c: i for i, c in enumerate(spec.context.compartments)}
    for s, w in zip(source, weights, strict=True):
        assert w == spec.context.weights[context[s], cell[s], row[compartment[s]]]
    reader = libsonata.SpikeReader(str(folder / "context_spikes.h5"))
    spikes = reader["context"].get_dict()
    length = run.duration
    sample = ((spikes["timestamps"] - run.settle_steps * run.dt + 1e-9) // length).astype(int)
    np.testing.assert_array_equal(context[spikes["node_ids"]], run.samples.context[sample])


def test_the_spikes_of_every_source_are_there(written):
    spec, run, folder, done = written
    given = [events(spec, run, i) for i in range(len(run.samples))]
    reader = libsonata.SpikeReader(str(folder / "inputs_spikes.h5"))
    found = sorted(reader["inputs"].get())
    start = [(run.settle_steps + i * run.n_steps) for i in range(len(given))]
    expected = sorted(
        (int(node), (at + int(step)) * run.dt)
        for at, e in zip(start, given, strict=True)
        for node, step in zip(e.feedforward_input, e.feedforward_step, strict=True)
    )
    assert found == expected
    assert done.spikes["context"] == sum(e.context.step.size for e in given)


def test_the_simulation_says_step_threshold_and_conditions(written):
    spec, run, folder, done = written
    said = libsonata.SimulationConfig.from_file(str(folder / "simulation_config.json"))
    assert said.run.dt == run.dt
    assert said.run.spike_threshold == spec.threshold
    assert said.conditions.v_init == spec.hidden[0].v_init
    assert said.conditions.celsius == spec.hidden[0].celsius
    assert set(said.list_input_names) == set(done.spikes)
