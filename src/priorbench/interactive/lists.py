"""The priors and the tasks that there are, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from priorbench.config.reference import default_in_words
from priorbench.interactive.models import model_state
from priorbench.interactive.names import all_of
from priorbench.interactive.workspace import ExperimentLike, workspace
from priorbench.plan.variants import Variant, needs_settings, variants
from priorbench.plugins.kinds import kind_of_prior
from priorbench.plugins.registry import PluginError, Registered
from priorbench.specs import TaskSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["priors", "tasks"]


def priors(experiment: ExperimentLike = None) -> pd.DataFrame:
    """Return the priors that :func:`.load_prior` knows, one a row.

    The index is the id. The columns are ``label``, ``kind``, ``trained`` and ``summary``. The kind
    is patch prior, denoiser, generator or prior, or why its code can't be loaded. Trained is yes,
    no or out of date, or empty for a prior that does not learn.

    Args:
        experiment: whose priors are meant; see :func:`.load_prior`.

    Raises:
        ConfigError: the experiment is not valid.
    """
    import pandas as pd

    place = workspace(experiment)
    with place.entered():
        plan = all_of(place.experiment)
        rows = []
        for prior in plan.priors.values():
            try:
                kind = kind_of_prior(prior.entry)
            except PluginError as error:
                kind = str(error)
            rows.append(
                {
                    "id": prior.id,
                    "label": prior.label,
                    "kind": kind,
                    "trained": str(model_state(plan, prior)),
                    "summary": prior.spec.summary,
                }
            )
    return pd.DataFrame(rows, columns=["id", "label", "kind", "trained", "summary"]).set_index("id")


def tasks(experiment: ExperimentLike = None) -> pd.DataFrame:
    """Return the tasks that :func:`.corrupt` knows, one a row.

    The index is what a task is called by: the ids of the experiment first, then the names of all
    registered tasks. The columns are ``label``, ``parameters`` with their values or defaults, and
    ``summary``.

    Args:
        experiment: whose tasks are meant; see :func:`.corrupt`.

    Raises:
        ConfigError: the experiment is not valid.
    """
    import pandas as pd

    place = workspace(experiment)
    with place.entered():
        plan = all_of(place.experiment)
        rows = [_row(name, task) for name, task in plan.tasks.items()]
        for name, entry in plan.registry.tasks.items():
            if name not in plan.tasks:
                rows.append(_row_of_name(name, entry))
    return pd.DataFrame(rows, columns=["task", "label", "parameters", "summary"]).set_index("task")


def _row(name: str, task: Variant[TaskSpec]) -> dict[str, Any]:
    values = ", ".join(f"{key}={value}" for key, value in task.parameters.items())
    return {
        "task": name,
        "label": task.label,
        "parameters": values,
        "summary": task.spec.summary,
    }


def _row_of_name(name: str, entry: Registered[TaskSpec]) -> dict[str, Any]:
    """Return the row of a registered task with its defaults; a label needs a value of each."""
    if not needs_settings(entry.spec):
        [task] = variants(entry, lambda: "", {}, name)
        return _row(name, task)
    fields = entry.spec.parameters.model_fields.items()
    values = ", ".join(f"{key}={default_in_words(field)}" for key, field in fields)
    return {"task": name, "label": name, "parameters": values, "summary": entry.spec.summary}
