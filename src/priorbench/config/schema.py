"""The experiment: what ``config.yaml`` may say."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)

from priorbench.specs import NAME
from priorbench.specs.sections import Section, SectionError, for_example, parse_section
from priorbench.specs.solver_settings import SolverSettings

Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$", max_length=100)]


def _choice(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Say what a choice may be in one message; pydantic has one for each of the ways that it could be meant."""
    try:
        return check(value)
    except ValidationError:
        raise ValueError(f"must be 'all' or a list of names{for_example(value)}") from None


def _different(names: Any) -> Any:
    """Refuse a list that names something twice."""
    if isinstance(names, list):
        repeated = next((name for number, name in enumerate(names) if name in names[:number]), None)
        if repeated is not None:
            raise ValueError(f"names {repeated!r} twice")
    return names


def _some(names: Any) -> Any:
    """Refuse a list that leaves nothing to run."""
    if names == []:
        raise ValueError("must name at least one; leave the key out for all of them")
    return names


Names = Annotated[list[str], AfterValidator(_different)]
Choice = Annotated[Literal["all"] | list[str], WrapValidator(_choice), AfterValidator(_different)]
SomeChoice = Annotated[Choice, AfterValidator(_some)]


MOST_THREADS = 4096
MOST_GPUS = 1024
MOST_MEMORY_MB = 100_000_000
MOST_MINUTES = 1_000_000
"""About two years. What is more than any machine has is a mistake, which schedulers would answer."""


class ConfigError(ValueError):
    """The configuration can't be used; the message says what is wrong, where, and what would be right."""


class PluginsSection(Section):
    """Where plugins come from."""

    folders: Names = Field(
        ["plugins"], description="Folders that hold plugins, searched in this order."
    )
    disable: Names = Field([], description="Names of plugins, or of groups of them, to leave out.")
    strict: bool = Field(
        False, description="Stop at a broken plugin instead of leaving it out with a report."
    )


class DatasetSection(Section):
    """A set of images and how it is cut."""

    source: str = Field(description="The registered data set that the images come from.")
    parameters: dict[str, Any] = Field(
        {}, description="Parameters of the source, for example the path of a folder."
    )
    images: Names | None = Field(
        None, description="The images to use, by name. Default: all of the source."
    )
    exclude: Names = Field([], description="Images to leave out, by name.")
    limit: int | None = Field(None, ge=1, description="Use only the first so many images.")
    gray: bool = Field(True, description="Turn colour images to gray (BT.601 weights).")
    max_size: int | None = Field(
        None, ge=1, description="Shrink images whose longer side has more pixels."
    )
    crop: int | tuple[int, int] | None = Field(
        None,
        description="Cut the centre: one side for a square, or height and width. Smaller images stay whole.",
    )

    @field_validator("crop", mode="wrap")
    @classmethod
    def _positive(
        cls, value: Any, check: ValidatorFunctionWrapHandler
    ) -> int | tuple[int, int] | None:
        try:
            pair = tuple(value) if isinstance(value, list) else value
            sides: int | tuple[int, int] | None = check(pair)
        except ValidationError:
            raise ValueError("must be a whole number for a square, or [height, width]") from None
        if sides is not None and min(sides if isinstance(sides, tuple) else (sides,)) < 1:
            raise ValueError(f"crop must be positive, not {value}")
        return sides


class ResourcesSection(Section):
    """Resources of a prior's jobs, where they differ from its record."""

    threads: int | None = Field(
        None, ge=1, le=MOST_THREADS, description="Processor threads of a job."
    )
    memory_mb: int | None = Field(
        None,
        ge=1,
        le=MOST_MEMORY_MB,
        description="Memory of a job in MiB, for an image of any size.",
    )
    memory_mb_per_megapixel: float | None = Field(
        None,
        ge=0,
        le=MOST_MEMORY_MB,
        description="What each megapixel of each channel adds to the memory.",
    )
    gpus: int | None = Field(None, ge=0, le=MOST_GPUS, description="GPUs of a job.")
    minutes: float | None = Field(
        None, gt=0, le=MOST_MINUTES, description="Time limit for the restoration of one image."
    )
    training_minutes: float | None = Field(
        None, gt=0, le=MOST_MINUTES, description="Time limit for the fit."
    )
    seconds_per_megapixel: float | None = Field(
        None,
        ge=0,
        le=60 * MOST_MINUTES,
        description="What a restoration is expected to take for each megapixel of each channel.",
    )
    training_seconds: float | None = Field(
        None, ge=0, le=60 * MOST_MINUTES, description="What the fit is expected to take."
    )


class PriorSection(Section):
    """Settings of one prior."""

    parameters: dict[str, Any] = Field(
        {},
        description="Parameters of the prior. A list runs every value; several lists, every combination.",
    )
    train_on: str | None = Field(
        None, description="The data set to learn from, instead of the prior's default."
    )
    resources: ResourcesSection = Field(
        ResourcesSection(), description="Resources, where they differ."
    )
    images_per_job: int | None = Field(
        None,
        ge=1,
        description="The images restored by one job. Default: as many as take `job_minutes`.",
    )
    solver: SolverSettings = Field(
        SolverSettings(),
        description="Settings of the splitting, where they differ from the prior's own. Those of a regime that "
        "stand here are not tuned.",
    )
    tune: bool | None = Field(
        None,
        description="true: choose on training images, for each task, the parameters that the prior declares as "
        "tunable, and the solver's settings, also where the prior brings its own. A parameter set here stays as it is. "
        "false: choose nothing. Default: the solver's settings of a denoiser that brings none.",
    )


