"""The spec of a metric."""

from __future__ import annotations

from dataclasses import dataclass

from priorbench.specs.spec import Spec


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Spec):
    """A measure of a restoration.

    Args:
        factory: ``metric(restored, clean) -> float`` on float arrays H × W × C on [0, 1], clipped
            and with the task's border cut. It may raise :class:`priorbench.NotApplicable`.
        of_problem: whether the factory is ``metric(restored, problem) -> float`` instead, with the
            whole image as a tensor 1 × C × H × W and the :class:`priorbench.problem.Problem`.
        of_samples: whether the factory is ``metric(samples, clean) -> float`` instead, with draws
            from the posterior, S × H × W × C, in the place of the restoration. It is for
            experiments that ask for samples, and not defined for priors that draw none.
        label: the name in tables and figures; empty means the name.
        unit: for example ``"dB"``; empty for a pure number.
        higher_is_better: the direction; None for a diagnosis that has no best.
        decimals: digits shown in tables.
        target: the mean value of clean images, for a metric whose best value is neither the highest
            nor the lowest; figures draw a line there. None if there is no such value.
        optional: whether experiments take it only where they name it, and not by ``metrics: all``.
    """

    label: str = ""
    unit: str = ""
    of_problem: bool = False
    of_samples: bool = False
    higher_is_better: bool | None = True
    decimals: int = 2
    target: float | None = None
    optional: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.of_problem and self.of_samples:
            raise ValueError(
                f"the metric {self.name!r} is of the problem or of samples, not of both"
            )
