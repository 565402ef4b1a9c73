"""The records that plugins hand over: frozen, light, checked when they are made.

A record names its heavy part by an import string, ``"package.module:attribute"``, which is loaded
inside a job only. A string that starts with a dot is relative to the plugin's own package. Nothing
here imports torch.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from priorbench.errors import unknown
from priorbench.specs.sections import Section
from priorbench.specs.solver_settings import Regime, SolverSettings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Parameters(Section):
    """Base of a record's parameters.

    The configuration may give a list for any of them; the experiment then holds every combination.
    """


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a job asks for. Every field can be overridden in the configuration.

    Args:
        threads: processor threads, handed to torch as well.
        memory_mb: memory in MiB, for an image of any size.
        memory_mb_per_megapixel: what each megapixel of each channel adds.
        gpus: GPUs.
        minutes: time limit for the restoration of one image.
        training_minutes: time limit for the fit.
        seconds_per_megapixel: how long a restoration takes, for each megapixel of each channel, by experience: so many
            images are given to one job that it lasts as long as the experiment wants. None takes a tenth of the limit.
        training_seconds: how long a fit takes, by experience. None takes a quarter of the limit.
    """

    threads: int = 1
    memory_mb: int = 2000
    memory_mb_per_megapixel: float = 200.0
    gpus: int = 0
    minutes: float = 10.0
    training_minutes: float = 60.0
    seconds_per_megapixel: float | None = None
    training_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("threads", "memory_mb", "minutes", "training_minutes"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, not {getattr(self, name)}")
        for name in (
            "gpus",
            "memory_mb_per_megapixel",
            "seconds_per_megapixel",
            "training_seconds",
        ):
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name} must be at least 0, not {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What all records have.

    Args:
        name: the name in the configuration, the tables and the paths; letters, digits, ``. _ -``.
        factory: import string of the heavy part, or the object itself in a one-file plugin: a
            class or function at the top level, or a ``functools.partial`` of one.
        summary: one line for lists.
        reference: DOI or address of the source.
        data_files: files that the factory reads, such as weights, by patterns that start in the
            plugin's folder: ``("weights/*.safetensors",)``. Results are computed again when they
            change. A file whose whole name stands in the code is noticed without it.
    """

    name: str
    factory: str | Callable[..., Any]
    summary: str
    reference: str = ""
    data_files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise ValueError(
                f"{type(self).__name__} name {self.name!r} must be letters, digits, '.', '_' or '-'"
            )
        _check_data_files(self)
        if isinstance(self.factory, str) and not re.fullmatch(r"\.?[\w.]+:\w+", self.factory):
            raise ValueError(
                f"factory {self.factory!r} of {self.name!r} must look like '.module:attribute'"
            )


@dataclass(frozen=True, kw_only=True)
class PriorSpec(Record):
    """An image prior.

    Args:
        factory: a class of one of the kinds in :mod:`priorbench.priors`, called with the parameters.
        parameters: pydantic model of the parameters.
        id: pattern of the id, filled with the parameters, for example ``"gmm-K{n_components}"``;
            empty means the name. Parameters that vary and are not in the pattern are appended.
        label: the name in tables and figures; filled like ``id``; empty means the id.
        learns: whether it has a ``fit``.
        train_on: the data set it learns from by default: an id of the configuration or the name of
            a registered source; empty means the experiment's ``train``.
        resources: what a job asks for.
        images_per_job: the images restored by one job; None: as many as last as long as the experiment wants.
        tasks: names or ids of the tasks it can do, or patterns of them such as ``"inpaint*"``.
        tunable: candidates of parameters that the stage ``tune`` may choose for each task, on training images; it
            tries every combination. They act on the restoration, not on the fit, and the id can't tell them.
        solver: settings of the splitting that turns a denoiser into a restoration, as the stage ``tune`` chose them on
            training images. ``SolverSettings()`` says that there is nothing to choose: the prior has a solver of its
            own, or the default of its kind is right. None says nothing; the settings of a denoiser are then chosen in
            each experiment that has training images.
        baseline: whether it knows nothing of images and returns the observation itself, or the plainest image
            that it suggests. Figures draw such a prior last, in gray, as what the others are compared with.
        small: parameters with which ``priorbench plugins check`` fits it and restores in seconds, where they differ
            from the defaults. No experiment uses them.
    """

    parameters: type[Parameters] = Parameters
    id: str = ""
    label: str = ""
    learns: bool = False
    train_on: str = ""
    resources: Resources = field(default_factory=Resources)
    images_per_job: int | None = None
    tasks: tuple[str, ...] = ("*",)
    tunable: Mapping[str, Sequence[Any]] = field(default_factory=dict, hash=False)
    solver: SolverSettings | None = None
    baseline: bool = False
    small: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_patterns(self)
        _check_tunable(self)
        for name, value in self.small.items():
            if name not in self.parameters.model_fields:
                where = f"small of {self.name!r}"
                raise ValueError(
                    f"{where}: {unknown('parameter', name, self.parameters.model_fields)}"
                )
            _check_value(self, "small", name, value)
        if self.images_per_job is not None and self.images_per_job < 1:
            raise ValueError(
                f"images_per_job of {self.name!r} must be at least 1, not {self.images_per_job}"
            )


@dataclass(frozen=True, kw_only=True)
class TaskSpec(Record):
    """A way to corrupt images.

    Args:
        factory: a class, called with the parameters, that is a :class:`priorbench.tasks.Task`.
        parameters: pydantic model of the parameters.
        id: pattern of the id, for example ``"denoise-{sigma:g}"``; see :class:`PriorSpec`.
        label: the name in tables and figures, filled like ``id``; empty means the id.
        files: ``files(parameters) -> paths`` lists files that the task reads, so that the workflow notices their
            changes.
        regimes: ``regimes(parameters) -> regimes`` tells which settings of a splitting its problems may need, see
            :data:`priorbench.specs.solver_settings.Regime`, so that no others are tuned for it; None: any.
    """

    parameters: type[Parameters] = Parameters
    id: str = ""
    label: str = ""
    files: Callable[[Any], Sequence[Path]] | None = None
    regimes: Callable[[Any], Sequence[Regime]] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_patterns(self)


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Record):
    """A source of images.

    Args:
        factory: ``load(parameters, image) -> array`` returns one image, H × W or H × W × 3,
            float32 on [0, 1].
        images: ``images(parameters) -> {image name: file or None}`` lists the images in order
            without opening them; a file makes the workflow notice its changes.
        parameters: pydantic model of the parameters.
        sizes: ``sizes(parameters) -> {image name: (height, width)}`` tells the images' sizes in pixels where they are
            known before the images are there; jobs ask for memory and time by them. Files are looked at without it.
        origins: ``origins(parameters) -> {image name: photograph}`` names, by a word of your own such as
            ``"bsds500/12003"``, the photograph that an image comes from, however it was cut or converted.
            No prior is tested on a photograph that it learns from, in whatever data sets the two lie.
    """

    images: Callable[[Any], Mapping[str, Path | None]]
    parameters: type[Parameters] = Parameters
    sizes: Callable[[Any], Mapping[str, tuple[int, int]]] | None = None
    origins: Callable[[Any], Mapping[str, str]] | None = None


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Record):
    """A measure of a restoration.

    Args:
        factory: ``metric(restored, clean) -> float`` on float arrays H × W × C on [0, 1], clipped
            and with the task's border cut. It may raise :class:`priorbench.NotApplicable`.
        of_problem: whether the factory is ``metric(restored, problem) -> float`` instead, with the whole image as a
            tensor 1 × C × H × W and the :class:`priorbench.problem.Problem`.
        label: the name in tables and figures; empty means the name.
        unit: for example ``"dB"``; empty for a pure number.
        higher_is_better: the direction; None for a diagnosis that has no best.
        decimals: digits shown in tables.
        target: what the clean image itself has on average, for a metric whose best value is neither the highest nor
            the lowest; figures draw a line there. None if there is no such value.
    """

    label: str = ""
    unit: str = ""
    of_problem: bool = False
    higher_is_better: bool | None = True
    decimals: int = 2
    target: float | None = None


@dataclass(frozen=True, kw_only=True)
class StudySpec(Record):
    """A question asked of an experiment's results, answered by a table and a figure.

    Args:
        factory: ``study(results) -> Findings``, from a :class:`priorbench.results.Results` to a
            :class:`priorbench.results.Findings`.
        priors: patterns of the ids of the priors that it is about; a study without any is left
            out.
        other_priors: patterns of the ids of further priors that it compares with, where there are
            any.
        only_learned: whether it looks at none but priors that learn.
        tasks: patterns of the ids of the tasks that it looks at.
        metrics: patterns of the names of the metrics that it looks at.
        caption: the figure's caption in the report.
        resources: what its job asks for; ``minutes`` is the limit of the whole.

    A study sees nothing else of the experiment, and runs again only when some of it has changed.
    """

    priors: tuple[str, ...] = ("*",)
    other_priors: tuple[str, ...] = ()
    only_learned: bool = False
    tasks: tuple[str, ...] = ("*",)
    metrics: tuple[str, ...] = ("*",)
    caption: str = ""
    resources: Resources = field(default_factory=lambda: Resources(minutes=30))


def _check_data_files(record: Record) -> None:
    """Raise ValueError if the patterns of data files leave the plugin's folder."""
    if not isinstance(record.data_files, tuple):
        raise ValueError(f"data_files of {record.name!r} must be a tuple of patterns")
    for pattern in record.data_files:
        path = PurePosixPath(pattern)
        if not pattern or path.is_absolute() or ".." in path.parts:
            raise ValueError(
                f"data_files of {record.name!r}: {pattern!r} must start in the plugin's folder"
            )


def _check_patterns(spec: PriorSpec | TaskSpec) -> None:
    """Raise ValueError if the id or the label names a parameter that there is not."""
    for pattern in (spec.id, spec.label):
        for _, name, _, _ in string.Formatter().parse(pattern):
            if name is not None and name not in spec.parameters.model_fields:
                where = f"pattern {pattern!r} of {spec.name!r}"
                raise ValueError(
                    f"{where}: {unknown('parameter', name, spec.parameters.model_fields)}"
                )


def _check_tunable(spec: PriorSpec) -> None:
    """Raise ValueError if ``tunable`` does not fit the parameters or the patterns."""
    for name, candidates in spec.tunable.items():
        where = f"tunable of {spec.name!r}"
        if name not in spec.parameters.model_fields:
            raise ValueError(f"{where}: {unknown('parameter', name, spec.parameters.model_fields)}")
        if isinstance(candidates, str) or not isinstance(candidates, Sequence) or not candidates:
            raise ValueError(f"{where}: give {name} a list of candidates, not {candidates!r}")
        if name in {
            part[1]
            for pattern in (spec.id, spec.label)
            for part in string.Formatter().parse(pattern)
        }:
            raise ValueError(
                f"{where}: take {name} out of the id and the label, which can't tell what is chosen"
            )
        for candidate in candidates:
            _check_value(spec, "tunable", name, candidate)


def _check_value(spec: PriorSpec, place: str, name: str, value: Any) -> None:
    """Raise ValueError if ``value`` is none that the parameter ``name`` may have."""
    try:
        spec.parameters.model_validate({name: value})
    except ValidationError as error:
        for item in error.errors():
            # Other parameters may be required, and are not asked here.
            if item["loc"][:1] == (name,):
                raise ValueError(
                    f"{place} of {spec.name!r}: {name} = {value!r}: {item['msg']}"
                ) from None
