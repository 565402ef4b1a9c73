"""An experiment and the registered plugins become a plan: data sets, tasks, priors, jobs, fingerprints."""

from __future__ import annotations

import dataclasses
import itertools
import re
import string
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from priorbench.config import ConfigError, DatasetSection, Experiment, PriorSection, TaskSection
from priorbench.fingerprint import factory_name, files_fingerprint, fingerprint, library_fingerprint
from priorbench.layout import Layout
from priorbench.names import unknown
from priorbench.plugins import Plugin, Registered, Registry, load_plugins
from priorbench.records import (
    NAME,
    DatasetSpec,
    MetricSpec,
    Parameters,
    PriorSpec,
    Record,
    Resources,
    StudySpec,
    TaskSpec,
)

S = TypeVar("S", PriorSpec, TaskSpec)
R = TypeVar("R", bound=Record)
MODEL_LOADING_MINUTES = 10
"""Time a job gets to start, import a plugin and load its model."""


@dataclass(frozen=True)
class DatasetPlan:
    """A data set of the experiment.

    Args:
        id: its name in the configuration.
        source: the registered source.
        parameters: the source's parameters.
        section: how the images are cut.
        images: file of each image, or None where the source makes it; in order.
        fingerprint: of all that determines the prepared images, files' contents apart.
    """

    id: str
    source: Registered[DatasetSpec]
    parameters: Parameters
    section: DatasetSection
    images: Mapping[str, Path | None]
    fingerprint: str

    @property
    def files(self) -> list[str]:
        """The files that the images come from."""
        return [str(path) for path in self.images.values() if path is not None]

    @cached_property
    def originals(self) -> dict[Hashable, str]:
        """The file that each image comes from, or what its source makes it from, with its name here."""
        source = (self.source.record.name, self.parameters.model_dump_json())
        return {path.resolve() if path else (source, image): image for image, path in self.images.items()}


@dataclass(frozen=True)
class Variant(Generic[S]):
    """A prior or a task with one setting of its parameters.

    Args:
        id: its name in paths and tables.
        label: its name in figures.
        entry: the record and its plugin.
        parameters: the values.
        fingerprint: of the parameters, the plugin's files and the numerical part of the library.
    """

    id: str
    label: str
    entry: Registered[S]
    parameters: dict[str, Any]
    fingerprint: str

    @property
    def spec(self) -> S:
        """The record."""
        return self.entry.record

    def build(self) -> Any:
        """Import the factory and call it with the parameters."""
        return self.entry.load()(**self.parameters)

    def describe(self) -> dict[str, Any]:
        """Return the full specification as plain data."""
        return {
            "id": self.id,
            "name": self.spec.name,
            "plugin": self.entry.plugin.name,
            "parameters": self.parameters,
            "fingerprint": self.fingerprint,
            "reference": self.spec.reference,
        }


@dataclass(frozen=True)
class PriorPlan(Variant[PriorSpec]):
    """A prior of the experiment.

    Args:
        train_on: the data set it learns from; empty if it doesn't learn.
        resources: what its jobs ask for.
        images_per_job: the most images restored by one job.
    """

    train_on: str
    resources: Resources
    images_per_job: int

    def can_do(self, task: Variant[TaskSpec]) -> bool:
        """Whether one of the prior's patterns fits the task's name or its id."""
        return any(fnmatchcase(name, pattern) for name in (task.spec.name, task.id) for pattern in self.spec.tasks)


