"""The sections of the configuration: their keys, types, defaults and meanings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, field_validator

from priorbench.config.names import Choice, Name, Names, NonEmptyChoice
from priorbench.specs import MOST_MINUTES, ResourcesSection, Sampler, Section, SolverSettings


class PluginsSection(Section):
    """Where plugins come from."""

    folders: Names = Field(
        ["plugins"],
        description="Folders that hold plugins, searched in this order after the built-in ones. "
        "A plugin replaces the built-in one of its name.",
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
    limit: int | None = Field(
        None, ge=1, description="Maximum number of images; the first ones are used."
    )
    gray: bool = Field(True, description="Turn colour images to gray (BT.601 weights).")
    max_size: int | None = Field(
        None, ge=1, description="Shrink images whose longer side has more pixels."
    )
    crop: int | tuple[int, int] | None = Field(
        None,
        description="Cut the centre: one side for a square, or height and width. "
        "Smaller images stay whole.",
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


class PriorSection(Section):
    """Settings of one prior."""

    parameters: dict[str, Any] = Field(
        {},
        description="Parameters of the prior. "
        "A list runs every value; several lists, every combination.",
    )
    train_on: str | None = Field(
        None, description="The data set to learn from, instead of the prior's default."
    )
    resources: ResourcesSection = Field(
        ResourcesSection(), description="Resources, where they differ from its spec."
    )
    restorations_per_job: int | None = Field(
        None,
        ge=1,
        description="The restorations of one job. Default: as many as take `job_minutes`.",
    )
    solver: SolverSettings = Field(
        SolverSettings(),
        description="Settings of the splitting, where they differ from the prior's own. "
        "Those of a regime that are set here are not tuned.",
    )
    tune: bool | None = Field(
        None,
        description="true: choose on training images, for each task, the parameters that the prior "
        "declares as tunable, and the solver's settings, also where the prior brings its own. "
        "A parameter set here stays as it is. "
        "false: choose nothing. Default: the solver's settings of a denoiser that brings none.",
    )


class PriorsSection(Section):
    """Which priors run, and how."""

    run: NonEmptyChoice = Field("all", description="'all', or names of priors.")
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
        description="Parameters of the task. "
        "A list runs every value; several lists, every combination.",
    )


class TasksSection(Section):
    """Which tasks run, and how."""

    run: NonEmptyChoice = Field("all", description="'all', or names of tasks.")
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
    samples: int = Field(
        0,
        ge=0,
        le=1000,
        description="How many samples of the posterior each prior that can draw gives beside its "
        "estimate; metrics of samples need at least 2, and intervals of 90 % at least 19.",
    )
    sampler: Sampler = Field(
        "gibbs",
        description="How denoisers draw samples: by split Gibbs sampling with reverse diffusion, "
        "by DiffPIR, by diffusion posterior sampling (dps), or by plug-and-play Langevin. Every "
        "other kind of prior has one way of its own.",
    )
    metrics: NonEmptyChoice = Field(
        "all",
        description="'all', or names of metrics. 'all' leaves out those that are optional, and "
        "where `samples` is 0 those of samples.",
    )
    studies: Choice = Field("all", description="'all', or names of studies.")
    job_minutes: float = Field(
        10,
        gt=0,
        le=MOST_MINUTES,
        description="How long a job of restorations should last, where its time is known.",
    )
    local_minutes: float = Field(
        15,
        ge=0,
        le=MOST_MINUTES,
        description="On a cluster, corrupting and scoring run where Snakemake runs if one core "
        "needs no more minutes for all of it.",
    )
    retries: int = Field(
        1, ge=0, le=20, description="How often a job is tried again after an error of the machine."
    )

    @field_validator("results")
    @classmethod
    def _is_folder(cls, value: str) -> str:
        # Snakemake would take braces for wildcards and angle brackets for variables; nothing at all
        # would be the root of the file system.
        if not value.strip() or not value.isprintable() or set(value) & set("{}<>"):
            raise ValueError(
                "results must be a folder, without braces, angle brackets and line breaks, "
                f"not {value!r}"
            )
        # One folder has one path: Snakemake compares paths as text.
        return os.path.normpath(Path(value).expanduser())

    @property
    def sampling(self) -> tuple[int | str, ...]:
        """What samples depend on: their number, and the sampler where it is not the default.

        Without samples that is their number alone.
        """
        usual = self.sampler == type(self).model_fields["sampler"].default
        return (self.samples,) if usual or not self.samples else (self.samples, self.sampler)