class PriorsSection(Section):
    """Which priors run, and how."""

    run: SomeChoice = Field("all", description="'all', or names of priors.")
    skip: Names = Field([], description="Names of priors to leave out.")
    settings: dict[str, PriorSection] = Field({}, description="Settings by name of the prior.")


class TuningSection(Section):
    """How parameters and the solver's settings are tuned; see `tune` of a prior."""

    images: int = Field(
        8, ge=1, description="How many training images are used, from the first on."
    )
    crop: int | None = Field(
        128, ge=1, description="Cut a square of this side out of the centre; null cuts nothing."
    )


class TaskSection(Section):
    """Settings of one task."""

    parameters: dict[str, Any] = Field(
        {},
        description="Parameters of the task. A list runs every value; several lists, every combination.",
    )


class TasksSection(Section):
    """Which tasks run, and how."""

    run: SomeChoice = Field("all", description="'all', or names of tasks.")
    skip: Names = Field([], description="Names of tasks to leave out.")
    settings: dict[str, TaskSection] = Field({}, description="Settings by name of the task.")


class Experiment(Section):
    """An experiment: data sets × tasks × priors."""

    experiment: Name = Field(description="Its name; the results lie in <results>/<experiment>.")
    results: str = Field("results", description="The folder of all results.")
    seed: int = Field(0, ge=0, description="Seed of everything random.")
    plugins: PluginsSection = Field(PluginsSection(), description="Where plugins come from.")
    datasets: dict[Name, DatasetSection] = Field(
        description="Sets of images, by a name of your own."
    )
    test: Names = Field(min_length=1, description="The data sets that the priors are tested on.")
    train: str | None = Field(
        None, description="The data set that priors learn from, where they name no other."
    )
    tasks: TasksSection = Field(TasksSection(), description="Which tasks run, and how.")
    priors: PriorsSection = Field(PriorsSection(), description="Which priors run, and how.")
    tuning: TuningSection = Field(TuningSection(), description="How parameters are tuned.")
    metrics: SomeChoice = Field("all", description="'all', or names of metrics.")
    studies: Choice = Field("all", description="'all', or names of studies.")
    job_minutes: float = Field(
        10,
        gt=0,
        le=MOST_MINUTES,
        description="How long a job of restorations should last, where its prior knows what it takes.",
    )
    local_minutes: float = Field(
        15,
        ge=0,
        le=MOST_MINUTES,
        description="On a cluster, corrupting and scoring run where Snakemake runs if a core does all of it so soon.",
    )
    retries: int = Field(
        1, ge=0, le=20, description="How often a job is tried again after an error of the machine."
    )

    @field_validator("results")
    @classmethod
    def _is_folder(cls, value: str) -> str:
        # Snakemake would take braces for wildcards and angle brackets for variables; nothing at all would be the
        # root of the file system.
        if not value.strip() or not value.isprintable() or set(value) & set("{}<>"):
            raise ValueError(
                "results must be a folder, without braces, angle brackets and line breaks, "
                f"not {value!r}"
            )
        # One folder has one path: Snakemake compares paths as text.
        return os.path.normpath(Path(value).expanduser())


def parse_experiment(data: Mapping[str, Any], source: str = "the configuration") -> Experiment:
    """Return the experiment that a mapping describes.

    Args:
        data: the configuration as plain data.
        source: how to call it in errors.

    Raises:
        ConfigError: the mapping has unknown or missing keys or wrong values.
    """
    try:
        return parse_section(Experiment, data)
    except SectionError as error:
        lines = [f"  {each.place or 'top level'}: {each.message}" for each in error.problems]
        raise ConfigError("\n".join([f"{source} is not valid:", *lines])) from error


def load_experiment(path: Path) -> Experiment:
    """Read an experiment from a YAML file.

    Raises:
        ConfigError: the file is missing, is no YAML mapping, repeats a key, or holds wrong settings.
    """
    return parse_experiment(read_yaml(path), source=str(path))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping; a repeated key is an error.

    Raises:
        ConfigError: the file is missing or is no such mapping.
    """
    try:
        # A byte order mark, as some editors write it, is no part of the text.
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start + 1}): save it with the encoding UTF-8"
        ) from error
    try:
        data = yaml.load(text, Loader=_Loader)
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply to be read") from error
    except (yaml.YAMLError, ValueError) as error:
        # A date such as 2011-13-40 is a ValueError.
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(
            f"{path} must hold a mapping of keys to values, such as 'experiment: mine'"
        )
    return data


def dump_experiment(experiment: Experiment) -> str:
    """Return the experiment as YAML with every key written out."""
    data = experiment.model_dump(mode="json")
    return yaml.safe_dump(
        data, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the configuration, for editors."""
    return Experiment.model_json_schema()


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge" or not isinstance(
                key_node, yaml.ScalarNode
            ):
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"repeated key {key!r}", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
