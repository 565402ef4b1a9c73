"""Settings of these denoisers' splittings, chosen on training images; see README.md."""

from __future__ import annotations

from priorbench import SolverSettings, SplittingSettings

SLIDING_DCT = SolverSettings(
    missing=SplittingSettings(first=0.1, last=0.005, steps=16, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.3, last=0.02, steps=8, trust=2.0, momentum=0.2, dual=False),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.02, steps=16, trust=2.0, momentum=0.0, dual=False
    ),
    sensed=SplittingSettings(first=0.3, last=0.02, steps=24, trust=2.0, momentum=0.0, dual=True),
)
WAVELET = SolverSettings(
    missing=SplittingSettings(first=0.04, last=0.04, steps=16, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.3, last=0.02, steps=8, trust=2.0, momentum=0.2, dual=False),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.02, steps=4, trust=2.0, momentum=0.0, dual=False
    ),
    sensed=SplittingSettings(first=0.3, last=0.04, steps=24, trust=2.0, momentum=0.0, dual=True),
)
