"""The spec of a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priorbench.specs.parameters import Parameters, check_patterns
from priorbench.specs.solver_settings import Regime
from priorbench.specs.spec import Spec


@dataclass(frozen=True, kw_only=True)
class TaskSpec(Spec):
    """A way to corrupt images.

    Args:
        factory: a class, called with the parameters, that is a :class:`priorbench.tasks.Task`.
        parameters: pydantic model of the parameters.
        id: pattern of the id, for example ``"denoise-{sigma:g}"``; see :class:`PriorSpec`.
        label: the name in tables and figures, filled like ``id``; empty means the id.
        files: ``files(parameters) -> paths`` lists files that the task reads; results are computed
            again when they change.
        regimes: ``regimes(parameters) -> regimes`` lists the regimes of its problems, see
            :data:`priorbench.specs.Regime`; a splitting is tuned for no others. None: any.
    """

    parameters: type[Parameters] = Parameters
    id: str = ""
    label: str = ""
    files: Callable[[Any], Sequence[Path]] | None = None
    regimes: Callable[[Any], Sequence[Regime]] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_patterns(self.name, self.parameters, (self.id, self.label))
