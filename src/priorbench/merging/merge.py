"""Experiments that were run in parts become one folder of results."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priorbench.config import dump_experiment
from priorbench.errors import in_brief
from priorbench.merging.agreement import (
    check_complete,
    check_same,
    choice_of,
    fit_of,
    tunings_of,
)
from priorbench.merging.configurations import check_variants, union
from priorbench.merging.parts import MergeError, Part, Restoration, read_parts
from priorbench.plan import Plan
from priorbench.stages.gather import gather
from priorbench.store.chunk import Chunk
from priorbench.store.files import link, read_json, write_atomically, write_json, write_rows
from priorbench.store.layout import Layout
from priorbench.store.manifest import Entry, read_about, read_manifest, write_manifest

__all__ = ["Merged", "merge"]

SUFFIXES = (".png", ".json", ".csv", ".npz")
"""Of the files of a restoration."""
KEPT_STAGES = ("prepare", "corrupt", "train", "tune")
"""Stages whose logs have the same names in the whole; those of other jobs may be cut otherwise."""


@dataclass(frozen=True)
class Merged:
    """What was brought together.

    Args:
        folder: of the whole experiment.
        priors: how many.
        tasks: how many.
        restorations: how many.
        repeated: how many of them more than one part had, with the same scores.
    """

    folder: Path
    priors: int
    tasks: int
    restorations: int
    repeated: int


def merge(folders: Sequence[Path], into: Path) -> Merged:
    """Bring experiments together that are parts of one.

    All of them must be what the plugins and the code that are here would make, so that the rows of
    the whole have one meaning. Files are hard links where the file system can, else copies; logs
    are copies. Where several parts have the same restoration, that of the first is kept.

    Args:
        folders: of two experiments or more, each finished.
        into: the folder of the whole, which is not there yet; its name becomes the experiment's.
            It appears when all is in it.

    Raises:
        MergeError: the experiments do not belong together, or are not all of one.
        ConfigError: a configuration does not fit the plugins that are here, or the union of all is
            not valid.
        FileExistsError: ``into`` is there.
    """
    into = Path(os.path.normpath(into.expanduser()))
    if os.path.lexists(into):
        raise FileExistsError(f"{into} is there already: merge into a folder that is not")
    parts = read_parts(folders)
    experiment = union(parts, into)
    into.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=into.parent, prefix=".merging-"))
    try:
        staged = experiment.model_copy(update={"results": str(place)})
        write_json(Layout(place / into.name).estimates(), _estimates(parts))
        plan = Plan(staged, parts[0].plan.registry)
        merged = _Merger(plan, parts).write()
        write_json(plan.layout.estimates(), plan.estimates.keep())
        write_atomically(plan.layout.config(), dump_experiment(experiment))
        plan.layout.root.rename(into)
    finally:
        shutil.rmtree(place)
    return Merged(into, len(plan.priors), len(plan.tasks), *merged)


def _estimates(parts: Sequence[Part]) -> dict[str, dict[str, Any]]:
    """Return what the parts' jobs were expected to take, the first part first."""
    found: dict[str, dict[str, Any]] = {}
    for part in reversed(parts):
        file = part.layout.estimates()
        for key, known in (read_json(file) if file.exists() else {}).items():
            found[key] = {**found.get(key, {}), **known}
    return found


