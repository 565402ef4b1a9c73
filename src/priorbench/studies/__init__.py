"""What studies share: their view of an experiment, and what they find."""
