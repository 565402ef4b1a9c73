"""What priors that are neural networks share: parameters of a training (no torch), layers, steps, the training."""
