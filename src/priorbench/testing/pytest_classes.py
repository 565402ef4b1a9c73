"""Classes for pytest: a subclass names what is checked, and each check is one test.

from priorbench.testing import PriorChecks

class TestMedian(PriorChecks):
    name = "median"
    folders = ["plugins"]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from priorbench.testing.catalogue import CHECKS
from priorbench.testing.report import Result, Verdict
from priorbench.testing.runner import chosen, judged, results_of
from priorbench.testing.source import MINUTES, Kind, Source

__all__ = ["DatasetChecks", "MetricChecks", "PriorChecks", "StudyChecks", "TaskChecks"]


class _Checks:
    """What all classes share.

    Attributes:
        name: the name that the plugin registers.
        folders: folders of plugins; none for an installed package.
        disable: names of plugins to leave out.
        parameters: where they differ from the defaults; of a prior, from its spec's ``small`` ones.
        tasks: names of the tasks to check a prior on; None for all that it declares.
        expected_failures: names of checks that fail for a good reason, with the reason; one that
            passes all the same is a failure.
        minutes: the limit of one check.
    """

    name: ClassVar[str]
    folders: ClassVar[Sequence[str | Path]] = ()
    disable: ClassVar[Sequence[str]] = ()
    parameters: ClassVar[Mapping[str, Any]] = {}
    tasks: ClassVar[Sequence[str] | None] = None
    expected_failures: ClassVar[Mapping[str, str]] = {}
    minutes: ClassVar[float] = MINUTES
    kind: ClassVar[Kind]

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Make one test of each check; pytest calls it."""
        chosen(self.kind, list(self.expected_failures))
        names = [each.name for each in CHECKS[self.kind]]
        metafunc.parametrize("check", names, ids=names)

    def test_check(self, check: str, request: Any) -> None:
        """Report how one check ended."""
        # It is there where this runs; the library itself does not need it.
        import pytest

        result = judged(self._result(check, request), self.expected_failures)
        if result.verdict == Verdict.SKIPPED:
            pytest.skip(result.reason)
        if result.verdict == Verdict.EXPECTED:
            pytest.xfail(result.reason)
        if result.verdict == Verdict.FAILED:
            pytest.fail(f"{result.summary}\n{result.reason}", pytrace=False)

    def _result(self, check: str, request: Any) -> Result:
        """Return the result of a check; all that were selected run in one process, in order."""
        kind = type(self)
        run = kind.__dict__.get("_run")
        if run is None:
            selected = {
                item.callspec.params["check"]
                for item in request.session.items
                if item.cls is kind and hasattr(item, "callspec")
            }
            run = _Run(self._source(), sorted(selected))
            kind._run = run  # type: ignore[attr-defined]  # of this class, not of its base
        return run.result(check)

    def _source(self) -> Source:
        return Source(
            kind=self.kind,
            name=self.name,
            folders=tuple(map(str, self.folders)),
            disable=tuple(self.disable),
            parameters=dict(self.parameters),
            tasks=None if self.tasks is None else tuple(self.tasks),
            minutes=self.minutes,
        )


class _Run:
    """The selected checks of one class, which run as their results are asked for."""

    def __init__(self, source: Source, names: Sequence[str]) -> None:
        self._coming: Iterator[Result] = results_of(source, chosen(source.kind, names))
        self._known: dict[str, Result] = {}

    def result(self, check: str) -> Result:
        while check not in self._known:
            result = next(self._coming)
            self._known[result.check] = result
        return self._known[check]


class PriorChecks(_Checks):
    """All checks of a prior; see :func:`.check_prior`."""

    kind = Kind.PRIOR


class TaskChecks(_Checks):
    """All checks of a task; see :func:`.check_task`."""

    kind = Kind.TASK


class MetricChecks(_Checks):
    """All checks of a metric; see :func:`.check_metric`."""

    kind = Kind.METRIC


class DatasetChecks(_Checks):
    """All checks of a data set; see :func:`.check_dataset`."""

    kind = Kind.DATASET


class StudyChecks(_Checks):
    """All checks of a study; see :func:`.check_study`."""

    kind = Kind.STUDY
