"""Figure 4 of Wybo et al. 2022."""
