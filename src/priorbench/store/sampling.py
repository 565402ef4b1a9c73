"""The record of the samples that belong to one restoration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from priorbench.store.memo import Memo
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status

__all__ = ["NONE_ASKED", "Sampling", "SamplingMemo"]


@dataclass(frozen=True)
class Sampling:
    """How the sampling of one restoration ended.

    Args:
        status: ``ok``, ``unsupported`` where the prior draws no samples, or how it failed.
        reason: one sentence; empty when ok.
        count: how many samples were drawn.
        seconds: by the clock, of all of them.
        processor_seconds: of all processors together.
    """

    status: Status
    reason: str = ""
    count: int = 0
    seconds: float | None = None
    processor_seconds: float | None = None

    @classmethod
    def of_failure(cls, outcome: Outcome) -> Sampling:
        """Return a sampling that ended without samples."""
        return cls(outcome.status, outcome.reason)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sampling:
        """Return the sampling that was recorded."""
        return cls(**{**data, "status": Status(data["status"])})

    @property
    def row(self) -> dict[str, Any]:
        """The columns of a row of ``runs``."""
        return {
            "samples": self.count,
            "sampling_seconds": self.seconds,
            "sampling_processor_seconds": self.processor_seconds,
        }


NONE_ASKED = Sampling(Status.UNSUPPORTED, "the experiment asks for no samples")
"""The sampling of an experiment without samples."""


class SamplingMemo:
    """The memo of a sampling, beside its file of samples if there are any.

    Args:
        record: the JSON file.
        file: the samples.
        key: a fingerprint of all that they depend on.
    """

    def __init__(self, record: Path, file: Path, key: str) -> None:
        self._with_file = Memo(record, key, [file])
        self._without = Memo(record, key)

    def recall(self) -> Sampling | None:
        """Return how the sampling ended; None if it has to be done, or done again."""
        record = self._with_file.recall() or self._without.recall()
        return Sampling.from_dict(record["sampling"]) if record else None

    def keep(self, sampling: Sampling) -> None:
        """Record how the sampling ended."""
        memo = self._with_file if sampling.status == Status.OK else self._without
        memo.keep(sampling=asdict(sampling))
