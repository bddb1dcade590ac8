"""Figure 6 of Wybo et al. 2022."""
