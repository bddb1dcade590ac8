"""Steady state and time constant (ms) of each gate, as expressions that Brian2 and Python read.

The equations are those of ``mechanisms/*.mod``, which name their sources; tests hold these against
them point by point. ``exprel(x)`` is ``(exp(x) - 1)/x``, ``int()`` of a condition 0 or 1.
"""

# the factor of temperature with the six digits that NEURON keeps of it
QT = "2.95288"

# a and b, where a line has them, are rates (1/ms): lines, steady state, time constant, power
GATES: dict[str, list[tuple[tuple[str, ...], str, str, int]]] = {
    "NaTa_t": [
        (
            ("a = 1.092/exprel(-(v + 38)/6)", "b = 0.744/exprel((v + 38)/6)"),
            "a/(a + b)",
            f"1/(a + b)/{QT}",
            3,
        ),
        (
            ("a = 0.09/exprel((v + 66)/6)", "b = 0.09/exprel(-(v + 66)/6)"),
            "a/(a + b)",
            f"1/(a + b)/{QT}",
            1,
        ),
    ],
    "NaTs2_t": [
        (
            ("a = 1.092/exprel(-(v + 32)/6)", "b = 0.744/exprel((v + 32)/6)"),
            "a/(a + b)",
            f"1/(a + b)/{QT}",
            3,
        ),
        (
            ("a = 0.09/exprel((v + 60)/6)", "b = 0.09/exprel(-(v + 60)/6)"),
            "a/(a + b)",
            f"1/(a + b)/{QT}",
            1,
        ),
    ],
    "Im": [
        (
            ("a = 0.0033*exp(0.1*(v + 35))", "b = 0.0033*exp(-0.1*(v + 35))"),
            "a/(a + b)",
            f"1/(a + b)/{QT}",
            1,
        ),
    ],
    "Nap_Et2": [
        (
            ("a = 1.092/exprel(-(v + 38)/6)", "b = 0.744/exprel((v + 38)/6)"),
            "1/(1 + exp(-(v + 52.6)/4.6))",
            f"6/(a + b)/{QT}",
            3,
        ),
        (
            (
                "a = 1.33344e-5/exprel((v + 17)/4.63)",
                "b = 1.82522e-5/exprel(-(v + 64.4)/2.63)",
            ),
            "1/(1 + exp((v + 48.8)/10))",
            f"1/(a + b)/{QT}",
            1,
        ),
    ],
    "K_Tst": [
        (
            (),
            "1/(1 + exp(-(v + 10)/19))",
            f"(0.34 + 0.92*exp(-((v + 81)/59)*((v + 81)/59)))/{QT}",
            4,
        ),
        (
            (),
            "1/(1 + exp((v + 76)/10))",
            f"(8 + 49*exp(-((v + 83)/23)*((v + 83)/23)))/{QT}",
            1,
        ),
    ],
    "K_Pst": [
        (
            ("a = int(v < -60)",),
            "1/(1 + exp(-(v + 11)/12))",
            f"(1.25 + (13 + 162.03*a)*exp((0.052*a - 0.026)*(v + 10)))/{QT}",
            2,
        ),
        (
            (),
            "1/(1 + exp((v + 64)/11))",
            f"(360 + (1010 + 24*(v + 65))*exp(-((v + 85)/48)*((v + 85)/48)))/{QT}",
            1,
        ),
    ],
    "SKv3_1": [
        ((), "1/(1 + exp(-(v - 18.7)/9.7))", "4/(1 + exp(-(v + 46.56)/44.14))", 1),
    ],
    "Ca_HVA": [
        (
            ("a = 0.209/exprel(-(v + 27)/3.8)", "b = 0.94*exp(-(v + 75)/17)"),
            "a/(a + b)",
            "1/(a + b)",
            2,
        ),
        (
            ("a = 0.000457*exp(-(v + 13)/50)", "b = 0.0065/(1 + exp(-(v + 15)/28))"),
            "a/(a + b)",
            "1/(a + b)",
            1,
        ),
    ],
    "Ca_LVAst": [
        ((), "1/(1 + exp(-(v + 40)/6))", f"(5 + 20/(1 + exp((v + 35)/5)))/{QT}", 2),
        ((), "1/(1 + exp((v + 90)/6.4))", f"(20 + 50/(1 + exp((v + 50)/7)))/{QT}", 1),
    ],
    "Ih": [
        (
            ("a = 0.076517/exprel((v + 154.9)/11.9)", "b = 0.193*exp(v/33.1)"),
            "a/(a + b)",
            "1/(a + b)",
            1,
        ),
    ],
}
# the channel that calcium opens: half activation (mM), Hill exponent, time constant (ms)
CALCIUM_GATED = {"SK_E2": (0.00043, 4.8, 1.0)}
POOL = "CaDynamics_E2"
CALCIUM_CHANNELS = ("Ca_HVA", "Ca_LVAst")  # their current feeds the pool, reversal by Nernst


def gate_names(suffix: str) -> list[str]:
    """Return names of the gates of a channel: ``NaTa_t_0``, ``NaTa_t_1``."""
    if suffix in CALCIUM_GATED:
        return [f"{suffix}_0"]
    return [f"{suffix}_{i}" for i in range(len(GATES[suffix]))]


def conductance(suffix: str) -> str:
    """Return the product of the powers of a channel's gates as an expression."""
    if suffix in CALCIUM_GATED:
        return gate_names(suffix)[0]
    powers = [g[3] for g in GATES[suffix]]
    return "*".join(
        "*".join([name] * power) for name, power in zip(gate_names(suffix), powers, strict=True)
    )
