"""What checks found: one result for each of them, and a report for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Report", "Result", "Verdict"]

INDENT = "    "


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    EXPECTED = "failed as expected"


@dataclass(frozen=True)
class Result:
    """How one check of one subject ended.

    Args:
        subject: what was checked, for example ``prior median``.
        check: the check's name.
        summary: what holds where it passes.
        verdict: how it ended.
        reason: of a failure what is wrong and what would be right, of a skip why; else empty.
        seconds: how long it took.
    """

    subject: str
    check: str
    summary: str
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """All results of a run of checks.

    Args:
        results: in the order in which the checks are listed.
    """

    results: Sequence[Result]

    @property
    def passed(self) -> list[Result]:
        """The checks that found nothing."""
        return self._with(Verdict.PASSED)

    @property
    def failed(self) -> list[Result]:
        """The checks that found a fault, and those that pass though they are expected to fail."""
        return self._with(Verdict.FAILED)

    @property
    def skipped(self) -> list[Result]:
        """The checks that could not be done."""
        return self._with(Verdict.SKIPPED)

    @property
    def expected(self) -> list[Result]:
        """The checks that failed as the caller said they would."""
        return self._with(Verdict.EXPECTED)

    @property
    def ok(self) -> bool:
        """Whether there is nothing to correct."""
        return not self.failed

    @property
    def counts(self) -> str:
        """How many checks ran and how they ended, in words."""
        ran = len(self.results) - len(self.skipped)
        parts = [f"{len(self.passed)} passed", f"{len(self.failed)} failed"]
        if self.expected:
            parts.append(f"{len(self.expected)} failed as expected")
        seconds = sum(result.seconds for result in self.results)
        return f"{ran} checks ran: {', '.join(parts)}; {len(self.skipped)} skipped; {seconds:.0f} s"

    def skipped_by_reason(self) -> dict[str, list[str]]:
        """Return the names of the skipped checks by the reason why."""
        found: dict[str, list[str]] = {}
        for result in self.skipped:
            found.setdefault(result.reason, []).append(result.check)
        return found

    def __str__(self) -> str:
        subjects = ", ".join(dict.fromkeys(result.subject for result in self.results))
        lines = [f"{subjects}: {self.counts}"]
        for result in (*self.failed, *self.expected):
            lines += ["", f"{result.verdict}: {result.subject}: {result.check}"]
            lines += [INDENT + line for line in (result.summary, *result.reason.splitlines())]
        if self.skipped:
            lines += ["", "skipped:"]
        for reason, names in self.skipped_by_reason().items():
            lines.append(f"{INDENT}{reason}: {', '.join(dict.fromkeys(names))}")
        return "\n".join(lines)

    def _with(self, verdict: Verdict) -> list[Result]:
        return [result for result in self.results if result.verdict == verdict]
