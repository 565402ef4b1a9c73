"""The spec of a study."""

from __future__ import annotations

from dataclasses import dataclass, field

from priorbench.specs.resources import Resources
from priorbench.specs.spec import Spec


@dataclass(frozen=True, kw_only=True)
class StudySpec(Spec):
    """A question asked of an experiment's results, answered by a table and a figure.

    A study sees only what the patterns select, and runs again only when some of it has changed.

    Args:
        factory: ``study(experiment) -> Findings``, from a :class:`priorbench.studies.Experiment` to
            :class:`priorbench.studies.Findings`.
        priors: patterns of the ids of the priors that it is about; a study without any is left
            out.
        other_priors: patterns of the ids of further priors that it compares with, where there are
            any.
        only_learned: whether it takes only priors that are fitted.
        tasks: patterns of the ids of the tasks that it takes.
        metrics: patterns of the names of the metrics that it takes.
        caption: the figure's caption in the report.
        resources: what its job asks for; ``minutes`` is the job's time limit on a cluster.
            Elsewhere nothing stops a study.
    """

    priors: tuple[str, ...] = ("*",)
    other_priors: tuple[str, ...] = ()
    only_learned: bool = False
    tasks: tuple[str, ...] = ("*",)
    metrics: tuple[str, ...] = ("*",)
    caption: str = ""
    resources: Resources = field(default_factory=lambda: Resources(minutes=30))
