"""What the jobs of a prior or a study ask for."""

from __future__ import annotations

from pydantic import Field

from priorbench.specs.section import Section, overrides_of

# No machine has more: schedulers would refuse such a job, or keep it waiting.
MOST_THREADS = 4096
MOST_GPUS = 1024
MOST_MEMORY_MB = 100_000_000
MOST_MINUTES = 1_000_000


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
    seconds_per_megapixel: float | None = Field(
        None,
        ge=0,
        le=60 * MOST_MINUTES,
        description="Seconds that a restoration is expected to take for each megapixel of each "
        "channel, by which images are grouped into jobs. If unknown, a tenth of its limit.",
    )
    training_seconds: float | None = Field(
        None,
        ge=0,
        le=60 * MOST_MINUTES,
        description="Seconds that the fit is expected to take. If unknown, a quarter of its limit.",
    )


class ResourcesSection(overrides_of(Resources)):  # type: ignore[misc]  # made when imported
    """Resources of a prior's jobs, where they differ from its spec."""
