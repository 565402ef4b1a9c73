"""Try a prior."""

from __future__ import annotations

import time
from collections.abc import Callable

from priorbench.config import ConfigError, PluginsSection
from priorbench.plan import Plan
from priorbench.plugins.registry import Registry
from priorbench.trial.experiment import Trial, experiment_of
from priorbench.trial.outcome import Results
from priorbench.trial.rounds import rounds, run
from priorbench.workflow import freeze


def run_trial(
    trial: Trial,
    plugins: PluginsSection,
    registry: Registry,
    cores: int,
    say: Callable[[str], None],
) -> Results:
    """Restore a few photographs with a prior and with the baselines, and return the scores.

    What an earlier trial in the same folder has computed, by the same code, is not computed again.

    Args:
        trial: what is tried.
        plugins: where plugins come from.
        registry: what they register.
        cores: how many jobs run at a time.
        say: takes a line on each round of jobs, when it is done.

    Raises:
        PluginError: there is no such prior.
        ConfigError: a parameter is wrong, or the prior can do none of the tasks.
        MachineError: a job ended with an error.
    """
    plan = Plan(experiment_of(trial, plugins, registry), registry)
    tried = [prior for prior in plan.priors.values() if prior.spec.name == trial.prior]
    if not any(prior.can_do(task) for prior in tried for task in plan.tasks.values()):
        raise ConfigError(
            f"{trial.prior} can do none of the tasks {', '.join(plan.tasks)}; its declaration says "
            f"tasks={tried[0].spec.tasks}"
        )
    freeze(plan)
    for each in rounds(plan):
        began = time.monotonic()
        run(plan, each.jobs, cores)
        say(f"{each.doing}: {time.monotonic() - began:.0f} s")
    return Results.read(plan, trial.prior)
