"""What a trial gave: the scores of the new prior beside those of the baselines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from priorbench.plan import Plan
from priorbench.report.solver_notes import solver_notes
from priorbench.results import Catalogue
from priorbench.results.gather import read_table
from priorbench.results.planned import catalogue
from priorbench.results.statistics import mean_interval
from priorbench.store.status import Status


@dataclass(frozen=True)
class Gain:
    """How far a prior lies above the best baseline of a task.

    Args:
        baseline: id of the baseline with the highest mean.
        decibels: the mean difference over the images that both restored.
        low: lower end of its interval at 95 %; NaN for one image.
        high: upper end.
    """

    baseline: str
    decibels: float
    low: float
    high: float


@dataclass(frozen=True)
class Results:
    """The results of a trial.

    Args:
        plan: the experiment.
        tried: ids of the prior that is tried, one for each of its variants.
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        names: labels and order.
    """

    plan: Plan
    tried: tuple[str, ...]
    scores: pd.DataFrame
    runs: pd.DataFrame
    names: Catalogue

    @classmethod
    def read(cls, plan: Plan, prior: str) -> Results:
        """Read what the stages have written.

        Args:
            plan: the experiment.
            prior: the name of the prior that is tried.
        """
        return cls(
            plan,
            tuple(id for id, chosen in plan.priors.items() if chosen.spec.name == prior),
            read_table(plan.layout.result("scores")),
            read_table(plan.layout.result("runs")),
            catalogue(plan),
        )

    @property
    def baselines(self) -> list[str]:
        """The ids of the other priors."""
        return [prior for prior in self.plan.priors if prior not in self.tried]

    def psnr(self, task: str) -> pd.DataFrame:
        """Return the PSNR of a task in dB, images × priors, NaN where there is none."""
        own = self.scores[(self.scores["task"] == task) & (self.scores["source"] == "measured")]
        values = own.pivot(index="image", columns="prior", values="value")
        return values.reindex(columns=list(self.plan.priors))

    def gain(self, task: str, prior: str) -> Gain | None:
        """Return the gain of a prior on a task; None where it or every baseline has no score."""
        psnr = self.psnr(task)
        means = psnr[self.baselines].mean().dropna()
        if means.empty or psnr[prior].isna().all():
            return None
        baseline = str(means.idxmax())
        difference = (psnr[prior] - psnr[baseline]).dropna()
        if difference.empty:
            return None
        return Gain(baseline, float(difference.mean()), *mean_interval(difference.to_numpy()))

    def seconds(self, prior: str) -> float:
        """Return the mean seconds of a restoration, NaN without any."""
        return float(self.runs.loc[self.runs["prior"] == prior, "seconds"].mean())

    def unsolved(self) -> Iterator[str]:
        """Yield what was not restored, with the reason, for each prior and task."""
        missing = self.runs[self.runs["status"] != Status.OK]
        for (prior, task), rows in missing.groupby(["prior", "task"], sort=False):
            planned = self.runs[(self.runs["prior"] == prior) & (self.runs["task"] == task)]
            first = rows.iloc[0]
            yield (
                f"{self.names.prior_label(str(prior))}, {self.names.tasks[str(task)]}: "
                f"{first['status']} on {len(rows)} of {len(planned)} images: {first['reason']}"
            )

    def notes(self) -> Iterator[str]:
        """Yield how the numbers were made."""
        count = int(self.runs["image"].nunique())
        yield (
            f"Mean PSNR in dB over {count} photograph{'s' if count != 1 else ''}, by the stages of "
            f"an experiment, whose configuration is {self.plan.layout.config()}: each image has "
            "the same score there. ± is half the width of the 95 % interval of the difference, "
            "image by image."
        )
        own = self.runs[self.runs["prior"].isin(self.tried)]
        if (own["solver_origin"] == "tuned").any():
            tuning, usual = self.plan.experiment.tuning, type(self.plan.experiment.tuning)()
            yield (
                f"The settings of the solver were chosen on {tuning.images} training images of "
                f"{tuning.crop} × {tuning.crop} pixels; an experiment takes {usual.images} of "
                f"{usual.crop} × {usual.crop}, and may find better ones."
            )
        else:
            yield from solver_notes(own, self.names)
