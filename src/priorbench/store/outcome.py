"""How a method's work ended: a failure of a method is a result, with its reason kept."""

from __future__ import annotations

import math
import traceback
from dataclasses import asdict, dataclass
from typing import Any

from priorbench.errors import Diverged, NotApplicable
from priorbench.store.status import DIVERGED, FAILED, OK, TIMEOUT, UNSUPPORTED

__all__ = ["DIVERGED", "FAILED", "OK", "TIMEOUT", "UNSUPPORTED", "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """The end of one piece of work.

    Args:
        status: ``ok``, ``failed``, ``timeout``, ``diverged`` or ``unsupported``.
        stage: the stage that it ended in.
        reason: one sentence; empty when ok.
        traceback: where a plugin raised; empty otherwise.
        seconds: wall-clock time, None when nothing ran.
        peak_memory_mb: the highest resident memory meanwhile in MiB, None when unknown.
        n_parameters: how many numbers were learned, by a fit or from the problem alone; None for none.
        solver: the schedule of the splitting that a restoration followed, in words; empty if there was none.
        solver_origin: where its settings come from, see :data:`priorbench.plan.tuning.SolverOrigin`.
    """

    status: str
    stage: str
    reason: str = ""
    traceback: str = ""
    seconds: float | None = None
    peak_memory_mb: float | None = None
    n_parameters: int | None = None
    solver: str = ""
    solver_origin: str = ""

    @property
    def ok(self) -> bool:
        """Whether the work was done."""
        return self.status == OK

    @classmethod
    def of_exception(cls, error: BaseException, stage: str) -> Outcome:
        """Return the failure that an exception stands for."""
        if isinstance(error, NotApplicable):
            return cls(UNSUPPORTED, stage, str(error))
        if isinstance(error, Diverged):
            return cls(DIVERGED, stage, str(error) or "the method's numbers went out of range")
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": ")
        return cls(FAILED, stage, reason, "".join(traceback.format_exception(error)))

    @classmethod
    def of_timeout(cls, seconds: float, stage: str) -> Outcome:
        """Return the failure of work that ran past its time limit."""
        return cls(TIMEOUT, stage, f"ran past its time limit of {seconds:.4g} s", seconds=seconds)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            key: None if isinstance(v, float) and math.isnan(v) else v
            for key, v in asdict(self).items()
        }
