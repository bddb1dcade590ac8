"""Learning to switch tasks at dendritic synapses (Wybo et al. 2022, Figures 5 and S3)."""