class Plan:
    """The whole experiment, laid out.

    Args:
        experiment: the configuration.
        registry: the plugins; by default those that the configuration names.

    Raises:
        ConfigError: the configuration names something that isn't registered, or doesn't fit together.
    """

    def __init__(self, experiment: Experiment, registry: Registry | None = None) -> None:
        self.experiment = experiment
        section = experiment.plugins
        self.registry = registry or load_plugins(
            [Path(folder) for folder in section.folders], disable=section.disable, strict=section.strict
        )
        self.layout = Layout(f"{experiment.results}/{experiment.experiment}")
        self._plugin_fingerprints: dict[str, str] = {}
        self._chunks: dict[tuple[str, int], list[list[str]]] = {}
        self.tasks = self._tasks()
        self.datasets: dict[str, DatasetPlan] = {}
        for dataset in experiment.test:
            self._add_dataset(dataset, "test")
        self.priors = self._priors()
        self.metrics: dict[str, MetricSpec] = {
            name: entry.record
            for name, entry in self._chosen("metric", self.registry.metrics, experiment.metrics).items()
        }
        self.studies = self._studies()
        self._check_disjoint()

    @property
    def test(self) -> list[str]:
        """The data sets that priors are tested on."""
        return list(self.experiment.test)

    @property
    def learners(self) -> list[str]:
        """The priors that learn."""
        return [prior.id for prior in self.priors.values() if prior.spec.learns]

    @cached_property
    def scoring_fingerprint(self) -> str:
        """Of the metrics."""
        metrics = self._chosen("metric", self.registry.metrics, self.experiment.metrics)
        core = files_fingerprint([Path(__file__).parent / "metrics.py"])
        return fingerprint([core, {name: self._entry_fingerprint(entry) for name, entry in metrics.items()}])

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """Yield (data set, task, prior) for all that is run."""
        for dataset, task, prior in itertools.product(self.test, self.tasks, self.priors):
            if self.priors[prior].can_do(self.tasks[task]):
                yield dataset, task, prior

    def chunks(self, dataset: str, prior: str) -> list[list[str]]:
        """Return the images of a data set in groups, one for each job of the prior."""
        size = self.priors[prior].images_per_job
        if (dataset, size) not in self._chunks:
            # Snakemake asks several times for every job; making them anew would be quadratic in the images.
            images = list(self.datasets[dataset].images)
            self._chunks[dataset, size] = [images[start : start + size] for start in range(0, len(images), size)]
        return self._chunks[dataset, size]

    def chunk(self, dataset: str, prior: str, chunk: str | int) -> list[str]:
        """Return the images of one job.

        Raises:
            ConfigError: there is no such chunk.
        """
        chunks = self.chunks(dataset, prior)
        if not str(chunk).isdecimal() or int(chunk) >= len(chunks):
            raise ConfigError(f"chunk must be between 0 and {len(chunks) - 1}, not {chunk}")
        return chunks[int(chunk)]

    def chunk_files(self, path: Callable[..., str], prior: str) -> list[str]:
        """Return ``path`` (``layout.runs`` or ``layout.scores``) of every job of a prior."""
        return [
            path(dataset, task, prior, str(chunk))
            for dataset, task, name in self.cells()
            if name == prior
            for chunk in range(len(self.chunks(dataset, prior)))
        ]

    def restore_minutes(self, dataset: str, prior: str, chunk: str) -> int:
        """Return the time limit of a restoring job: that of its images and of starting."""
        minutes = self.priors[prior].resources.minutes * len(self.chunk(dataset, prior, chunk))
        return int(minutes + MODEL_LOADING_MINUTES) + 1

    def training_minutes(self, prior: str) -> int:
        """Return the time limit of a training job."""
        return int(self.prior(prior).resources.training_minutes + MODEL_LOADING_MINUTES) + 1

    def memory(self, prior: str, attempt: int) -> int:
        """Return the memory of a prior's job in MiB: doubled at each further attempt."""
        return self.prior(prior).resources.memory_mb << (attempt - 1)

    def is_final(self, attempt: int) -> int:
        """Return 1 for the last attempt at a job, else 0."""
        return int(attempt > self.experiment.retries)

    def model_files(self, prior: str) -> list[str]:
        """Return what a restoring job needs of the training: nothing if the prior doesn't learn."""
        return [self.layout.training(prior)] if self.prior(prior).spec.learns else []

    @property
    def tables(self) -> list[str]:
        """The names of the tables, each written as CSV, Markdown and LaTeX."""
        return [*self.metrics, "paired", "cost", "failures"]

    @property
    def galleries(self) -> dict[str, tuple[str, str]]:
        """The name of each picture of restorations, with its data set and task."""
        return {f"gallery-{dataset}-{task}": (dataset, task) for dataset in self.test for task in self.tasks}

    @property
    def figures(self) -> list[str]:
        """The names of the figures."""
        return [*self.metrics, "differences", "cost", *self.galleries]

    @property
    def labels(self) -> dict[str, str]:
        """The labels of all priors and tasks; a new one redraws tables and figures and recomputes nothing."""
        priors = {prior.id: prior.label for prior in self.priors.values()}
        return priors | {task.id: task.label for task in self.tasks.values()}

    def study_fingerprint(self, name: str) -> str:
        """Of the study's plugin."""
        return self._entry_fingerprint(self.study(name))

    def study(self, name: str) -> Registered[StudySpec]:
        """Return the study with this name."""
        return _look_up("study", name, self.studies)

    def prior(self, name: str) -> PriorPlan:
        """Return the prior with this id."""
        return _look_up("prior", name, self.priors)

    def task(self, name: str) -> Variant[TaskSpec]:
        """Return the task with this id."""
        return _look_up("task", name, self.tasks)

    def dataset(self, name: str) -> DatasetPlan:
        """Return the data set with this name."""
        return _look_up("data set", name, self.datasets)

    def _tasks(self) -> dict[str, Variant[TaskSpec]]:
        section = self.experiment.tasks
        chosen = self._chosen("task", self.registry.tasks, section.run, section.skip, section.settings)
        tasks: dict[str, Variant[TaskSpec]] = {}
        for name, entry in chosen.items():
            settings = section.settings.get(name, TaskSection())
            for variant in self._variants(entry, settings.parameters, f"tasks.settings.{name}.parameters"):
                _add("task", variant, tasks)
        return tasks

    def _priors(self) -> dict[str, PriorPlan]:
        section = self.experiment.priors
        chosen = self._chosen("prior", self.registry.priors, section.run, section.skip, section.settings)
        priors: dict[str, PriorPlan] = {}
        for name, entry in chosen.items():
            settings = section.settings.get(name, PriorSection())
            train_on = self._train_on(entry.record, settings)
            changes = settings.resources.model_dump(exclude_none=True)
            for variant in self._variants(entry, settings.parameters, f"priors.settings.{name}.parameters"):
                prior = PriorPlan(
                    **vars(variant),
                    train_on=train_on,
                    resources=dataclasses.replace(entry.record.resources, **changes),
                    images_per_job=settings.images_per_job or entry.record.images_per_job,
                )
                _add("prior", prior, priors)
        return priors

    def _train_on(self, spec: PriorSpec, settings: PriorSection) -> str:
        """Return the data set that a prior learns from, made known to the plan."""
        if not spec.learns:
            if settings.train_on:
                raise ConfigError(f"priors.settings.{spec.name}.train_on: {spec.name} does not learn")
            return ""
        dataset = settings.train_on or spec.train_on or self.experiment.train
        if not dataset:
            raise ConfigError(f"the prior {spec.name} learns: name a data set under 'train', or skip the prior")
        self._add_dataset(dataset, f"the training set of {spec.name}")
        return dataset

    def _studies(self) -> dict[str, Registered[StudySpec]]:
        chosen = self._chosen("study", self.registry.studies, self.experiment.studies)
        return {
            name: entry
            for name, entry in chosen.items()
            if any(fnmatchcase(prior, pattern) for prior in self.priors for pattern in entry.record.priors)
        }

    def _add_dataset(self, name: str, use: str) -> None:
        """Plan a data set of the configuration or, with its defaults, a registered source."""
        if name in self.datasets:
            return
        section = self.experiment.datasets.get(name)
        if section is None:
            if name not in self.registry.datasets:
                raise ConfigError(f"{use}: {unknown('data set', name, self.experiment.datasets)}")
            section = DatasetSection(source=name)
        where = f"datasets.{name}"
        if section.source not in self.registry.datasets:
            raise ConfigError(f"{where}.source: {unknown('data set', section.source, self.registry.datasets)}")
        source = self.registry.datasets[section.source]
        parameters = validate_parameters(source.record.parameters, section.parameters, f"{where}.parameters")
        try:
            available = dict(source.record.images(parameters))
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error
        except Exception as error:
            who = f"the source {section.source} (plugin {source.plugin.name!r}, {source.plugin.location})"
            raise ConfigError(f"{where}: {who} can't list its images: {type(error).__name__}: {error}") from error
        for image in section.images or ():
            if image not in available:
                raise ConfigError(f"{where}.images: {unknown('image', image, available)}")
        for image in available:
            if not NAME.fullmatch(image):
                raise ConfigError(f"{where}: the source {section.source} gives the unusable image name {image!r}")
        images = list(section.images or available)[: section.limit]
        if not images:
            raise ConfigError(f"{where} has no images")
        self.datasets[name] = DatasetPlan(
            id=name,
            source=source,
            parameters=parameters,
            section=section,
            images={image: available[image] for image in images},
            fingerprint=fingerprint(
                [
                    section.model_dump(mode="json", exclude={"images", "limit"}),
                    images,
                    self._entry_fingerprint(source),
                ]
            ),
        )

    def _check_disjoint(self) -> None:
        """Refuse to test on what a prior has learned from."""
        for prior in self.priors.values():
            if not prior.train_on:
                continue
            train = self.datasets[prior.train_on]
            for name in self.test:
                test = self.datasets[name]
                both = sorted(test.originals[key] for key in test.originals.keys() & train.originals.keys())
                if both:
                    raise ConfigError(
                        f"the prior {prior.id} would be tested on what it learns from: "
                        f"{', '.join(both)} lie in the data sets {name} and {train.id}"
                    )

    def _chosen(
        self,
        kind: str,
        registered: Mapping[str, Registered[R]],
        run: Literal["all"] | list[str],
        skip: Sequence[str] = (),
        settings: Iterable[str] = (),
    ) -> dict[str, Registered[R]]:
        """Return what the configuration chooses of one kind of record."""
        section = {"study": "studies"}.get(kind, f"{kind}s")
        named = [*(() if run == "all" else run), *skip, *settings]
        for name in named:
            if name not in registered:
                failed = "".join(f"\n{problem}" for problem in self.registry.problems)
                raise ConfigError(f"{section}: {unknown(kind, name, registered)}{failed}")
        wanted = registered if run == "all" else run
        return {name: registered[name] for name in wanted if name not in skip}

    def _variants(self, entry: Registered[S], settings: Mapping[str, Any], where: str) -> Iterator[Variant[S]]:
        """Yield one variant for each combination of the parameters' values."""
        spec = entry.record
        grid = {name: _values(spec.parameters, name, value, where) for name, value in settings.items()}
        varied = [name for name, values in grid.items() if len(values) > 1]
        code = self._entry_fingerprint(entry)
        for values in itertools.product(*grid.values()):
            parameters = validate_parameters(spec.parameters, dict(zip(grid, values, strict=True)), where).model_dump()
            name = _fill(spec.id, spec.name, parameters, varied)
            if not NAME.fullmatch(name):
                raise ConfigError(f"{where}: the id {name!r} can't be part of a path; set 'id' in the record")
            yield Variant(
                id=name,
                label=_fill(spec.label, name, parameters, varied if spec.label else []),
                entry=entry,
                parameters=parameters,
                fingerprint=fingerprint([parameters, code, library_fingerprint()]),
            )

    def _entry_fingerprint(self, entry: Registered[Any]) -> str:
        """Return the fingerprint of a record's factory and of the files that its plugin consists of."""
        plugin = entry.plugin
        if plugin.name not in self._plugin_fingerprints:
            self._plugin_fingerprints[plugin.name] = _plugin_files_fingerprint(plugin)
        # The hooks, which name the factory, don't count among the files' content.
        return fingerprint([factory_name(entry.record.factory), self._plugin_fingerprints[plugin.name]])


