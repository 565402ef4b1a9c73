"""The pictures of the site, a folder at a time, each with its thumbnail.

Thumbnails are made once. Beside those of a folder stands what they were made from, by checksums, so
that only the pictures of restorations that have changed are made again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

from priorbench.config import Experiment
from priorbench.data.images import read_image, write_image
from priorbench.errors import StorageError
from priorbench.figures.observation import shown_as
from priorbench.plan import Plan
from priorbench.site.files import write_data
from priorbench.site.thumbnails import FORMAT, thumbnail
from priorbench.site.traces import read_trace
from priorbench.store.cell import Cell
from priorbench.store.files import link, read_json, write_atomically, write_json
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.memo import recorded_checksums
from priorbench.store.site_layout import SiteLayout, trace_key

if TYPE_CHECKING:
    from priorbench.store.layout import Layout


@dataclass(frozen=True)
class Shown:
    """What there is to see of the images of a folder.

    Args:
        images: their names, of those that have a picture.
        traces: of those that have a trace.
        files: all files of the folder, thumbnails included.
    """

    images: frozenset[str]
    traces: frozenset[str]
    files: tuple[Path, ...]


@dataclass(frozen=True)
class CleanImages:
    """The clean images of a data set.

    Args:
        layout: of the experiment.
        dataset: id of the data set.
    """

    layout: Layout
    dataset: str

    def show(self) -> Shown:
        """Make what is missing.

        Raises:
            StorageError: an image is not what was made, or a disk is full.
        """
        site = self.layout.site()
        entries = read_manifest(self.layout.images(self.dataset))
        sources = {image: entry.sha256 for image, entry in entries.items() if entry.outcome.ok}

        def target(image: str) -> Path:
            return site.clean(self.dataset, image)

        def make(image: str) -> None:
            source = self.layout.image(self.dataset, image)
            check_file(source, sources[image])
            _show_file(site, source, target(image))

        return _make(site, sources, {image: [target(image)] for image in sources}, make)


@dataclass(frozen=True)
class Observations:
    """The observations of a task on a data set, and the scenes that it cuts from the clean images.

    Args:
        layout: of the experiment.
        experiment: the configuration as JSON, whose plugins know the operators.
        dataset: id of the data set.
        task: id of the task.
    """

    layout: Layout
    experiment: str
    dataset: str
    task: str

    def show(self) -> Shown:
        """Make what is missing.

        Raises:
            StorageError: a problem is not what was made, or a disk is full.
        """
        layout, site = self.layout, self.layout.site()
        clean = read_manifest(layout.images(self.dataset))
        problems = {
            image: entry
            for image, entry in read_manifest(layout.problems(self.dataset, self.task)).items()
            if entry.outcome.ok
        }
        sources = {
            image: f"{entry.sha256} {clean[image].sha256}" for image, entry in problems.items()
        }
        targets = {image: [site.observed(self.dataset, self.task, image)] for image in sources}
        for image, entry in problems.items():
            if entry.shape != clean[image].shape:
                targets[image].append(site.scene(self.dataset, self.task, image))

        def make(image: str) -> None:
            observed, *scenes = targets[image]
            check_file(layout.problem(self.dataset, self.task, image), problems[image].sha256)
            picture = self._picture(image)
            _write_picture(observed, picture)
            _write_thumbnail(site, observed, picture)
            for scene in scenes:
                source = layout.image(self.dataset, image)
                check_file(source, clean[image].sha256)
                # Tasks cut at the bottom and at the right.
                _, height, width = problems[image].shape
                write_image(scene, read_image(source)[:height, :width])

        return _make(site, sources, targets, make)

    def _picture(self, image: str) -> np.ndarray:
        """Return an observation as it is shown, of the scene's size: H × W or H × W × 3."""
        from priorbench.data.tensors import to_array
        from priorbench.problem import Problem

        _know_operators(self.experiment, self.task)
        problem = Problem.load(self.layout.problem(self.dataset, self.task, image))
        picture: np.ndarray = np.clip(to_array(shown_as(problem)[0]), 0, 1)
        # A smaller one is enlarged by whole pixels.
        factor = problem.image_shape[1] // picture.shape[0]
        large = picture.repeat(factor, axis=0).repeat(factor, axis=1)
        return large[..., 0] if large.shape[2] == 1 else large


