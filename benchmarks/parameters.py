r"""How the defaults of the classical denoisers were chosen: mean PSNR on training crops for every
combination of a prior's tunable parameters.

    PRIORBENCH_DATA=/path/to/images python benchmarks/parameters.py --prior bilateral-filter dct

A default is the combination with the best mean over σ = 15, 25 and 50. The best one at each σ alone
shows what a parameter that is no function of σ, or another function of it, would gain.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import torch
from training_crops import ROOT, crops, mean_psnr, photographs

from priorbench.config import PriorSection
from priorbench.plan.tuning import parameter_candidates
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import Registered
from priorbench.specs import PriorSpec
from priorbench.tasks import Denoise
from priorbench.types import Image

LEVELS = (15.0, 25.0, 50.0)


@dataclass(frozen=True)
class Trial:
    """One combination.

    Args:
        words: its parameters, for people.
        psnr: mean PSNR in dB at each of :data:`LEVELS`.
    """

    words: str
    psnr: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Return the mean over the levels."""
        return sum(self.psnr) / len(self.psnr)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", required=True)
    parser.add_argument("--side", type=int, default=160, help="pixels of a crop")
    parser.add_argument("--apart", type=int, default=10, help="one of this number of photographs")
    parser.add_argument("--all", action="store_true", help="print every combination")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    squares = crops(photographs(apart=arguments.apart), arguments.side)
    priors = load_plugins([ROOT / "plugins"]).priors
    for name in arguments.prior:
        trials = tried(priors[name], squares)
        if arguments.all:
            for trial in trials:
                show(name, "tried", trial)
        show(name, "best", max(trials, key=lambda trial: trial.mean))
        for number, level in enumerate(LEVELS):
            best = max(trials, key=lambda trial: trial.psnr[number])
            show(name, f"at {level:g}", best)


def tried(entry: Registered[PriorSpec], squares: list[Image]) -> list[Trial]:
    """Return what each combination of a prior's candidates gives."""
    spec = entry.spec
    defaults = spec.parameters().model_dump()
    trials = []
    for candidate in parameter_candidates(spec, PriorSection(), defaults):
        model = entry.load()(**{**defaults, **candidate.parameters})
        psnr = tuple(mean_psnr(model, Denoise(level), squares) for level in LEVELS)
        trials.append(Trial(candidate.words, psnr))
    return trials


def show(name: str, what: str, trial: Trial) -> None:
    """Print a combination with its numbers."""
    levels = "  ".join(f"{value:.2f}" for value in trial.psnr)
    print(f"{name:<17} {what:<6} {trial.mean:.2f} dB  {levels}  {trial.words}", flush=True)


if __name__ == "__main__":
    main()
