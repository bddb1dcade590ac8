"""IO curves over cells, orders of sites and readings: Figure 2's open question."""
