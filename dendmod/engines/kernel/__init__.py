"""The fast engine: networks of few-compartment cells, and many trials of a full cell."""
