"""Settings of these denoisers' splittings, chosen on training images; see README.md."""

from __future__ import annotations

from priorbench import SolverSettings, SplittingSettings

GAUSSIAN = SolverSettings(
    missing=SplittingSettings(first=0.15, last=0.08, steps=16, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.15, last=0.02, steps=8, trust=1.0, momentum=0.2, dual=True),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.02, steps=16, trust=2.0, momentum=0.0, dual=False
    ),
    sensed=SplittingSettings(first=0.3, last=0.04, steps=16, trust=2.0, momentum=0.0, dual=True),
)
MEDIAN = SolverSettings(
    missing=SplittingSettings(first=0.1, last=0.04, steps=5, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.15, last=0.02, steps=8, trust=1.0, momentum=0.2, dual=True),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.04, steps=4, trust=2.0, momentum=0.0, dual=False
    ),
    sensed=SplittingSettings(first=0.3, last=0.04, steps=24, trust=2.0, momentum=0.5, dual=False),
)
BILATERAL = SolverSettings(
    missing=SplittingSettings(first=0.04, last=0.04, steps=5, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.3, last=0.02, steps=8, trust=1.0, momentum=0.2, dual=True),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.02, steps=8, trust=2.0, momentum=0.0, dual=False
    ),
    sensed=SplittingSettings(first=0.3, last=0.04, steps=24, trust=2.0, momentum=0.0, dual=True),
)
GUIDED = SolverSettings(
    missing=SplittingSettings(first=0.04, last=0.005, steps=5, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.15, last=0.02, steps=5, trust=2.0, momentum=0.2, dual=False),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.02, steps=16, trust=2.0, momentum=0.0, dual=True
    ),
    sensed=SplittingSettings(first=0.3, last=0.02, steps=16, trust=2.0, momentum=0.0, dual=True),
)
DOMAIN_TRANSFORM = SolverSettings(
    missing=SplittingSettings(first=0.04, last=0.04, steps=5, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.15, last=0.02, steps=8, trust=1.0, momentum=0.2, dual=True),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.02, steps=8, trust=2.0, momentum=0.0, dual=False
    ),
    sensed=SplittingSettings(first=0.3, last=0.02, steps=16, trust=2.0, momentum=0.5, dual=True),
)
PERONA_MALIK = SolverSettings(
    missing=SplittingSettings(first=0.1, last=0.08, steps=5, trust=2.0, momentum=0.0, dual=True),
    mixed=SplittingSettings(first=0.3, last=0.02, steps=8, trust=1.0, momentum=0.2, dual=False),
    mixed_noise_free=SplittingSettings(
        first=0.3, last=0.02, steps=4, trust=2.0, momentum=0.0, dual=False
    ),
    sensed=SplittingSettings(first=0.3, last=0.02, steps=24, trust=2.0, momentum=0.0, dual=True),
)