class _Merger:
    """Writes the whole.

    Args:
        plan: of the whole, in the folder where it is made.
        parts: its parts.
    """

    def __init__(self, plan: Plan, parts: Sequence[Part]) -> None:
        self.plan, self.parts, self.layout = plan, parts, plan.layout
        self.origin: dict[Restoration, Part] = {}

    def write(self) -> tuple[int, int]:
        """Check all and write all; return how many restorations there are, and repeated ones."""
        for part in self.parts:
            check_complete(part)
        check_variants(self.plan, self.parts)
        self._check_whole()
        for dataset in self.plan.datasets:
            self._images(dataset)
        for dataset in self.plan.test:
            for task in self.plan.tasks:
                self._problems(dataset, task)
        for prior in self.plan.priors:
            self._model(prior)
            for target in self.plan.tunings.of_prior(prior):
                self._tuning(target, prior)
        repeated = self._choose()
        for restoration, part in self.origin.items():
            self._restoration(restoration, part)
        for chunk in self.plan.all_chunks():
            self._job(chunk)
        for part in self.parts:
            _link_all(part.layout.environments(), self.layout.environments())
            for stage in KEPT_STAGES:
                _copy_new(part.layout.root / "logs" / stage, self.layout.root / "logs" / stage)
        gather(self.plan)
        return len(self.origin), repeated

    def _images(self, dataset: str) -> None:
        """Bring the clean images of a data set together."""
        entries, about = self._entries(
            f"the images of {dataset}",
            lambda layout: layout.images(dataset),
            lambda layout, image: layout.image(dataset, image),
            list(self.plan.dataset(dataset).images),
        )
        about |= self.plan.dataset(dataset).section.model_dump(mode="json")
        about["fingerprint"] = self.plan.fingerprints.images(dataset)
        self._manifest(lambda layout: layout.images(dataset), entries, about)

    def _problems(self, dataset: str, task: str) -> None:
        """Bring the problems of a task on a data set together."""
        entries, about = self._entries(
            f"the problems of {dataset}/{task}",
            lambda layout: layout.problems(dataset, task),
            lambda layout, image: layout.problem(dataset, task, image),
            list(self.plan.dataset(dataset).images),
        )
        about["fingerprint"] = self.plan.fingerprints.problems(dataset, task)
        self._manifest(lambda layout: layout.problems(dataset, task), entries, about)

    def _manifest(
        self, path: Callable[[Layout], Path], entries: dict[str, Entry], about: dict[str, Any]
    ) -> None:
        """Write a manifest, as old as the oldest one of the parts.

        Else Snakemake would take what is linked, such as models, to be older than its inputs.
        """
        merged = path(self.layout)
        write_manifest(merged, entries, about)
        made = [path(part.layout) for part in self.parts]
        oldest = min(each.stat().st_mtime_ns for each in made if each.exists())
        os.utime(merged, ns=(oldest, oldest))

    def _entries(
        self,
        what: str,
        manifest: Callable[[Layout], Path],
        file: Callable[[Layout, str], Path],
        images: Sequence[str],
    ) -> tuple[dict[str, Entry], dict[str, Any]]:
        """Return the entries of all parts' manifests and what they are about, and link their
        files.
        """
        entries: dict[str, Entry] = {}
        origin: dict[str, Part] = {}
        about: dict[str, Any] = {}
        for part in self.parts:
            path = manifest(part.layout)
            if not path.exists():
                continue
            said = read_about(path)
            about = said | about | {"sources": said.get("sources", {}) | about.get("sources", {})}
            for image, entry in read_manifest(path).items():
                if image not in origin:
                    entries[image], origin[image] = entry, part
                    if entry.outcome.ok:
                        link(file(part.layout, image), file(self.layout, image))
                elif entries[image].sha256 != entry.sha256:
                    raise MergeError(
                        f"{what} are others in {origin[image]} than in {part}: {image} has another "
                        "checksum"
                    )
        missing = [image for image in images if image not in entries]
        if missing:
            raise MergeError(f"{what}: no part has {in_brief(missing)}")
        return {image: entries[image] for image in images}, about

    def _model(self, prior: str) -> None:
        """Take over the fit of a prior."""
        chosen: Part | None = None
        for part in self.parts:
            training = part.layout.training(prior)
            if prior not in part.plan.learners or not training.exists():
                continue
            if chosen is None:
                chosen = part
                folder = training.parent
                for file in sorted(folder.iterdir()):
                    if file != part.layout.checkpoint(prior):
                        link(file, self.layout.training(prior).with_name(file.name))
            elif fit_of(part.layout, prior) != fit_of(chosen.layout, prior):
                raise MergeError(
                    f"the fits of {prior} in {chosen} and {part} gave two models, as other "
                    "processors may: leave the prior out of one of them"
                )

    def _tuning(self, target: str, prior: str) -> None:
        """Take over what was chosen for a prior."""
        chosen: Part | None = None
        for part in self.parts:
            tuned = part.layout.tuned(target, prior)
            if prior not in part.plan.priors or not tuned.exists():
                continue
            if chosen is None:
                chosen = part
                link(tuned, self.layout.tuned(target, prior))
                record = part.layout.tuning_record(target, prior)
                if record.exists():
                    link(record, self.layout.tuning_record(target, prior))
            elif choice_of(tuned) != choice_of(chosen.layout.tuned(target, prior)):
                raise MergeError(
                    f"{prior} was tuned for {target} otherwise in {part} than in {chosen}: leave "
                    "it out of one of them"
                )

    def _check_whole(self) -> None:
        """Refuse parts that have not all restorations of the whole.

        Raises:
            MergeError: the message counts those that are missing.
        """
        known = {restoration for part in self.parts for restoration in part.runs}
        missing = [
            f"{cell}/{image}"
            for chunk in self.plan.all_chunks()
            for cell, image in chunk.restorations()
            if Restoration(cell, image) not in known
        ]
        if missing:
            raise MergeError(
                f"together they also mean {len(missing)} restorations that none of them has, "
                f"{in_brief(missing)}: run these in one of them first"
            )

    def _choose(self) -> int:
        """Find the part that each restoration is taken from; return how many have several.

        Raises:
            MergeError: two parts have other results of one, or one is out of date.
        """
        repeated = set()
        for part in self.parts:
            self._check_current(part)
            for restoration in part.runs:
                first = self.origin.setdefault(restoration, part)
                if first is not part:
                    check_same(restoration, first, part)
                    repeated.add(restoration)
        return len(repeated)

    def _check_current(self, part: Part) -> None:
        """Refuse rows that were computed by other code or settings than those here."""
        prints = part.plan.fingerprints
        for restoration, run in part.runs.items():
            cell = restoration.cell
            if tunings_of(part.plan, cell) != tunings_of(self.plan, cell):
                raise MergeError(
                    f"{cell} in {part} is tuned on {tunings_of(part.plan, cell) or 'nothing'}, in "
                    f"the whole it would be on {tunings_of(self.plan, cell) or 'nothing'}"
                )
            if run["fingerprint"] != prints.restored(cell):
                what = "restored"
            elif other := [
                metric
                for metric in self.plan.metrics
                if part.scores[restoration].get(metric, {}).get("fingerprint")
                != prints.score(cell, metric)
            ]:
                what = f"scored in {', '.join(other)}"
            else:
                continue
            raise MergeError(
                f"{restoration} in {part} was {what} by other code, or with other settings or "
                "input files, than those here: merge with the commit and the files that it was "
                "run with"
            )

    def _restoration(self, restoration: Restoration, part: Part) -> None:
        """Link the files of one restoration."""
        cell, image = restoration.cell, restoration.image
        for suffix in SUFFIXES:
            source = part.layout.restored(cell, f"{image}{suffix}")
            if source.exists():
                link(source, self.layout.restored(cell, source.name))
        own, whole = part.layout, self.layout
        for source, target in (
            (own.samples(cell, image), whole.samples(cell, image)),
            (own.samples_record(cell, image), whole.samples_record(cell, image)),
            (own.scored(cell, image), whole.scored(cell, image)),
        ):
            if source.exists():
                link(source, target)
        spec = self.layout.cell_spec(cell)
        if not spec.exists() and part.layout.cell_spec(cell).exists():
            link(part.layout.cell_spec(cell), spec)

    def _job(self, chunk: Chunk) -> None:
        """Write the rows and logs of a job of the whole."""
        name, prints = self.plan.experiment.experiment, self.plan.fingerprints
        runs: list[dict[str, Any]] = []
        scores: list[dict[str, Any]] = []
        jobs: dict[tuple[Path, Chunk], Part] = {}
        for cell, image in chunk.restorations():
            restoration = Restoration(cell, image)
            part = self.origin[restoration]
            jobs[part.layout.root, part.jobs[restoration]] = part
            current = prints.restored(cell)
            runs.append(part.runs[restoration] | {"experiment": name, "fingerprint": current})
            scores += [
                part.scores[restoration][metric]
                | {"experiment": name, "fingerprint": prints.score(cell, metric)}
                for metric in self.plan.metrics
            ]
        write_rows(self.layout.runs(chunk), runs)
        write_rows(self.layout.scores(chunk), scores)
        for stage in ("restore", "score"):
            logs = [part.layout.log_file(stage, job) for (_, job), part in jobs.items()]
            text = b"".join(log.read_bytes() for log in logs if log.exists())
            write_atomically(self.layout.log_file(stage, chunk), text, durable=False)


def _link_all(source: Path, target: Path) -> None:
    """Link the records of a folder into another one; those of one name are the same."""
    for file in sorted(source.glob("*.json")):
        link(file, target / file.name)


def _copy_new(source: Path, target: Path) -> None:
    """Copy the files below a folder that are not below the other one."""
    for file in _files(source):
        copy = target / file.relative_to(source)
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)


def _files(folder: Path) -> Iterator[Path]:
    files: Iterable[Path] = sorted(folder.rglob("*")) if folder.is_dir() else ()
    return (file for file in files if file.is_file())
