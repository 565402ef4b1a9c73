"""What there is to know of an experiment while it runs and afterwards."""
