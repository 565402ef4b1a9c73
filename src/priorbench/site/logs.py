"""The logs of jobs, and which of them tells of a restoration."""

from __future__ import annotations

from pathlib import Path

from priorbench.monitor.failures import log_of
from priorbench.plan import Plan
from priorbench.store.cell import Cell


class Logs:
    """The logs of an experiment; one that was never written, or is gone, is none.

    Args:
        plan: the experiment.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chunks = {
            restoration: chunk
            for chunk in plan.all_chunks()
            for restoration in chunk.restorations()
        }
        folder = plan.layout.logs()
        self.files = [path for path in sorted(folder.rglob("*.log")) if path.is_file()]
        self._names = {path: self._name(path) for path in self.files}

    def of(self, cell: Cell, image: str, stage: str) -> str | None:
        """Return the log of the job in which the work on a restoration ended, as the page links it.

        Args:
            cell: data set, task and prior.
            image: name of the image.
            stage: the stage that it ended in.
        """
        return self._names.get(log_of(self._plan, stage, cell, self._chunks[cell, image]))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._plan.layout.root).as_posix()
