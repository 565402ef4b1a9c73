"""What the stage ``tune`` tries for a prior: values of its parameters, or settings of its
splitting.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from priorbench.config import ConfigError, PriorSection
from priorbench.plan.variants import validate_parameters
from priorbench.specs import PriorSpec
from priorbench.specs.solver_settings import REGIMES, Regime, SolverSettings, SplittingSettings

SOLVER = "solver-"
SolverOrigin = Literal["default", "prior", "configuration", "tuned"]
"""Where the settings of a splitting come from: the default of the prior's kind, the prior itself
(or
its kind leaves nothing to choose), the configuration, or the stage ``tune`` of this experiment."""


@dataclass(frozen=True)
class Candidate:
    """One thing that is tried.

    Args:
        parameters: values of the tuned parameters.
        solver: settings of the splitting, in the one regime that is tuned.
    """

    parameters: Mapping[str, Any]
    solver: SolverSettings

    @property
    def words(self) -> str:
        """What is tried, for people."""
        settings = [self.solver.of(regime).words for regime in REGIMES]
        values = [f"{name} = {value}" for name, value in self.parameters.items()]
        return ", ".join([*values, *filter(None, settings)])


def solver_target(regime: Regime) -> str:
    """Return what the tuning of a splitting in a regime is called, where that of parameters has a
    task's id.
    """
    return f"{SOLVER}{regime}"


def regime_of(target: str) -> Regime | None:
    """Return the regime whose settings are tuned under this name; None for the id of a task."""
    return next((regime for regime in REGIMES if target == solver_target(regime)), None)


def solver_candidates(regime: Regime) -> tuple[Candidate, ...]:
    """Return the settings that are tried in a regime, for all priors; levels never rise."""
    return tuple(
        Candidate({}, SolverSettings(**{regime: SplittingSettings(**settings)}))
        for settings in _grid(GRIDS[regime])
        if settings["last"] <= settings["first"]
    )


def parameter_candidates(
    spec: PriorSpec, settings: PriorSection, parameters: Mapping[str, Any]
) -> tuple[Candidate, ...]:
    """Return every combination of the candidates of the tunable parameters that the configuration
    leaves open.

    Args:
        spec: the prior's spec.
        settings: what the configuration says about the prior.
        parameters: all parameters of the variant that is tuned.

    Raises:
        ConfigError: a combination is refused by the parameters' model.
    """
    names = [name for name in spec.tunable if name not in settings.parameters]
    if not names:
        return ()
    found = []
    for values in _grid({name: spec.tunable[name] for name in names}):
        tried = validate_parameters(
            spec.parameters, {**parameters, **values}, f"priors.settings.{spec.name}.tune"
        ).model_dump()
        found.append(Candidate({name: tried[name] for name in names}, SolverSettings()))
    return tuple(found)


def open_regimes(spec: PriorSpec, settings: PriorSection) -> tuple[Regime, ...]:
    """Return the regimes in which the prior's splitting is tuned, if it has one and training images
    are there.

    None that the configuration sets, and with ``tune: false`` none. A prior that brings settings of
    its own is tuned with ``tune: true`` only.

    Raises:
        ConfigError: ``tune: true`` leaves nothing to tune.
    """
    nothing_to_choose = spec.solver == SolverSettings()
    if settings.tune:
        _check_open(spec, settings, nothing_to_choose)
    wanted = (
        not nothing_to_choose if settings.tune else settings.tune is None and spec.solver is None
    )
    if not wanted:
        return ()
    return tuple(regime for regime in REGIMES if not settings.solver.of(regime).is_set)


def solver_origins(
    spec: PriorSpec, settings: PriorSection, tuned: tuple[Regime, ...]
) -> dict[Regime, SolverOrigin]:
    """Return where the settings of a prior's splitting come from in each regime.

    Args:
        spec: the prior's spec.
        settings: what the configuration says about the prior.
        tuned: the regimes in which they are tuned.
    """
    origins: dict[Regime, SolverOrigin] = {}
    for regime in REGIMES:
        if settings.solver.of(regime).is_set:
            origins[regime] = "configuration"
        elif regime in tuned:
            origins[regime] = "tuned"
        else:
            origins[regime] = "default" if spec.solver is None else "prior"
    return origins


def _check_open(spec: PriorSpec, settings: PriorSection, nothing_to_choose: bool) -> None:
    """Raise ConfigError if there is nothing that could be tuned."""
    where = f"priors.settings.{spec.name}.tune"
    if not nothing_to_choose or any(name not in settings.parameters for name in spec.tunable):
        return
    if not spec.tunable:
        raise ConfigError(f"{where}: {spec.name} declares no tunable parameters; leave the key out")
    fixed = ", ".join(spec.tunable)
    raise ConfigError(
        f"{where}: 'parameters' sets {fixed}, so nothing is left to tune; leave one of the two out"
    )


def _grid(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every combination of one of the values of each name."""
    return [
        dict(zip(values, combination, strict=True))
        for combination in itertools.product(*values.values())
    ]


@dataclass(frozen=True)
class TrainingTask:
    """A task of the library that a splitting is tuned on.

    Args:
        name: of its spec.
        parameters: its parameters, where they differ from the defaults.
    """

    name: str
    parameters: Mapping[str, Any]


TRAINING_TASKS: dict[Regime, tuple[TrainingTask, ...]] = {
    "missing": (
        TrainingTask("inpaint", {"missing": 50}),
        TrainingTask("inpaint", {"missing": 80}),
        TrainingTask("inpaint", {"missing": 50, "sigma": 25}),
    ),
    "mixed": (
        TrainingTask("deblur", {"kernel": "shake1", "sigma": 2.55}),
        TrainingTask("deblur", {"kernel": "gaussian", "sigma": 2.55}),
        TrainingTask("deblur", {"kernel": "box", "sigma": 10}),
    ),
    "mixed_noise_free": (
        TrainingTask("sr", {"factor": 2}),
        TrainingTask("sr", {"factor": 3}),
    ),
    "sensed": (TrainingTask("cs", {"ratio": 25}),),
}
"""What the settings of each regime are chosen on: the same for all priors, whatever the experiment
tests.
"""
GRIDS: dict[Regime, dict[str, tuple[Any, ...]]] = {
    "missing": {
        "first": (0.04, 0.1, 0.15),
        "last": (0.005, 0.04, 0.08),
        "steps": (5, 16),
        "trust": (2.0,),
        "momentum": (0.0,),
        "dual": (True,),
    },
    "mixed": {
        "first": (0.15, 0.3),
        "last": (0.02,),
        "steps": (5, 8),
        "trust": (1.0, 2.0),
        "momentum": (0.2,),
        "dual": (False, True),
    },
    "mixed_noise_free": {
        "first": (0.3,),
        "last": (0.02, 0.04),
        "steps": (4, 8, 16),
        "trust": (2.0,),
        "momentum": (0.0,),
        "dual": (False, True),
    },
    "sensed": {
        "first": (0.3,),
        "last": (0.02, 0.04),
        "steps": (16, 24),
        "trust": (2.0,),
        "momentum": (0.0, 0.5),
        "dual": (False, True),
    },
}
"""What is tried in each regime, the same for all priors.

docs/explanation/solvers.md says how it was chosen.
"""
