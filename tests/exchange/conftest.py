"""Largest error of each program, printed after the tests."""

import pytest

ERRORS: dict[str, float] = {}


@pytest.fixture
def report():
    """Hand in an error of a program; the largest is printed."""

    def hand_in(program: str, error: float) -> float:
        ERRORS[program] = max(ERRORS.get(program, 0.0), float(error))
        return float(error)

    return hand_in


def pytest_terminal_summary(terminalreporter):
    if ERRORS:
        terminalreporter.section("largest error of y (spikes per burst)")
        for program, error in ERRORS.items():
            terminalreporter.write_line(f"{program:24s}{error:.2g}")
