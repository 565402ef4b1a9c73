"""Runs checks one after another; those that run a plugin's code do so in another process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from priorbench.errors import MachineError, unknown
from priorbench.jobs.worker import WorkerDied, WorkerTimeout, messages
from priorbench.plugins.tracebacks import short_traceback
from priorbench.testing.catalogue import CHECKS, open_subject
from priorbench.testing.check import Check, CheckFailed, Skipped
from priorbench.testing.report import Result, Verdict
from priorbench.testing.source import Kind, Source

START_SECONDS = 60.0
"""Time that a process gets to start and to import torch."""


def chosen(kind: Kind, only: Sequence[str] | None) -> list[Check]:
    """Return the checks of a kind, or some of them.

    Raises:
        ValueError: a name is unknown.
    """
    checks = {each.name: each for each in CHECKS[kind]}
    for name in only or ():
        if name not in checks:
            raise ValueError(unknown(f"check of a {kind}", name, checks))
    return [each for name, each in checks.items() if only is None or name in only]


def results_of(source: Source, checks: Sequence[Check]) -> Iterator[Result]:
    """Yield how each check of a registered spec ended: first those in another process.

    A check that hangs or crashes fails, and a new process does the ones after it.

    Raises:
        PluginError: there is no such spec.
    """
    _ = source.entry
    failed: set[str] = set()
    waiting = [each.name for each in checks if not each.apart]
    while waiting:
        lost = ""
        began = time.monotonic()
        try:
            for result in messages(
                _work, (source, waiting, failed), limit=lambda last: _limit(source, last)
            ):
                _note(result, _named(source.kind, result.check), failed)
                yield result
                waiting = waiting[1:]
                began = time.monotonic()
        except WorkerTimeout:
            lost = (
                f"it took longer than {source.minutes:g} minutes and was stopped: "
                "give smaller parameters, or a higher limit"
            )
        except (WorkerDied, MachineError) as error:
            lost = f"{error}: code of a plugin must raise an exception, not end its process"
        if lost:
            check = _named(source.kind, waiting.pop(0))
            seconds = time.monotonic() - began
            failed.add(check.name)
            yield _result(str(source), check, Verdict.FAILED, lost, seconds)
    for check in checks:
        if check.apart:
            yield _run(str(source), check, source, failed)


def results_here(subject: object, checks: Sequence[Check]) -> Iterator[Result]:
    """Yield how each check of a given object ended, in this process."""
    failed: set[str] = set()
    for check in checks:
        yield _run(str(subject), check, subject, failed)


def _run(subject: str, check: Check, opened: object, failed: set[str]) -> Result:
    """Return how one check ended in this process.

    Args:
        subject: what is checked, in words.
        check: the check.
        opened: what its function gets.
        failed: the names of the checks that failed so far, or were skipped since one did that they
            need; this one's is added.
    """
    missing = [name for name in check.needs if name in failed]
    if missing:
        reason = f"it needs {missing[0]}, which failed or was skipped for the same reason"
        result = _result(subject, check, Verdict.SKIPPED, reason)
        _note(result, check, failed)
        return result
    began = time.monotonic()
    verdict, reason = Verdict.PASSED, ""
    try:
        check.run(opened)
    except Skipped as error:
        verdict, reason = Verdict.SKIPPED, str(error)
    except CheckFailed as error:
        verdict, reason = Verdict.FAILED, str(error)
    except (Exception, SystemExit) as error:
        verdict, reason = Verdict.FAILED, f"it raises:\n{short_traceback(error)}"
    result = _result(subject, check, verdict, reason, time.monotonic() - began)
    _note(result, check, failed)
    return result


def judged(result: Result, expected: Mapping[str, str]) -> Result:
    """Return a result in the light of the failures that are expected, by name, with reasons.

    One that is expected and does not come is a failure: the reason no longer holds.
    """
    why = expected.get(result.check)
    if why is None or result.verdict == Verdict.SKIPPED:
        return result
    if result.verdict == Verdict.FAILED:
        reason = f"expected: {why}\n{result.reason}"
        return _changed(result, Verdict.EXPECTED, reason)
    reason = f"it passes, but was expected to fail ({why}): take it out of expected_failures"
    return _changed(result, Verdict.FAILED, reason)


def _work(
    send: Callable[[Any], None], source: Source, names: Sequence[str], failed: set[str]
) -> None:
    """Run checks in the worker's process; send each result."""
    subject = open_subject(source)
    for name in names:
        check = _named(source.kind, name)
        send(_run(str(source), check, subject, failed))


def _limit(source: Source, last: object) -> float:
    return 60 * source.minutes + (START_SECONDS if last is None else 0)


def _note(result: Result, check: Check, failed: set[str]) -> None:
    """Add a check to those that failed, or were skipped since one did that they need."""
    if result.verdict == Verdict.FAILED or not failed.isdisjoint(check.needs):
        failed.add(check.name)


def _named(kind: Kind, name: str) -> Check:
    return next(each for each in CHECKS[kind] if each.name == name)


def _result(
    subject: str, check: Check, verdict: Verdict, reason: str = "", seconds: float = 0.0
) -> Result:
    return Result(subject, check.name, check.summary, verdict, reason, seconds)


def _changed(result: Result, verdict: Verdict, reason: str) -> Result:
    return Result(result.subject, result.check, result.summary, verdict, reason, result.seconds)
