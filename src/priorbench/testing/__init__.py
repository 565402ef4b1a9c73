"""Checks of plugins, for their authors: what is wrong with one, and what would be right.

    from priorbench.testing import check_prior

    print(check_prior("median"))

or ``priorbench plugins check median``, or a class for pytest:

    class TestMedian(PriorChecks):
        name = "median"
        folders = ["plugins"]
"""

from priorbench.testing.api import (
    check_dataset,
    check_metric,
    check_plugin,
    check_prior,
    check_study,
    check_task,
)
from priorbench.testing.check import CheckFailed, Skipped
from priorbench.testing.experiments import GivenExperiment
from priorbench.testing.pytest_classes import (
    DatasetChecks,
    MetricChecks,
    PriorChecks,
    StudyChecks,
    TaskChecks,
)
from priorbench.testing.repeats import Repeat, check_repeats
from priorbench.testing.report import Report, Result, Verdict

__all__ = [
    "CheckFailed",
    "DatasetChecks",
    "GivenExperiment",
    "MetricChecks",
    "PriorChecks",
    "Repeat",
    "Report",
    "Result",
    "Skipped",
    "StudyChecks",
    "TaskChecks",
    "Verdict",
    "check_dataset",
    "check_metric",
    "check_plugin",
    "check_prior",
    "check_repeats",
    "check_study",
    "check_task",
]
