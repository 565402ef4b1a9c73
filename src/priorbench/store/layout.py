"""Where everything lies: the one place that knows the paths below ``results/<experiment>``.

Every method gives a path; left without arguments it gives the pattern with Snakemake's wildcards.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """The paths of one experiment.

    Args:
        root: ``<results>/<experiment>``.
    """

    root: str

    def config(self) -> str:
        """The experiment, every key written out."""
        return f"{self.root}/config.yaml"

    def estimates(self) -> str:
        """What the jobs were expected to take when the experiment was begun."""
        return f"{self.root}/estimates.json"

    def lost(self) -> str:
        """How often files of each job were found missing."""
        return f"{self.root}/lost.json"

    def costs(self) -> str:
        """What the priors took, for the plans of later experiments."""
        return f"{self.root}/costs.json"

    def environments(self) -> str:
        """The folder of environment records."""
        return f"{self.root}/environment"

    def images(self, dataset: str = "{dataset}") -> str:
        """The list of a data set's images."""
        return f"{self.root}/images/{dataset}/manifest.json"

    def image(self, dataset: str, image: str) -> str:
        """One clean image."""
        return f"{self.root}/images/{dataset}/{image}.png"

    def problems(self, dataset: str = "{dataset}", task: str = "{task}") -> str:
        """The list of the problems made from a data set."""
        return f"{self.root}/problems/{dataset}/{task}/manifest.json"

    def problem(self, dataset: str, task: str, image: str) -> str:
        """One problem."""
        return f"{self.root}/problems/{dataset}/{task}/{image}.npz"

    def training(self, prior: str = "{prior}") -> str:
        """How a fit went."""
        return f"{self.root}/models/{prior}/training.json"

    def curve(self, prior: str = "{prior}") -> str:
        """The training curve."""
        return f"{self.root}/models/{prior}/training.csv"

    def model(self, prior: str) -> str:
        """A fitted model."""
        return f"{self.root}/models/{prior}/model.safetensors"

    def checkpoint(self, prior: str) -> str:
        """The state of a fit that is not finished."""
        return f"{self.root}/models/{prior}/checkpoint.safetensors"

    def model_spec(self, prior: str) -> str:
        """What a model is: prior, parameters, training images."""
        return f"{self.root}/models/{prior}/spec.json"

    def fit(self, prior: str) -> str:
        """What a finished fit came from and gave; no rule's output, so it outlives a job that is sent again."""
        return f"{self.root}/models/{prior}/fit.json"

    def tuned(self, target: str = "{target}", prior: str = "{prior}") -> str:
        """The parameters chosen for a task, or settings for a regime, and what they were chosen from."""
        return f"{self.root}/tuned/{target}/{prior}.json"

    def tuning_record(self, target: str, prior: str) -> str:
        """What a finished tuning came from and gave; no rule's output, so it outlives a job that is sent again."""
        return f"{self.root}/tuned/{target}/{prior}.record.json"

    def restored(self, dataset: str, task: str, prior: str, name: str) -> str:
        """A file that belongs to one restoration."""
        return f"{self.root}/restored/{dataset}/{task}/{prior}/{name}"

    def restoration_checkpoint(self, dataset: str, task: str, prior: str, image: str) -> str:
        """The state of a restoration that is not finished."""
        return self.restored(dataset, task, prior, f"{image}.checkpoint.safetensors")

    def cell_spec(self, dataset: str, task: str, prior: str) -> str:
        """What a cell is: task, prior, parameters. No image's name starts with an underscore."""
        return f"{self.root}/restored/{dataset}/{task}/{prior}/_spec.json"

    def runs(
        self,
        dataset: str = "{dataset}",
        task: str = "{task}",
        prior: str = "{prior}",
        chunk: str = "{chunk}",
    ) -> str:
        """The rows of runs of one job."""
        return f"{self.root}/runs/{dataset}/{task}/{prior}/{chunk}.jsonl"

    def scores(
        self,
        dataset: str = "{dataset}",
        task: str = "{task}",
        prior: str = "{prior}",
        chunk: str = "{chunk}",
    ) -> str:
        """The rows of scores of one job."""
        return f"{self.root}/scores/{dataset}/{task}/{prior}/{chunk}.jsonl"

    def gathered(self, kind: str = "{kind}", prior: str = "{prior}") -> str:
        """All rows of ``runs`` or ``scores`` of one prior."""
        return f"{self.root}/gathered/{kind}/{prior}.parquet"

    def result(self, kind: str = "{kind}") -> str:
        """All rows of ``runs`` or ``scores``."""
        return f"{self.root}/{kind}.parquet"

    def table(self, name: str = "{table}", suffix: str = "md") -> str:
        """A table."""
        return f"{self.root}/tables/{name}.{suffix}"

    def figure(self, name: str = "{figure}", suffix: str = "svg") -> str:
        """A figure."""
        return f"{self.root}/figures/{name}.{suffix}"

    def study(self, name: str = "{study}", suffix: str = "csv") -> str:
        """A study's table or figure."""
        return f"{self.root}/studies/{name}.{suffix}"

    def kept_study(self, name: str, suffix: str) -> str:
        """A copy of a study's file; no rule's output, so it outlives a job that is sent again."""
        return f"{self.root}/studies/kept/{name}.{suffix}"

    def report(self) -> str:
        """The report made by ``snakemake --report``."""
        return f"{self.root}/report.html"

    def partial(self) -> Layout:
        """Where what is finished so far is shown, in files named as those of the whole."""
        return Layout(f"{self.root}/partial")

    def log(self, stage: str, *wildcards: str) -> str:
        """The pattern of a stage's logs."""
        return self.log_file(stage, *(f"{{{name}}}" for name in wildcards))

    def log_file(self, stage: str, *names: str) -> str:
        """The log of one job, whose wildcards are ``names``."""
        return "/".join([self.root, "logs", stage, *names]) + ".log"

    def lock(self, stage: str, *names: str) -> str:
        """The lock of a job: the names are those that its log has."""
        return "/".join([self.root, "locks", stage, *names]) + ".lock"

    def benchmark(self, stage: str, *wildcards: str) -> str:
        """Snakemake's own measurement of a job."""
        return (
            "/".join([self.root, "benchmarks", stage, *(f"{{{name}}}" for name in wildcards)])
            + ".tsv"
        )
