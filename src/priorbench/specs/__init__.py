"""Specifications: what plugins hand over, and the sections that they share with the configuration."""

from priorbench.specs.kinds import (
    NAME,
    DatasetSpec,
    MetricSpec,
    Parameters,
    PriorSpec,
    Record,
    Resources,
    StudySpec,
    TaskSpec,
)

__all__ = [
    "NAME",
    "DatasetSpec",
    "MetricSpec",
    "Parameters",
    "PriorSpec",
    "Record",
    "Resources",
    "StudySpec",
    "TaskSpec",
]
