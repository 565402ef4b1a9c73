"""What a study is written with: the experiment that it sees, what it finds, and what decides."""

from priorbench.studies.experiment import Experiment
from priorbench.studies.findings import Claim, Findings, Verdict
from priorbench.studies.verdicts import Estimate, every, furthest, in_words, inside, together

__all__ = [
    "Claim",
    "Estimate",
    "Experiment",
    "Findings",
    "Verdict",
    "every",
    "furthest",
    "in_words",
    "inside",
    "together",
]
