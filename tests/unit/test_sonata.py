"""Is what SONATA cannot say of a network refused by name, before anything is written?"""

import pytest
from typer.testing import CliRunner

pytest.importorskip("h5py")

from dendmod.cli import app
from dendmod.errors import ExchangeError, SpecError
from dendmod.exchange.networks import write_sonata
from dendmod.network.drawn import draw_network


def test_what_cannot_be_said_is_named_all_at_once(tmp_path):
    spec, run = draw_network(1, between_samples="rest")
    assert spec.plasticity is not None
    warm = spec.output.cell.model_copy(update={"celsius": 20.0, "v_init": -60.0})
    spec = spec.model_copy(update={"output": spec.output.model_copy(update={"cell": warm})})
    with pytest.raises(ExchangeError) as refused:
        write_sonata(spec, run, tmp_path / "net")
    for name in ("plasticity", "between_samples", "celsius", "v_init"):
        assert name in str(refused.value)
    assert not (tmp_path / "net").exists()


def test_one_sample_may_start_from_rest_and_a_rule_may_be_frozen(tmp_path):
    spec, run = draw_network(1, between_samples="rest", n_samples=1, learn=False)
    assert write_sonata(spec, run, tmp_path / "net").nodes["hidden"] == spec.n_hidden


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    spec, run = draw_network(1, n_samples=1, learn=False)
    with pytest.raises(SpecError, match="not empty"):
        write_sonata(spec, run, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_writes_a_network_and_says_what_is_in_it(tmp_path):
    out = tmp_path / "net"
    done = CliRunner().invoke(app, ["network", "export", "--to", "sonata", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "nodes: hidden" in done.output
    assert (out / "circuit_config.json").is_file()
    for wrong, match in (
        (["--to", "sonnata"], "sonata"),
        (["--to", "sonata", "--model", "m"], "--data"),
    ):
        failed = CliRunner().invoke(
            app, ["network", "export", "--out", str(tmp_path / "b"), *wrong]
        )
        assert isinstance(failed.exception, SpecError)
        assert match in str(failed.exception)
