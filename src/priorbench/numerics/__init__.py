"""Patches, tiles, threads and precision: what priors and solvers share."""
