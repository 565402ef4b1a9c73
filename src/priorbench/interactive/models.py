"""Models of an experiment: found, or trained on request, and loaded."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from priorbench.errors import NotApplicable, raise_if_storage
from priorbench.interactive.progress import ProgressLike, progress_of
from priorbench.jobs.ready import ready
from priorbench.monitor.outdated import outdated_manifest
from priorbench.plan import Plan, PriorPlan
from priorbench.plugins.registry import PluginError
from priorbench.plugins.tracebacks import short_traceback
from priorbench.seeds import seeded
from priorbench.stages.prepare import prepare
from priorbench.stages.train import train
from priorbench.store.files import read_json

__all__ = ["NotTrained"]


class ModelState(StrEnum):
    """Whether a prior has a model."""

    NOT_NEEDED = ""
    TRAINED = "yes"
    OUT_OF_DATE = "out of date"
    MISSING = "no"


class NotTrained(ValueError):
    """A prior has no model yet, or one that is out of date."""


def model_state(plan: Plan, prior: PriorPlan) -> ModelState:
    """Return whether a prior has a model that is up to date."""
    if not prior.spec.learns:
        return ModelState.NOT_NEEDED
    described = plan.layout.model_spec(prior.id)
    if not (plan.layout.model(prior.id).exists() and described.exists()):
        return ModelState.MISSING
    same = read_json(described)["fingerprint"] == plan.fingerprints.training(prior.id)
    return ModelState.TRAINED if same else ModelState.OUT_OF_DATE


def check_trained(plan: Plan, prior: PriorPlan) -> None:
    """Refuse a prior that has to be trained first.

    Raises:
        NotTrained: it has to; the message says how, and how long that takes if it is known.
    """
    state = model_state(plan, prior)
    if state not in (ModelState.MISSING, ModelState.OUT_OF_DATE):
        return
    why = "is not trained yet" if state == ModelState.MISSING else "has a model that is out of date"
    seconds = plan.estimates.training_seconds(prior)
    takes = f", which takes about {seconds:.0f} s" if seconds else ""
    folder = plan.layout.model(prior.id).parent.absolute()
    raise NotTrained(
        f"{prior.id} {why}: load_prior(..., train=True) trains it on {prior.train_on}{takes}, "
        f"into {folder}"
    )


def load_model(plan: Plan, prior: PriorPlan, progress: ProgressLike = False) -> Any:
    """Return the prior with its model, which is trained if it is missing or out of date.

    Args:
        plan: the experiment; the working directory is its folder.
        prior: the prior.
        progress: whether a bar shows the training, or who is told.

    Raises:
        ValueError: the training failed.
        PluginError: the prior's own code raises.
    """
    if model_state(plan, prior) in (ModelState.MISSING, ModelState.OUT_OF_DATE):
        # A prior that can't be built is noticed before its training.
        with own_errors(prior), seeded(plan.experiment.seed):
            prior.build()
        images = plan.layout.images(prior.train_on)
        if not images.exists() or outdated_manifest(
            images, plan.fingerprints.images(prior.train_on)
        ):
            # A line for each image says less than the bar.
            with contextlib.redirect_stderr(io.StringIO()):
                prepare(plan, prior.train_on)
        with progress_of(progress, f"training {prior.id} on {prior.train_on}") as told:
            outcome = train(plan, prior.id, progress=told)
        if not outcome.ok:
            raise ValueError(f"the training of {prior.id} failed: {outcome.reason}")
    # The caller's random generators go on as they were.
    with own_errors(prior), seeded(plan.experiment.seed):
        return ready(plan, prior)


@contextlib.contextmanager
def own_errors(prior: PriorPlan) -> Iterator[None]:
    """Turn an error of a prior's own code into one message: the plugin, its own frames, the error.

    Raises:
        PluginError: the message.
    """
    try:
        yield
    except (NotApplicable, PluginError):
        raise
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        plugin = prior.entry.plugin
        raise PluginError(
            f"the prior {prior.id} (plugin {plugin.name!r}, {plugin.location}) raises "
            f"{type(error).__name__}:\n{short_traceback(error)}"
        ) from error
