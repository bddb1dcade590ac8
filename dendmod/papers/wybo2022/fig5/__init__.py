"""Figure 5 of Wybo et al. 2022."""
