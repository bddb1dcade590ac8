"""Does --set run every combination of values, and refuse what cannot be meant?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dendmod.errors import SpecError
from dendmod.protocol import load_grid, load_protocol, load_variants
from dendmod.spec.grid import grid_points, parse_grid

value = st.one_of(
    st.integers(-1000, 1000),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x != int(x)),
    st.sampled_from(["SD", "2 SD", "falling impedance", "l5pc"]),
)
grids = st.dictionaries(
    st.from_regex(r"[a-z_]{1,8}\.[a-z_]{1,8}", fullmatch=True),
    st.lists(value, min_size=1, max_size=4, unique_by=str),
    max_size=3,
)


@given(grids)
def test_what_is_written_is_read(grid):
    settings = [f"{field}={','.join(map(str, values))}" for field, values in grid.items()]
    read = parse_grid(settings)
    assert read == {field: tuple(values) for field, values in grid.items()}
    points = grid_points(read)
    count = 1
    for values in grid.values():
        count *= len(values)
    assert len(points) == len({str(p) for p in points}) == count


def test_values_are_toml_and_text_needs_no_quotes():
    read = parse_grid(["a.b=[0, 3],[0]", "c=true,false", 'd="a,b"', "e=2 SD, SD", "f=-1e-3"])
    assert read == {
        "a.b": ([0, 3], [0]), "c": (True, False), "d": ("a,b",), "e": ("2 SD", "SD"), "f": (-1e-3,),
    }  # fmt: skip


def test_a_grid_of_a_protocol_is_every_combination():
    loaded = load_grid("fig1", {"run.seed": 9}, parse_grid(["run.dt_ms=0.05,0.1", "sites.n=20,21"]))
    asked = [(p.run.dt_ms, p.sites.n, p.run.seed) for p in loaded.protocols.values()]
    assert asked == [(0.05, 20, 9), (0.05, 21, 9), (0.1, 20, 9), (0.1, 21, 9)]
    assert list(loaded.protocols)[1] == "run.dt_ms=0.05 sites.n=21"
    assert loaded.points["run.dt_ms=0.05 sites.n=21"] == {"run.dt_ms": 0.05, "sites.n": 21}


def test_a_grid_of_readings_is_every_combination_in_every_variant():
    variants = load_variants("fig1_readings")[2]
    loaded = load_grid("fig1_readings", None, parse_grid(["run.seed=1,2"]))
    assert len(loaded.protocols) == 2 * len(variants)
    assert loaded.protocols["sites at x = 0.5: run.seed=2"].run.seed == 2
    assert loaded.protocols["sites at x = 0.5: run.seed=2"].sites.x == 0.5


def test_without_a_grid_nothing_changes():
    path, title, protocols = load_variants("fig1_readings")
    loaded = load_grid("fig1_readings")
    assert (loaded.path, loaded.title, loaded.protocols) == (path, title, protocols)


def test_trials_of_a_grid_are_those_that_run_quick_or_not():
    grid = parse_grid(["run.trials=1,8"])
    for quick in (True, False):
        for name, protocol in load_grid("fig1", None, grid, quick=quick).protocols.items():
            assert protocol.run.trials == int(name.partition("=")[2])
    with pytest.raises(SpecError, match=r"run.trials is given by --set and by an option"):
        load_grid("fig1", {"run.trials": 3}, grid)


def test_the_quick_scale_is_smaller_and_changes_come_after_it():
    full, quick = load_protocol("fig1"), load_protocol("fig1", quick=True)
    assert quick.levels == {"shunt": (0, 60, 120), "nmda": (0, 11, 20)}
    assert (quick.run.trials, quick.clamp.runs) == (4, 3)
    assert (quick.io.resolution, quick.io.bootstraps) == (12, 200)
    assert full.levels["shunt"] == full.arms["shunt"].levels
    assert load_protocol("fig1", {"run.trials": 7}, quick=True).run.trials == 7
    assert quick.quick() == quick


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["run.dt_ms"], "write FIELD=V1,V2"),
        (["=3"], "write FIELD=V1,V2"),
        (["run.dt_ms="], "write FIELD=V1,V2"),
        (["sites.order=SD,,random"], "nothing between two commas"),
        (["run.seed=1,1"], "each of its values once"),
        (["run.seed=1", "run.seed=2"], "give each field once"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings, said):
    with pytest.raises(SpecError, match=said):
        parse_grid(settings)


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [
        ("fig1", "run.dt=0.1", "there is no field 'run.dt'.*Did you mean 'dt_ms'"),
        ("fig1", "run.dt_ms=5", "less than or equal to 0.2"),
        ("fig1", "run.seed=3", "by --set and by an option"),
        ("fig1_readings", "sites.x=0.3", "'sites at x = 0.5' sets sites.x itself"),
    ],
)
def test_fields_that_cannot_be_set_are_named(name, setting, said):
    with pytest.raises(SpecError, match=said):
        load_grid(name, {"run.seed": 1}, parse_grid([setting]))
