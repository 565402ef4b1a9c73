"""Priors by name, with their models, or objects of the user's own."""

from __future__ import annotations

import re
from typing import Any

from priorbench.interactive.arrays import ImageArray
from priorbench.interactive.models import check_trained, load_model
from priorbench.interactive.names import plan_of, prior_with
from priorbench.interactive.prior import LoadedPrior
from priorbench.interactive.progress import ProgressLike
from priorbench.interactive.workspace import ExperimentLike, workspace
from priorbench.jobs.ready import solver_so_far
from priorbench.plan import Plan, PriorPlan
from priorbench.plugins.kinds import kind_of_class
from priorbench.problem import Problem
from priorbench.solvers import restore as solver_of_kind
from priorbench.specs.solver_settings import SolverSettings

__all__ = ["load_prior", "restore"]


def load_prior(
    prior: str | object,
    *,
    train: bool = False,
    progress: ProgressLike = True,
    experiment: ExperimentLike = None,
    **parameters: Any,
) -> LoadedPrior:
    """Return a prior that is ready to restore.

    A prior that learns needs a model. That of the experiment is taken from ``results/``; only with
    ``train=True`` it is trained where it is missing or out of date, as that takes from seconds to
    hours and writes to ``results/``.

    Args:
        prior: id, label or name of a prior in any case; :func:`.priors` lists them. Or an object of
            any kind of prior, which needs no registration.
        train: whether a missing model is trained.
        progress: whether a bar shows the training, or a function that is told.
        experiment: whose priors, settings and models are meant: an experiment, its file or its
            folder; by default the nearest ``config.yaml``, else the default experiment.
        **parameters: of the prior, where they differ from the experiment's, for example
            ``n_components=20``. Its model is then kept in a folder of its own.

    Raises:
        NotTrained: a model is missing; the message says how long the training takes.
        ValueError: the prior or a parameter is unknown, or the training failed.
        TypeError: an object is of no kind of prior.
    """
    if not isinstance(prior, str):
        if parameters:
            raise TypeError("an object has its parameters already: give none with it")
        return _own(prior)
    place = workspace(experiment)
    with place.entered():
        if parameters:
            plan, chosen = prior_with(place.experiment, prior, parameters)
        else:
            plan, [chosen] = plan_of(place.experiment, [prior])
        if not train:
            check_trained(plan, chosen)
        return loaded(plan, chosen, progress)


def restore(
    problem: Problem,
    prior: str | object,
    *,
    seed: int = 0,
    progress: ProgressLike = True,
    minutes: float | None = None,
    solver: SolverSettings | None = None,
    experiment: ExperimentLike = None,
) -> ImageArray:
    """Return a problem restored by a prior: ``load_prior(prior).restore(problem)``.

    Args:
        problem: from :func:`.corrupt` or :func:`.observe`.
        prior: a name, an object of any kind of prior, or what :func:`load_prior` gave.
        seed: see :meth:`.LoadedPrior.restore`, also for the next three.
        progress: whether a bar shows how far it is.
        minutes: a limit.
        solver: settings of the splitting.
        experiment: see :func:`load_prior`.

    Raises:
        ValueError: see :func:`load_prior` and :meth:`.LoadedPrior.restore`.
    """
    ready = prior if isinstance(prior, LoadedPrior) else load_prior(prior, experiment=experiment)
    return ready.restore(problem, seed=seed, progress=progress, minutes=minutes, solver=solver)


def loaded(plan: Plan, prior: PriorPlan, progress: ProgressLike = False) -> LoadedPrior:
    """Return a prior of an experiment, trained first if it has to be.

    Args:
        plan: the experiment; the working directory is its folder.
        prior: the prior.
        progress: whether a bar shows the training, or who is told.

    Raises:
        ValueError: the training failed.
        PluginError: the prior's own code raises.
    """
    return LoadedPrior(
        load_model(plan, prior, progress),
        prior.id,
        prior.label,
        solver_so_far(plan, prior.id),
        prior.resources.threads,
        prior,
    )


def _own(prior: object) -> LoadedPrior:
    """Return an object of the caller's own, under the name of its class."""
    if isinstance(prior, LoadedPrior):
        return prior
    if isinstance(prior, type):
        raise TypeError(f"{prior.__name__} is a class: give an object, {prior.__name__}(...)")
    if kind_of_class(type(prior)) is None:
        kinds = [kind.__name__ for kind in solver_of_kind.registry if kind is not object]
        raise TypeError(
            f"{type(prior).__name__} is no prior: give a name, or an object of a subclass of "
            f"{', '.join(kinds)}"
        )
    # Median, TotalVariation: two words in a figure.
    label = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(prior).__name__)
    return LoadedPrior(prior, type(prior).__name__, label)
