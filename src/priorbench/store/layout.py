"""Output paths: the only module that names files below ``results/<experiment>``.

Every method gives a path; left without arguments it gives the pattern with Snakemake's wildcards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from priorbench.store.cell import Cell
from priorbench.store.chunk import WILDCARDS, Chunk
from priorbench.store.site_layout import SiteLayout


@dataclass(frozen=True)
class Layout:
    """The paths of one experiment.

    Args:
        root: ``<results>/<experiment>``.
    """

    root: Path

    def config(self) -> Path:
        """The experiment, every key written out."""
        return self.root / "config.yaml"

    def estimates(self) -> Path:
        """What the jobs were expected to take when the experiment was begun."""
        return self.root / "estimates.json"

    def lost(self) -> Path:
        """How often files of each job were found missing."""
        return self.root / "lost.json"

    def costs(self) -> Path:
        """What the priors took, for the plans of later experiments."""
        return self.root / "costs.json"

    def environments(self) -> Path:
        """The folder of environment records."""
        return self.root / "environment"

    def images(self, dataset: str = "{dataset}") -> Path:
        """The list of a data set's images."""
        return self.root / f"images/{dataset}/manifest.json"

    def image(self, dataset: str, image: str) -> Path:
        """One clean image."""
        return self.root / f"images/{dataset}/{image}.png"

    def problems(self, dataset: str = "{dataset}", task: str = "{task}") -> Path:
        """The list of the problems made from a data set."""
        return self.root / f"problems/{dataset}/{task}/manifest.json"

    def problem(self, dataset: str, task: str, image: str) -> Path:
        """One problem."""
        return self.root / f"problems/{dataset}/{task}/{image}.npz"

    def training(self, prior: str = "{prior}") -> Path:
        """How a fit went."""
        return self.root / f"models/{prior}/training.json"

    def curve(self, prior: str = "{prior}") -> Path:
        """The training curve."""
        return self.root / f"models/{prior}/training.csv"

    def model(self, prior: str) -> Path:
        """A fitted model."""
        return self.root / f"models/{prior}/model.safetensors"

    def checkpoint(self, prior: str) -> Path:
        """The state of a fit that is not finished."""
        return self.root / f"models/{prior}/checkpoint.safetensors"

    def model_spec(self, prior: str) -> Path:
        """What a model is: prior, parameters, training images."""
        return self.root / f"models/{prior}/spec.json"

    def fit(self, prior: str) -> Path:
        """The memo of a finished fit, see :mod:`priorbench.store.memo`."""
        return self.root / f"models/{prior}/fit.json"

    def tuned(self, target: str = "{target}", prior: str = "{prior}") -> Path:
        """The parameters chosen for a task, or settings for a regime, and what they were chosen
        from.
        """
        return self.root / f"tuned/{target}/{prior}.json"

    def tuning_record(self, target: str, prior: str) -> Path:
        """The memo of a finished tuning."""
        return self.root / f"tuned/{target}/{prior}.record.json"

    def restored(self, cell: Cell, name: str) -> Path:
        """A file that belongs to one restoration."""
        return self.root / f"restored/{cell}/{name}"

    def restoration_checkpoint(self, cell: Cell, image: str) -> Path:
        """The state of a restoration that is not finished."""
        return self.restored(cell, f"{image}.checkpoint.safetensors")

    def samples(self, cell: Cell, image: str) -> Path:
        """The samples of the posterior that belong to one restoration."""
        return self.root / f"samples/{cell}/{image}.npz"

    def samples_record(self, cell: Cell, image: str) -> Path:
        """The memo of finished samples, or of why there are none."""
        return self.samples(cell, image).with_suffix(".json")

    def samples_checkpoint(self, cell: Cell, image: str) -> Path:
        """The samples of a restoration whose others are still to be drawn."""
        return self.samples(cell, image).with_suffix(".safetensors")

    def cell_spec(self, cell: Cell) -> Path:
        """What a cell is: task, prior, parameters. No image's name starts with an underscore."""
        return self.restored(cell, "_spec.json")

    def scored(self, cell: Cell, image: str) -> Path:
        """The memo of one restoration's scores."""
        return self.root / f"scored/{cell}/{image}.json"

    def runs(self, chunk: Chunk | str = WILDCARDS) -> Path:
        """The rows of runs of one job."""
        return self.root / f"runs/{chunk}.jsonl"

    def scores(self, chunk: Chunk | str = WILDCARDS) -> Path:
        """The rows of scores of one job."""
        return self.root / f"scores/{chunk}.jsonl"

    def result(self, kind: str = "{kind}") -> Path:
        """All rows of ``runs`` or ``scores``."""
        return self.root / f"{kind}.parquet"

    def catalogue(self) -> Path:
        """What the results are of: priors, tasks, data sets and metrics, by their ids."""
        return self.root / "catalogue.json"

    def table(self, name: str = "{table}", suffix: str = "md") -> Path:
        """A table."""
        return self.root / f"tables/{name}.{suffix}"

    def figure(self, name: str = "{figure}", suffix: str = "svg") -> Path:
        """A figure."""
        return self.root / f"figures/{name}.{suffix}"

    def study(self, name: str = "{study}", suffix: str = "csv") -> Path:
        """A study's table, figure, page, or claims (``json``)."""
        return self.root / f"studies/{name}.{suffix}"

    def kept_study(self, name: str, suffix: str) -> Path:
        """A copy of a study's file."""
        return self.root / f"studies/kept/{name}.{suffix}"

    def study_record(self, name: str) -> Path:
        """The memo of a finished study."""
        return self.kept_study(name, "record.json")

    def site(self) -> SiteLayout:
        """The paths of the results site."""
        return SiteLayout(self.root / "site")

    def logs(self) -> Path:
        """The folder of the jobs' logs."""
        return self.root / "logs"

    def environment(self, name: str) -> Path:
        """The record of an environment."""
        return self.environments() / f"{name}.json"

    def report(self) -> Path:
        """The report made by ``snakemake --report``."""
        return self.root / "report.html"

    def partial(self) -> Layout:
        """The paths of what is finished so far, named as those of the whole."""
        return Layout(self.root / "partial")

    def log(self, stage: str, *wildcards: str) -> Path:
        """The pattern of a stage's logs."""
        return self.log_file(stage, *(f"{{{name}}}" for name in wildcards))

    def log_file(self, stage: str, *names: object) -> Path:
        """The log of one job, whose wildcards are ``names``; a chunk stands for its three."""
        return self._of_job("logs", stage, names, "log")

    def lock(self, stage: str, *names: object) -> Path:
        """The lock of a job: the names are those that its log has."""
        return self._of_job("locks", stage, names, "lock")

    def _of_job(self, kind: str, stage: str, names: Sequence[object], suffix: str) -> Path:
        return self.root / f"{'/'.join(map(str, [kind, stage, *names]))}.{suffix}"
