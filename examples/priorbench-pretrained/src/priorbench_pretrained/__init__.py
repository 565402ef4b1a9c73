"""Trained denoisers that ship inside Python packages, as priors of priorbench."""
