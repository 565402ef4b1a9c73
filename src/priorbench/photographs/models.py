"""A prior that is ready to restore, trained first if its model is missing or out of date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from priorbench.errors import NotApplicable, raise_if_storage
from priorbench.jobs.ready import ready
from priorbench.photographs.terminal import say
from priorbench.plan import Plan, PriorPlan
from priorbench.plugins.registry import PluginError
from priorbench.plugins.tracebacks import short_traceback
from priorbench.seeds import seeded
from priorbench.stages.prepare import prepare
from priorbench.stages.train import train
from priorbench.store.files import read_json


def load_model(plan: Plan, prior: PriorPlan) -> Any:
    """Return the prior with its model.

    Raises:
        ValueError: the training failed.
        PluginError: the prior's own code raises.
    """
    if prior.spec.learns and not _is_up_to_date(plan, prior):
        # A prior that can't be built is noticed before its training.
        with own_errors(prior), seeded(plan.experiment.seed):
            prior.build()
        folder = plan.layout.model(prior.id).parent
        say(f"{prior.id} is not trained yet: training it on {prior.train_on}, in {folder}")
        if not plan.layout.images(prior.train_on).exists():
            prepare(plan, prior.train_on)
        outcome = train(plan, prior.id)
        if not outcome.ok:
            raise ValueError(f"the training of {prior.id} failed: {outcome.reason}")
    # The caller's random generators go on as they were.
    with own_errors(prior), seeded(plan.experiment.seed):
        return ready(plan, prior)


def _is_up_to_date(plan: Plan, prior: PriorPlan) -> bool:
    described = plan.layout.model_spec(prior.id)
    return (
        plan.layout.model(prior.id).exists()
        and described.exists()
        and read_json(described)["fingerprint"] == plan.fingerprints.training(prior.id)
    )


@contextmanager
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
