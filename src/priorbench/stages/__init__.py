"""The stages: what one job does. Each is a command and one rule of the workflow."""
