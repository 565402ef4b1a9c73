"""How a method's work ended: a failure of a method is a result, with its reason kept."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from priorbench.errors import Diverged, NotApplicable
from priorbench.store.status import Status


@dataclass(frozen=True)
class Outcome:
    """The end of one piece of work.

    Args:
        status: how it ended.
        stage: the stage that it ended in.
        reason: one sentence; empty when ok.
        traceback: where a plugin raised; empty otherwise.
        seconds: wall-clock time, on a GPU until all that was queued there is computed; None when
            nothing ran.
        processor_seconds: of all processors together, by all threads and by child processes that
            were waited for; None when unknown, as for a worker that was killed.
        peak_memory_mb: the highest resident memory meanwhile in MiB, None when unknown.
        device_memory_mb: the highest memory of tensors on the GPU in MiB, None for work on the CPU
            and when unknown.
        n_parameters: how many numbers were learned, by a fit or from the problem alone; None
            for none.
        solver: the schedule of the splitting that a restoration followed, in words; empty if
            there was none.
        solver_origin: where its settings come from, see
            :data:`priorbench.plan.tuning.SolverOrigin`.
    """

    status: Status
    stage: str
    reason: str = ""
    traceback: str = ""
    seconds: float | None = None
    processor_seconds: float | None = None
    peak_memory_mb: float | None = None
    device_memory_mb: float | None = None
    n_parameters: int | None = None
    solver: str = ""
    solver_origin: str = ""

    @property
    def ok(self) -> bool:
        """Whether the work was done."""
        return self.status == Status.OK

    @classmethod
    def of_exception(cls, error: BaseException, stage: str) -> Outcome:
        """Return the failure that an exception stands for."""
        if isinstance(error, NotApplicable):
            return cls(Status.UNSUPPORTED, stage, str(error))
        if isinstance(error, Diverged):
            return cls(
                Status.DIVERGED, stage, str(error) or "the method's numbers went out of range"
            )
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": ")
        return cls(Status.FAILED, stage, reason, "".join(traceback.format_exception(error)))

    @classmethod
    def of_timeout(cls, seconds: float, stage: str) -> Outcome:
        """Return the failure of work that ran past its time limit."""
        return cls(
            Status.TIMEOUT, stage, f"ran past its time limit of {seconds:.4g} s", seconds=seconds
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outcome:
        """Return the outcome that ``as_dict`` has written, among other entries.

        Raises:
            ValueError: the status is unknown.
            TypeError: an entry is missing.
        """
        own = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        own["status"] = Status(own.get("status", ""))
        return cls(**own)

    def of_dependency(self, what: str) -> Outcome:
        """Return how work ended that was not begun, since ``what`` it needs ended like this."""
        return Outcome(self.status, self.stage, f"{what}: {self.reason}", self.traceback)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            key: None if isinstance(v, float) and math.isnan(v) else v
            for key, v in asdict(self).items()
        }
