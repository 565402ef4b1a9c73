"""Neural networks: training, optimiser, layers, and fast forms of the layers for the CPU."""
