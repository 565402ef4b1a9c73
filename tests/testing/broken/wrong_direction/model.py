"""Broken: its record says that a larger error is better."""

from ..sound_metric.model import Model  # noqa: F401