def _plugin_files_fingerprint(plugin: Plugin) -> str:
    if plugin.origin == "folder":
        file = Path(plugin.location)
        return files_fingerprint([file.parent if file.name == "plugin.py" else file])
    if plugin.origin == "built-in":
        package = Path(__file__).parent
        return files_fingerprint([package / "tasks.py", package / "data"])
    module = sys.modules[plugin.package]
    if hasattr(module, "__path__"):
        return files_fingerprint(Path(folder) for folder in module.__path__)
    return files_fingerprint([Path(str(module.__file__))])


def _values(model: type[Parameters], name: str, value: Any, where: str) -> list[Any]:
    """Return the grid that a parameter's value stands for: a list, unless the parameter is one itself."""
    field = model.model_fields.get(name)
    if not isinstance(value, list) or field is None:
        return [value]
    try:
        TypeAdapter[Any](field.annotation or Any).validate_python(value)
    except ValidationError:
        if not value:
            raise ConfigError(f"{where}.{name}: an empty list leaves nothing to run; leave the key out") from None
        return value
    return [value]


def validate_parameters(model: type[Parameters], values: Mapping[str, Any], where: str) -> Parameters:
    """Return the parameters that ``values`` stand for; ``where`` says in errors where they come from.

    Raises:
        ConfigError: a parameter is unknown, missing or wrong.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        item = error.errors()[0]
        place = ".".join([where, *map(str, item["loc"])])
        raise ConfigError(f"{place}: {item['msg'].removeprefix('Value error, ')}") from error


def _fill(pattern: str, default: str, parameters: Mapping[str, Any], varied: Sequence[str]) -> str:
    """Fill a pattern with parameters and append those that vary and are not in it."""
    text = pattern.format(**parameters) if pattern else default
    inside = {field for _, field, _, _ in string.Formatter().parse(pattern) if field}
    rest = [f"{name}{parameters[name]}" for name in varied if name not in inside]
    return re.sub(r"\s+", " ", "-".join([text, *rest]))


def _add(kind: str, variant: Any, known: dict[str, Any]) -> None:
    if variant.id in known:
        raise ConfigError(f"two settings give the same {kind} id {variant.id!r}: remove the repeated value")
    known[variant.id] = variant


T = TypeVar("T")


def _look_up(kind: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise ConfigError(unknown(kind, name, known))
    return known[name]
