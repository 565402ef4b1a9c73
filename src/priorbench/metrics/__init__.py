"""Measures of a restoration: fidelity to the clean image, consistency with the observation."""
