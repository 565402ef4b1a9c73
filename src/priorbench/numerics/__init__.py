"""What priors and solvers share: patches, tiles, constants, threads and precision."""
