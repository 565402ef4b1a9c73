"""Other settings of a splitting than those that a prior ran with."""

from __future__ import annotations

from priorbench.specs.solver_settings import SplittingSettings

AS_RUN = "as it ran"
FEWER, TWICE, PLAIN = "three quarters of the steps", "twice the steps", "no acceleration"
VARIATIONS = (FEWER, TWICE, PLAIN)


def varied(settings: SplittingSettings, variation: str) -> SplittingSettings:
    """Return the settings that a variation stands for.

    Args:
        settings: those that a prior ran with, all of them set.
        variation: one of ``VARIATIONS``.
    """
    steps = settings.steps or 1
    changes: dict[str, dict[str, int | float | bool]] = {
        FEWER: {"steps": max(1, round(0.75 * steps))},
        TWICE: {"steps": 2 * steps},
        PLAIN: {"momentum": 0.0, "dual": False},
    }
    return settings.model_copy(update=changes[variation])
