"""The spec of a prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from priorbench.specs.parameters import Parameters, check_patterns, check_values, fields_of
from priorbench.specs.resources import Resources
from priorbench.specs.solver_settings import SolverSettings
from priorbench.specs.spec import Spec


@dataclass(frozen=True, kw_only=True)
class PriorSpec(Spec):
    """An image prior.

    Args:
        factory: a class of one of the kinds in :mod:`priorbench.priors`, called with the
            parameters.
        parameters: pydantic model of the parameters.
        id: pattern of the id, filled with the parameters, for example ``"gmm-K{n_components}"``;
            empty means the name. Parameters that vary and are not in the pattern are appended.
        label: the name in tables and figures; filled like ``id``; empty means the id.
        learns: whether it has a ``fit``.
        train_on: the data set that it is fitted to by default: an id of the configuration or the
            name of a registered source; empty means the experiment's ``train``.
        resources: what a job asks for.
        restorations_per_job: how many one job does; None: as many as last as long as the
            experiment wants.
        tasks: names or ids of the tasks it can do, or patterns of them such as ``"inpaint*"``.
        tunable: candidates of parameters that the stage ``tune`` may choose for each task, on
            training images; it tries every combination. They act on the restoration, not on the
            fit, and can't be part of the id.
        solver: settings of the splitting that turns a denoiser into a restoration, as the stage
            ``tune`` chose them on training images. ``SolverSettings()`` says that there is nothing
            to choose: the prior has a solver of its own, or the default of its kind is right. With
            None, the settings of a denoiser are chosen in each experiment that has training images.
        baseline: whether it knows nothing of images and returns the observation itself, or the
            plainest image that it suggests. Figures draw such a prior last, in gray, as what the
            others are compared with.
        small: parameters with which ``priorbench plugins check`` fits it and restores in seconds,
            where they differ from the defaults. No experiment uses them.
    """

    parameters: type[Parameters] = Parameters
    id: str = ""
    label: str = ""
    learns: bool = False
    train_on: str = ""
    resources: Resources = field(default_factory=Resources, hash=False)
    restorations_per_job: int | None = None
    tasks: tuple[str, ...] = ("*",)
    tunable: Mapping[str, Sequence[Any]] = field(default_factory=dict, hash=False)
    solver: SolverSettings | None = None
    baseline: bool = False
    small: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_patterns(self.name, self.parameters, (self.id, self.label))
        self._check_tunable()
        check_values(f"small of {self.name!r}", self.parameters, self.small)
        per_job = self.restorations_per_job
        if per_job is not None and per_job < 1:
            raise ValueError(
                f"restorations_per_job of {self.name!r} must be at least 1, not {per_job}"
            )

    def _check_tunable(self) -> None:
        where = f"tunable of {self.name!r}"
        for name, candidates in self.tunable.items():
            if (
                isinstance(candidates, str)
                or not isinstance(candidates, Sequence)
                or not candidates
            ):
                raise ValueError(f"{where}: give {name} a list of candidates, not {candidates!r}")
            if name in fields_of(self.id) | fields_of(self.label):
                raise ValueError(
                    f"{where}: take {name} out of the id and the label, "
                    "which are the same whatever is chosen"
                )
            for candidate in candidates:
                check_values(where, self.parameters, {name: candidate})
