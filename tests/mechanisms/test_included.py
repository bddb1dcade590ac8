"""Is what a .mod file INCLUDEs read as its own, and does a change of it count?"""

from pathlib import Path

import pytest

from dendmod.errors import MechanismError
from dendmod.mechanisms.cache import content_hash
from dendmod.mechanisms.included import source
from dendmod.mechanisms.nmodl import equations_of

WITHIN = Path(__file__).with_name("forms") / "KCaKinetic.mod"


def copied(folder: Path, change: str = "") -> Path:
    for name in (WITHIN.name, "kca_rates.inc"):
        (folder / name).write_text(WITHIN.with_name(name).read_text())
    included = folder / "kca_rates.inc"
    included.write_text(included.read_text() + change)
    return folder / WITHIN.name


def test_an_included_file_is_read_as_if_it_stood_there(tmp_path):
    whole = tmp_path / "Whole.mod"
    whole.write_bytes(source(WITHIN))
    assert b"INCLUDE" not in whole.read_bytes()
    one, other = equations_of(WITHIN), equations_of(whole)
    assert not one.refusals
    assert (one.values, one.depends) == (other.values, other.depends)
    assert one.steps[0].derivatives[0].value == other.steps[0].derivatives[0].value


def test_lines_after_an_included_file_keep_their_numbers(tmp_path):
    path = copied(tmp_path)
    path.write_text(path.read_text() + "BEFORE STEP { g = 0 }\n")
    refused = equations_of(path).refusals[0]
    assert refused.line == len(path.read_text().splitlines())


def test_a_change_of_an_included_file_changes_the_hash(tmp_path):
    before = content_hash(copied(tmp_path).parent)
    assert content_hash(copied(tmp_path).parent) == before
    assert content_hash(copied(tmp_path, change=": other\n").parent) != before


def test_a_file_that_is_not_there_is_named_with_its_line(tmp_path):
    path = copied(tmp_path)
    (tmp_path / "kca_rates.inc").unlink()
    line = len(path.read_text().splitlines())
    with pytest.raises(MechanismError, match=rf'line {line}: INCLUDE "kca_rates.inc"'):
        equations_of(path)
    (tmp_path / "kca_rates.inc").write_text('INCLUDE "kca_rates.inc"\n')
    with pytest.raises(MechanismError, match="include each other"):
        equations_of(path)


def test_include_within_a_comment_is_text(tmp_path):
    path = tmp_path / "A.mod"
    path.write_text('COMMENT\nINCLUDE "none.inc"\nENDCOMMENT\n')
    assert source(path) == path.read_bytes()
