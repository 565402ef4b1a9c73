"""What the jobs of a prior or a study ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from pydantic import Field

from priorbench.specs.patterns import fits
from priorbench.specs.section import Section, overrides_of

# No machine has more: schedulers would refuse such a job, or keep it waiting.
MOST_THREADS = 4096
MOST_GPUS = 1024
MOST_MEMORY_MB = 100_000_000
MOST_MINUTES = 1_000_000
"""The longest time limit, about two years."""

Seconds: TypeAlias = Annotated[float, Field(ge=0, le=60 * MOST_MINUTES)]


class Resources(Section):
    """What a job asks for. Every field can be overridden in the configuration."""

    threads: int = Field(1, ge=1, le=MOST_THREADS, description="Processor threads of a job.")
    memory_mb: int = Field(
        2000,
        ge=1,
        le=MOST_MEMORY_MB,
        description="Memory of a job in MiB, for an image of any size.",
    )
    memory_mb_per_megapixel: float = Field(
        200,
        ge=0,
        le=MOST_MEMORY_MB,
        description="Memory in MiB that each megapixel of each channel adds.",
    )
    gpus: int = Field(0, ge=0, le=MOST_GPUS, description="GPUs of a job.")
    minutes: float = Field(
        10, gt=0, le=MOST_MINUTES, description="Time limit for the restoration of one image."
    )
    training_minutes: float = Field(
        60, gt=0, le=MOST_MINUTES, description="Time limit for the fit."
    )
    seconds_per_megapixel: Seconds | dict[str, Seconds] | None = Field(
        None,
        description="Seconds that a restoration is expected to take for each megapixel of each "
        "channel, by which restorations are grouped into jobs; where tasks differ, a mapping from "
        "names or ids of tasks, or patterns of them, of which the first that fits counts. "
        "If unknown, a tenth of its limit.",
    )
    training_seconds: Seconds | None = Field(
        None,
        description="Seconds that the fit is expected to take. If unknown, a quarter of its limit.",
    )

    def seconds_on(self, names: Sequence[str]) -> float | None:
        """Return the seconds that each megapixel of a task is expected to take, None if unknown.

        Args:
            names: name and id of the task.
        """
        seconds = self.seconds_per_megapixel
        if not isinstance(seconds, dict):
            return seconds
        return next((each for pattern, each in seconds.items() if fits(names, pattern)), None)


class ResourcesSection(overrides_of(Resources)):  # type: ignore[misc]  # made when imported
    """Resources of a prior's jobs, where they differ from its spec."""
