"""Figure S3 of Wybo et al. 2022."""
