"""How draws from the posterior are made by a denoiser, as the configuration says it."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["SAMPLERS", "Sampler"]

Sampler = Literal["gibbs", "diffpir", "dps", "langevin"]
"""Split Gibbs sampling with reverse diffusion, DiffPIR, diffusion posterior sampling, or
plug-and-play Langevin."""
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
"""All of them, the default first."""
