"""What the stage ``tune`` chose for this denoiser; see config/tuning.yaml."""

from __future__ import annotations

from priorbench import SolverSettings, SplittingSettings

NON_LOCAL_MEANS = SolverSettings(
    missing=SplittingSettings(first=0.04, last=0.04, steps=5, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.3, last=0.02, steps=5, trust=1.0, momentum=0.2, dual=False),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.02, steps=16, trust=2.0, momentum=0.0, dual=False
    ),
    sensed=SplittingSettings(first=0.3, last=0.02, steps=16, trust=2.0, momentum=0.5, dual=False),
)
