"""Stage ``score``: compare the restorations of a chunk with the clean images and with the
observations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from priorbench.data.images import planes, read_image
from priorbench.data.samples import read_samples
from priorbench.jobs.evaluation import Evaluation, evaluate, evaluate_of_problem, scoring_seed
from priorbench.jobs.log import say
from priorbench.metrics.fidelity import EXACT, psnr
from priorbench.metrics.protocol import compared
from priorbench.plan import Plan
from priorbench.plugins.registry import Registered
from priorbench.provenance import fingerprint
from priorbench.seeds import seeded
from priorbench.specs import MetricSpec
from priorbench.store.cell import Cell, cell_of
from priorbench.store.chunk import Chunk
from priorbench.store.files import read_json, read_rows, write_rows
from priorbench.store.manifest import Entry, check_file, read_about, read_manifest
from priorbench.store.memo import Memo
from priorbench.store.sampling import NONE_ASKED, Sampling
from priorbench.store.status import EXACT_NOTE, Status

COPIED = ("experiment", "dataset", "image", "task", "prior", "source")
"""Columns of a row of runs that its rows of scores have too."""


def score(plan: Plan, chunk: Chunk) -> None:
    """Write one row of ``scores`` for each restoration of a chunk and each metric.

    A restoration that failed has rows as well, without a value; so has a metric that can't be
    loaded or raises, or that is not defined for the image. One that stopped at its time limit with
    an estimate has rows with a value and the status ``timeout``. The rows of one that
    equals the clean image, though the observation does not determine it, have the note
    :data:`.EXACT_NOTE`. A score that is known, from the same images by the same code, is not
    computed again.

    Args:
        plan: the experiment.
        chunk: the restorations.

    Raises:
        StorageError: a disk is full, or an image or a problem is not what was made.
    """
    sources = {part.cell: _Sources(plan, part.cell) for part in chunk.parts}
    rows: list[dict[str, Any]] = []
    for run in read_rows(plan.layout.runs(chunk)):
        cell, image = cell_of(run), run["image"]
        # Of a restoration that stopped in time; a fit that ran out of time leaves none.
        is_timeout = run["status"] == Status.TIMEOUT and run["stage"] == "restore"
        restored = plan.layout.restored(cell, f"{image}.png")
        if run["status"] == Status.OK or (is_timeout and restored.exists()):
            scores = _scores_of(plan, _Pair(plan, sources[cell], image))
        else:
            unscored = Evaluation(None, run["status"], run["reason"])
            scores = _Scores(dict.fromkeys(plan.metrics, unscored))
        for name, evaluation in scores.evaluations.items():
            # An estimate at the time limit keeps its status beside its value.
            if is_timeout and evaluation.value is not None:
                evaluation = Evaluation(evaluation.value, run["status"], run["reason"])
            rows.append(
                {key: run[key] for key in COPIED}
                | {"metric": name, **asdict(evaluation)}
                | {"fingerprint": plan.fingerprints.score(cell, name), "note": scores.note}
            )
    write_rows(plan.layout.scores(chunk), rows)


@dataclass(frozen=True)
class _Scores:
    """The scores of one restoration.

    Args:
        evaluations: what each metric gave.
        note: what is to be said of the restoration.
    """

    evaluations: Mapping[str, Evaluation]
    note: str = ""


def _scores_of(plan: Plan, pair: _Pair) -> _Scores:
    """Return the scores of a restoration, those that are known from its memo.

    Raises:
        StorageError: a disk is full, or an image or a problem is not what was made.
    """
    code = {name: plan.fingerprints.metric(name) for name in plan.metrics}
    memo = Memo(plan.layout.scored(pair.cell, pair.image), pair.key, [pair.restored_file])
    kept: dict[str, Any] = memo.recall() or {"scores": {}, "note": None}
    known = {
        name: entry
        for name, entry in kept["scores"].items()
        if entry["fingerprint"] == code.get(name) and not Status(entry["status"]).is_failure
    }
    note = kept["note"]
    missing = [name for name in plan.metrics if name not in known]
    if missing:
        pair.check()
        if note is None:
            note = EXACT_NOTE if pair.is_exact and not pair.is_determined else ""
            if note:
                say(f"{pair}: the restoration {note}")
        for name in missing:
            evaluation = pair.evaluate(plan.registry.metrics[name])
            known[name] = {"fingerprint": code[name], **asdict(evaluation)}
            value = evaluation.value
            say(f"{pair}: {name} {evaluation.reason if value is None else f'{value:.4f}'}")
        memo.keep(scores=known, note=note)
    return _Scores({name: Evaluation.from_dict(known[name]) for name in plan.metrics}, note)


class _Sources:
    """What the restorations of a cell are compared with.

    Args:
        plan: the experiment.
        cell: data set, task and prior.
    """

    def __init__(self, plan: Plan, cell: Cell) -> None:
        self.cell = cell
        manifest = plan.layout.problems(cell.dataset, cell.task)
        self.problems, about = read_manifest(manifest), read_about(manifest)
        self.images = read_manifest(plan.layout.images(cell.dataset))
        self.border: tuple[int, int] = tuple(about["border"])
        self.luminance: bool = about["luminance"]


class _Pair:
    """A restoration and what it is compared with, each read when a metric asks for it."""

    def __init__(self, plan: Plan, sources: _Sources, image: str) -> None:
        cell = sources.cell
        self.cell, self.image, self._sources = cell, image, sources
        self.restored_file = plan.layout.restored(cell, f"{image}.png")
        self.clean_file = plan.layout.image(cell.dataset, image)
        self.samples_file = plan.layout.samples(cell, image)
        self.problem_file = plan.layout.problem(cell.dataset, cell.task, image)
        self.task = plan.task(cell.task)
        self.fingerprints = plan.fingerprints
        self.seed = partial(scoring_seed, plan.experiment.seed, cell.dataset, cell.task, image)

    def __str__(self) -> str:
        return f"{self.cell}/{self.image}"

    @property
    def key(self) -> str:
        """What scores depend on beside the restored image and the metric's own code."""
        sources = self._sources
        clean = sources.images[self.image].sha256
        code = self.fingerprints.stage("score")
        samples = self._samples_digest
        return fingerprint(
            [code, clean, self.problem.sha256, sources.border, sources.luminance, samples]
        )

    def check(self) -> None:
        """Refuse to score what is not what was made.

        Raises:
            StorageError: a file is missing, cut off or changed.
        """
        check_file(self.restored_file, self.record["sha256"][self.restored_file.name])
        check_file(self.clean_file, self._sources.images[self.image].sha256)
        check_file(self.problem_file, self.problem.sha256)
        if self._samples_digest:
            check_file(self.samples_file, self._samples_digest)

    @property
    def problem(self) -> Entry:
        """What the manifest says of the problem."""
        return self._sources.problems[self.image]

    @cached_property
    def record(self) -> dict[str, Any]:
        """The record of the restoration."""
        record: dict[str, Any] = read_json(self.restored_file.with_suffix(".json"))
        return record

    @cached_property
    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """The restored and the clean image, H × W × C, as the task's protocol compares them."""
        _, height, width = self.problem.shape
        restored, clean = (
            planes(read_image(file)) for file in (self.restored_file, self.clean_file)
        )
        if restored.shape[:2] != (height, width):
            raise ValueError(
                f"{self.restored_file} is {restored.shape[:2]}, its problem {(height, width)}"
            )
        return compared(restored, clean, self._sources.border, self._sources.luminance)

    @cached_property
    def sampling(self) -> Sampling:
        """How the sampling of this restoration ended."""
        if not self._sampling_record:
            return NONE_ASKED
        return Sampling.from_dict(self._sampling_record["sampling"])

    @cached_property
    def _sampling_record(self) -> dict[str, Any]:
        record = self.samples_file.with_suffix(".json")
        return dict(read_json(record)) if record.exists() else {}

    @property
    def _samples_digest(self) -> str:
        """The checksum of the samples; empty if there are none."""
        checksums = self._sampling_record.get("sha256", {})
        return str(checksums.get(self.samples_file.name, ""))

    @cached_property
    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """The samples, S × H × W × C, and the clean image, as the task's protocol compares them."""
        clean = self.images[1]
        whole = planes(read_image(self.clean_file))
        parts = [
            compared(sample, whole, self._sources.border, self._sources.luminance)[0]
            for sample in read_samples(self.samples_file)
        ]
        return np.stack(parts), clean

    @cached_property
    def is_exact(self) -> bool:
        """Whether the restoration equals the clean image, where the protocol compares them."""
        try:
            return psnr(*self.images) >= EXACT
        except ValueError:  # Of different shapes, or with nothing to compare: the metrics say so.
            return False

    @cached_property
    def is_determined(self) -> bool:
        """Whether the observation tells the whole image: it has no noise, and as many numbers as
        the image.
        """
        from priorbench.problem import Problem

        self.task.entry.load()  # Makes the task's operators known.
        return Problem.load(self.problem_file).is_determined

    def evaluate(self, metric: Registered[MetricSpec]) -> Evaluation:
        """Return the metric's value; one of the problem is known already, unless the metric came or
        changed later.
        """
        name = metric.spec.name
        if metric.spec.of_problem:
            known = self.record.get("measured", {}).get(name, {})
            if known.get("fingerprint") == self.fingerprints.metric(name):
                return Evaluation.from_dict(known)
            return evaluate_of_problem(
                metric, self.task, self.problem_file, self.restored_file, self.seed(name)
            )

        if metric.spec.of_samples and self.sampling.status != Status.OK:
            return self._without_samples()

        def value() -> Any:
            function = metric.load()
            images = self.samples if metric.spec.of_samples else self.images
            with seeded(self.seed(name)):
                return function(*images)

        return evaluate(value)

    def _without_samples(self) -> Evaluation:
        """Return the evaluation of a metric of samples where there are none."""
        sampling = self.sampling
        reason = f"no samples: {sampling.reason}"
        if sampling.status == Status.UNSUPPORTED:
            # The metric is not defined for a prior that draws none.
            return Evaluation(None, Status.UNDEFINED, reason)
        return Evaluation(None, sampling.status, reason)
