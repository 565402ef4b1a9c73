"""Measures of a restoration: fidelity, consistency with the observation, naturalness."""