@dataclass(frozen=True)
class Restorations:
    """The restorations of a cell, with their traces.

    Args:
        layout: of the experiment.
        cell: data set, task and prior.
        done: names of the images that were restored.
        stopped: of those that ran into their time limit, some of which have an estimate.
    """

    layout: Layout
    cell: Cell
    done: tuple[str, ...]
    stopped: tuple[str, ...] = ()

    def show(self) -> Shown:
        """Make what is missing.

        Raises:
            StorageError: a restoration is not what was made, or a disk is full.
        """
        site = self.layout.site()
        estimates = [image for image in self.stopped if self._file(image, "png").exists()]
        sources = {image: self._checksum(image) for image in (*self.done, *estimates)}
        traces = {
            image: site.data(trace_key(self.cell, image))
            for image in sources
            if self._file(image, "csv").exists()
        }
        targets = {
            image: [
                site.restored(self.cell, image),
                *([traces[image]] if image in traces else []),
            ]
            for image in sources
        }

        def make(image: str) -> None:
            source = self._file(image, "png")
            check_file(source, sources[image])
            _show_file(site, source, targets[image][0])
            if image in traces:
                trace = read_trace(self._file(image, "csv"))
                write_data(traces[image], trace_key(self.cell, image), trace)

        return _make(site, sources, targets, make, frozenset(traces))

    def _file(self, image: str, suffix: str) -> Path:
        return self.layout.restored(self.cell, f"{image}.{suffix}")

    def _checksum(self, image: str) -> str:
        """Return the checksum that was recorded of a restoration."""
        record = self._file(image, "json")
        try:
            return recorded_checksums(record)[f"{image}.png"]
        except (OSError, ValueError, KeyError) as error:
            raise StorageError(
                f"{record} is missing or damaged; 'priorbench verify --repair' has it made again "
                "by the next run"
            ) from error


def _make(
    site: SiteLayout,
    sources: Mapping[str, str],
    targets: Mapping[str, Sequence[Path]],
    make: Callable[[str], None],
    traces: frozenset[str] = frozenset(),
) -> Shown:
    """Make the pictures of a folder that are missing or were made from something else.

    Args:
        site: its paths.
        sources: what each picture is made from, by the name of its image.
        targets: the files of each image; the first is the one with a thumbnail.
        make: makes the files of an image, and the thumbnail.
        traces: names of the images that have a trace.
    """
    if not sources:
        return Shown(frozenset(), frozenset(), ())
    files = {image: (*own, site.thumbnail(own[0])) for image, own in targets.items()}
    record = site.thumbnail_sources(next(iter(targets.values()))[0])
    known = _read_sources(record)
    outdated = [
        image
        for image, source in sources.items()
        if known.get(image) != source or not all(file.exists() for file in files[image])
    ]
    if outdated:
        # Until all are there, none is taken for one of the present sources.
        record.unlink(missing_ok=True)
        for image in outdated:
            make(image)
    if outdated or known.keys() != sources.keys():
        write_json(record, {"format": FORMAT, "sources": sources}, durable=False)
    every = (record, *(file for own in files.values() for file in own))
    return Shown(frozenset(sources), traces, every)


def _read_sources(record: Path) -> Mapping[str, str]:
    """Return what the pictures of a folder were made from; nothing where that is not known."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        content = read_json(record)
        if content["format"] == FORMAT:
            return dict(content["sources"])
    return {}


def _show_file(site: SiteLayout, source: Path, target: Path) -> None:
    """Put an image file into the site, with its thumbnail."""
    link(source, target)
    _write_thumbnail(site, target, read_image(source))


def _write_thumbnail(site: SiteLayout, target: Path, picture: np.ndarray) -> None:
    write_atomically(site.thumbnail(target), thumbnail(picture), durable=False)


def _write_picture(path: Path, picture: np.ndarray) -> None:
    """Write what is only looked at, with 8 bits: 16 take twice the time and place."""
    levels = np.rint(255 * picture).astype(np.uint8)
    encoded = imagecodecs.png_encode(np.ascontiguousarray(levels), level=1)
    write_atomically(path, bytes(encoded), durable=False)


@cache
def _know_operators(experiment: str, task: str) -> None:
    """Load the code of a task, which makes its operators known."""
    plan = Plan(Experiment.model_validate_json(experiment))
    plan.task(task).entry.load()
