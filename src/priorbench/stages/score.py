"""Stage ``score``: compare the restorations of a chunk with the clean images and with the observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from priorbench.data.images import planes, read_image
from priorbench.jobs.evaluation import Evaluation, evaluate, evaluate_of_problem, scoring_seed
from priorbench.jobs.log import say
from priorbench.metrics.fidelity import EXACT, psnr
from priorbench.metrics.protocol import compared
from priorbench.plan import Plan
from priorbench.plugins.manager import Registered
from priorbench.seeds import seeded
from priorbench.specs import MetricSpec
from priorbench.store.files import read_json, read_rows, write_rows
from priorbench.store.manifest import Entry, check_file, read_about, read_manifest
from priorbench.store.outcome import OK, TIMEOUT
from priorbench.store.status import EXACT_NOTE


def score(plan: Plan, dataset: str, task: str, prior: str, chunk: str) -> None:
    """Write one row of ``scores`` for each image and metric of a chunk of restorations.

    A restoration that failed has rows as well, without a value; so has a metric that can't be
    loaded or raises, or that is not defined for the image. One that stopped at its time limit with
    an estimate has rows with a value and the status ``timeout``. The rows of one that
    equals the clean image, though the observation does not determine it, have the note :data:`.EXACT_NOTE`.

    Raises:
        StorageError: a disk is full, or an image or a problem is not what was made.
    """
    metrics = {name: plan.registry.metrics[name] for name in plan.metrics}
    manifest = Path(plan.layout.problems(dataset, task))
    problems, protocol = read_manifest(manifest), read_about(manifest)
    images = read_manifest(Path(plan.layout.images(dataset)))
    rows: list[dict[str, Any]] = []
    for run in read_rows(Path(plan.layout.runs(dataset, task, prior, chunk))):
        pair = _Pair(plan, dataset, task, prior, run["image"], problems, protocol)
        has_image = run["status"] == OK or (
            run["status"] == TIMEOUT and pair.restored_file.exists()
        )
        note = ""
        if has_image:
            pair.check(images[run["image"]].sha256)
            if pair.is_exact and not pair.is_determined:
                note = EXACT_NOTE
                say(f"{dataset}/{task}/{prior}/{run['image']}: the restoration {EXACT_NOTE}")
        for name, metric in metrics.items():
            ended = Evaluation(None, run["status"], run["reason"])
            if has_image:
                ended = pair.evaluate(metric)
                # An estimate at the time limit keeps its status beside its value.
                if run["status"] == TIMEOUT and ended.value is not None:
                    ended = Evaluation(ended.value, run["status"], run["reason"])
            row = {
                key: run[key]
                for key in ("experiment", "dataset", "image", "task", "prior", "source")
            }
            code = plan.fingerprints.score(dataset, task, prior, name)
            rows.append({**row, "metric": name, **asdict(ended), "fingerprint": code, "note": note})
            found = ended.reason if ended.value is None else f"{ended.value:.4f}"
            say(f"{dataset}/{task}/{prior}/{run['image']}: {name} {found}")
    write_rows(Path(plan.layout.scores(dataset, task, prior, chunk)), rows)


class _Pair:
    """A restoration and what it is compared with, each read when a metric asks for it."""

    def __init__(
        self,
        plan: Plan,
        dataset: str,
        task: str,
        prior: str,
        image: str,
        problems: Mapping[str, Entry],
        protocol: Mapping[str, Any],
    ) -> None:
        self.restored_file = Path(plan.layout.restored(dataset, task, prior, f"{image}.png"))
        self.record_file = Path(plan.layout.restored(dataset, task, prior, f"{image}.json"))
        self.clean_file = Path(plan.layout.image(dataset, image))
        self.problem_file = Path(plan.layout.problem(dataset, task, image))
        self.image, self.problems, self.protocol = image, problems, protocol
        self.task = plan.task(task)
        self.fingerprints = plan.fingerprints
        self.seed = partial(scoring_seed, plan.experiment.seed, dataset, task, image)

    def check(self, clean: str) -> None:
        """Refuse to score what is not what was made; ``clean`` is the checksum of the clean image.

        Raises:
            StorageError: a file is missing, cut off or changed.
        """
        check_file(self.restored_file, self.record["sha256"])
        check_file(self.clean_file, clean)
        check_file(self.problem_file, self.problems[self.image].sha256)

    @cached_property
    def record(self) -> dict[str, Any]:
        """What ``restore`` has recorded of the restoration."""
        record: dict[str, Any] = read_json(self.record_file)
        return record

    @cached_property
    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """The restored and the clean image, H × W × C, as the task's protocol wants them compared."""
        _, height, width = self.problems[self.image].shape
        restored, clean = (
            planes(read_image(file)) for file in (self.restored_file, self.clean_file)
        )
        if restored.shape[:2] != (height, width):
            raise ValueError(
                f"{self.restored_file} is {restored.shape[:2]}, its problem {(height, width)}"
            )
        return compared(restored, clean, self.protocol["border"], self.protocol["luminance"])

    @cached_property
    def is_exact(self) -> bool:
        """Whether the restoration equals the clean image, in the part that the protocol compares."""
        try:
            return psnr(*self.images) >= EXACT
        except ValueError:  # Of different shapes, or with nothing to compare: the metrics say so.
            return False

    @cached_property
    def is_determined(self) -> bool:
        """Whether the observation tells the whole image: it has no noise, and as many numbers as the image."""
        from priorbench.problem import Problem

        self.task.entry.load()  # Makes the task's operators known.
        return Problem.load(self.problem_file).is_determined

    def evaluate(self, metric: Registered[MetricSpec]) -> Evaluation:
        """Return the metric's value; one of the problem is known already, unless the metric came or changed later."""
        name = metric.record.name
        if metric.record.of_problem:
            known = self.record.get("measured", {}).get(name, {})
            if known.get("fingerprint") == self.fingerprints.metric(name):
                return Evaluation(known["value"], known["status"], known["reason"])
            return evaluate_of_problem(
                metric, self.task, self.problem_file, self.restored_file, self.seed(name)
            )

        def value() -> Any:
            function = metric.load()
            with seeded(self.seed(name)):
                return function(*self.images)

        return evaluate(value)
