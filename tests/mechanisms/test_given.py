"""Which RANGE variables of a .mod file are set from outside?"""

from dendmod.mechanisms.catalogue import mechanism_set, parse
from dendmod.mechanisms.given import given_variables

FILE = """
NEURON { SUFFIX leaky RANGE g, e, gmax, seen, table, gone NONSPECIFIC_CURRENT i }
: e = -70 in a comment
COMMENT e = -60 ENDCOMMENT
PARAMETER { g = 0.1 }
ASSIGNED { v e gmax i seen table[2] }
BREAKPOINT {
    if (gmax == 0) { seen = 1 }
    table[0] = g
    i = gmax*g*(v - e)
}
"""


def test_what_is_read_and_never_assigned_is_given(tmp_path):
    (tmp_path / "leaky.mod").write_text(FILE)
    assert given_variables(parse(tmp_path / "leaky.mod")) == ("e", "gmax")


def test_dendmods_own_files_declare_what_they_need():
    known = mechanism_set().mechanisms.values()
    assert not {m.suffix: given_variables(m) for m in known if given_variables(m)}
