"""Settings of a splitting, as a spec, the configuration or the stage ``tune`` gives them."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from priorbench.specs.section import Section

__all__ = ["SolverSettings", "SplittingSettings"]

Regime = Literal["missing", "mixed", "mixed_noise_free", "sensed"]
"""What an operator does to pixels: some are missing between known ones; all are mixed with their
neighbours as after a blur, with noise or without; or projections of the whole image are sensed.
Denoising has no regime: it needs no splitting."""
REGIMES: tuple[Regime, ...] = get_args(Regime)
"""All regimes of a splitting."""


class SplittingSettings(Section):
    """How a splitting proceeds in one regime; unset settings are those of the prior's kind.

    See :func:`priorbench.solvers.splitting.split`.
    """

    first: float | None = Field(
        None,
        gt=0,
        description="First level s: the standard deviation of the assumed noise, on [0, 1].",
    )
    last: float | None = Field(None, gt=0, description="Last level; at most the first.")
    steps: int | None = Field(None, ge=1, description="Number of levels, in geometric progression.")
    trust: float | None = Field(
        None, gt=0, description="Weight of the data, as a multiple of 1/σ²."
    )
    momentum: float | None = Field(
        None, ge=0, lt=1, description="By how much of its last step the image is extrapolated."
    )
    dual: bool | None = Field(None, description="Whether ADMM's dual variable is carried.")

    @model_validator(mode="after")
    def _falls(self) -> SplittingSettings:
        if self.first is not None and self.last is not None and self.last > self.first:
            raise ValueError(f"last ({self.last:g}) must be at most first ({self.first:g})")
        return self

    def over(self, base: SplittingSettings) -> SplittingSettings:
        """Return these settings, with those of ``base`` where nothing is set.

        A level of ``base`` that would make the levels rise is left out.
        """
        own, given = self.model_dump(exclude_none=True), base.model_dump(exclude_none=True)
        if self.last is not None and given.get("first", self.last) < self.last:
            del given["first"]
        if self.first is not None and given.get("last", self.first) > self.first:
            del given["last"]
        return SplittingSettings.model_validate(given | own)

    @property
    def is_set(self) -> bool:
        """Whether anything is set."""
        return self != SplittingSettings()

    @property
    def words(self) -> str:
        """What is set, for people."""
        return ", ".join(
            f"{key} = {value:.3g}" if isinstance(value, float) else f"{key} = {value}"
            for key, value in self.model_dump(exclude_none=True).items()
        )


class SolverSettings(Section):
    """Settings of a prior's splitting, for each regime."""

    missing: SplittingSettings = Field(
        SplittingSettings(), description="Where pixels are missing: inpainting."
    )
    mixed: SplittingSettings = Field(
        SplittingSettings(), description="Where pixels are mixed and noisy: de-blurring."
    )
    mixed_noise_free: SplittingSettings = Field(
        SplittingSettings(), description="Where pixels are mixed without noise: super-resolution."
    )
    sensed: SplittingSettings = Field(
        SplittingSettings(), description="Where projections of the whole image are sensed."
    )

    def of(self, regime: Regime) -> SplittingSettings:
        """Return the settings in a regime."""
        settings: SplittingSettings = getattr(self, regime)
        return settings

    def as_dict(self) -> dict[str, dict[str, float | int | bool]]:
        """Return what is set as plain data."""
        return {
            name: self.of(name).model_dump(exclude_none=True)
            for name in REGIMES
            if self.of(name).is_set
        }

    def over(self, base: SolverSettings) -> SolverSettings:
        """Return these settings, with those of ``base`` where nothing is set."""
        return SolverSettings(**{name: self.of(name).over(base.of(name)) for name in REGIMES})

    def instead_of(self, base: SolverSettings) -> SolverSettings:
        """Return ``base`` with the regimes in which anything is set here replaced as a whole."""
        changes: dict[str, SplittingSettings] = {
            name: self.of(name) for name in REGIMES if self.of(name).is_set
        }
        return base.model_copy(update=changes)

    def within(self, regimes: tuple[Regime, ...]) -> SolverSettings:
        """Return the settings of some regimes alone."""
        return SolverSettings(**{name: self.of(name) for name in regimes})
