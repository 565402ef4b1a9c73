"""Training of neural networks: parameters, optimiser, checkpoints, weights."""
