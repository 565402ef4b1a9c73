r"""How well samplers draw by a denoiser, where the posterior is known and on photographs.

    python benchmarks/samplers.py
    python benchmarks/samplers.py --constants
    python benchmarks/samplers.py --photographs
    python benchmarks/samplers.py --photographs --constants --only langevin

The known law is ``known-law``'s Gaussian field, 32 × 32, whose denoiser is the Wiener filter. For
each task one image is observed, and 256 draws are compared with the posterior by dense matrices:
their variance as a share of the posterior's, both summed over the pixels, and the distance of their
mean from the posterior's, as a share of the posterior's standard deviation (what 256 draws miss by
chance is taken off). ``--photographs`` trains ``dncnn`` on five photographs, for about a minute,
and draws 8 samples of crops of two others, 64 × 64: all of BSDS train. There the share is the
variance of the draws over the squared error of their mean, which is 1 in the mean if the true image
is one more draw. ``--constants`` has the same for other constants, on an image of the law and two
crops of their own, so that the tables are of images that no constant was chosen on. ``--only`` looks
at samplers of that name alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from training_crops import ROOT, crops, photographs, prior

from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers.diffpir import diffpir
from priorbench.solvers.dps import dps
from priorbench.solvers.langevin import langevin
from priorbench.solvers.sampling import DENOISER_SAMPLERS, DenoiserSampler, gibbs
from priorbench.tasks import Deblur, Denoise, Inpaint, Task
from priorbench.types import Image

SIDE, DRAWS = 32, 256
CROP, PHOTOGRAPH_DRAWS = 64, 8
TASKS: dict[str, Task] = {
    "denoise, σ = 25": Denoise(25),
    "inpaint, 50 %": Inpaint(50),
    "deblur, σ = 5": Deblur("disk", 5),
}
NETWORK = {"width": 16, "blocks": 1, "batch": 8, "iterations": 3000}
TRAINED_ON, CHOSEN_ON = slice(0, 5), slice(5, 7)
"""Photographs 25 apart of BSDS train; the tables are of two that lie between them."""
MEASURED_FROM = 17
LEVELS = (0.01, 0.02, 0.03, 0.04, 0.06)
OTHERS: dict[str, DenoiserSampler] = {
    **{f"gibbs, {rounds} rounds": partial(gibbs, rounds=rounds) for rounds in (16, 64)},
    **{f"diffpir, λ = {weight:g}": partial(diffpir, weight=weight) for weight in (0.5, 1, 2)},
    **{f"diffpir, ζ = {zeta:g}": partial(diffpir, zeta=zeta) for zeta in (0.1, 0.3, 0.6, 1)},
    **{f"diffpir, t/s = {ratio:g}": partial(diffpir, ratio=ratio) for ratio in (0.8, 0.9, 0.95)},
    **{f"dps, ζ = {weight:g}": partial(dps, weight=weight) for weight in (0.5, 1, 2)},
    **{f"dps, t/s = {ratio:g}": partial(dps, ratio=ratio) for ratio in (0.9, 0.95, 0.98)},
    **{f"langevin, s = {level:g}": partial(langevin, level=level) for level in LEVELS},
    **{f"langevin, step {step:.2f}": partial(langevin, step=step) for step in (1 / 6, 1 / 3, 1)},
    **{f"langevin, {steps} steps": partial(langevin, steps=steps) for steps in (200, 400, 1600)},
}
"""Samplers with other constants."""


class Wiener(Denoiser):
    """The posterior mean of the known Gaussian field; counts its calls."""

    def __init__(self) -> None:
        # Of the checkout, which is not on the path where a script of another folder runs.
        sys.path.insert(0, str(ROOT))
        from plugins.known_truth.field import MEAN, GaussianLaw

        self.mean = MEAN
        self.precision = GaussianLaw().precision(SIDE, SIDE)
        self.calls = 0

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return S / (S + σ²) times each frequency."""
        self.calls += 1
        coefficients = torch.fft.rfft2(image - self.mean) / (1 + sigma**2 * self.precision)
        estimate: Image = self.mean + torch.fft.irfft2(coefficients, s=(SIDE, SIDE))
        return estimate

    def covariance(self) -> torch.Tensor:
        """Return the covariance of the pixels, D × D."""
        units = torch.eye(SIDE * SIDE, dtype=torch.float64).view(-1, SIDE, SIDE)
        spectrum = self.precision.reciprocal()
        columns: torch.Tensor = torch.fft.irfft2(torch.fft.rfft2(units) * spectrum, s=(SIDE, SIDE))
        return columns.flatten(1)


class Counted(Denoiser):
    """A denoiser that counts its calls."""

    def __init__(self, inner: Denoiser) -> None:
        self.inner, self.sigma_range, self.calls = inner, inner.sigma_range, 0

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return what the denoiser returns."""
        self.calls += 1
        return self.inner.denoise(image, sigma)


@dataclass(frozen=True)
class Known:
    """A problem with its posterior."""

    problem: Problem
    mean: torch.Tensor
    variance: torch.Tensor


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--constants", action="store_true")
    parser.add_argument("--photographs", action="store_true")
    parser.add_argument("--only", default="", help="what the names of samplers begin with")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    every = OTHERS if arguments.constants else DENOISER_SAMPLERS
    samplers = {name: each for name, each in every.items() if name.startswith(arguments.only)}
    if arguments.photographs:
        on_photographs(samplers, arguments.constants)
    else:
        on_known_law(samplers, "00000" if arguments.constants else "00001")


def on_known_law(samplers: Mapping[str, DenoiserSampler], image: str) -> None:
    """Print the table of an image of the known law."""
    wiener = Wiener()
    known = {words: posterior(wiener, task, image) for words, task in TASKS.items()}
    print("| sampler | calls | " + " | ".join(f"{words}: share | mean" for words in known) + " |")
    print("|---" * (2 + 2 * len(known)) + "|")
    for name, sampler in samplers.items():
        cells, calls = [], []
        for each in known.values():
            wiener.calls = 0
            drawn = sampler(wiener, each.problem, Context.seeded(0))
            calls.append(wiener.calls)
            cells += compared(drawn.flatten(1), each)
        numbers = str(calls[0]) if len(set(calls)) == 1 else "/".join(map(str, calls))
        print(f"| {name} | {numbers} | " + " | ".join(cells) + " |", flush=True)


def posterior(wiener: Wiener, task: Task, image: str) -> Known:
    """Return a problem of the law, DRAWS times beside each other, with its posterior."""
    source = load_plugins([ROOT / "plugins"]).datasets["known-law"]
    chosen = source.spec.parameters.model_validate(
        {"law": "gaussian", "side": SIDE, "seed": 1, "count": 2}
    )
    clean = torch.from_numpy(source.load()(chosen, image)).double().view(1, 1, SIDE, SIDE)
    one = task.corrupt(clean.float(), torch.Generator().manual_seed(0))
    operator = one.operator.to(dtype=torch.float64)
    problem = Problem(one.y.double().expand(DRAWS, -1, -1, -1), operator, one.sigma)
    units = torch.eye(SIDE * SIDE, dtype=torch.float64).view(-1, 1, SIDE, SIDE)
    h = operator.forward(units).flatten(1).mT
    prior_covariance = wiener.covariance()
    # Observed without noise: a noise that no digit shows.
    noise = max(one.sigma, 1e-5) ** 2 * torch.eye(len(h), dtype=torch.float64)
    gain = torch.linalg.solve(h @ prior_covariance @ h.mT + noise, h @ prior_covariance).mT
    mean = wiener.mean + gain @ (one.y.double().flatten() - wiener.mean * h.sum(1))
    return Known(problem, mean, (prior_covariance - gain @ h @ prior_covariance).diagonal())


def compared(drawn: torch.Tensor, known: Known) -> list[str]:
    """Return the share of the variance and the error of the mean, in words.

    Args:
        drawn: draws, N × D.
        known: the posterior.
    """
    spread, whole = float(drawn.var(0).sum()), float(known.variance.sum())
    error = float((drawn.mean(0) - known.mean).square().sum()) - spread / len(drawn)
    return [f"{spread / whole:.2f}", f"{(max(error, 0) / whole) ** 0.5:.2f}"]


def on_photographs(samplers: Mapping[str, DenoiserSampler], choosing: bool) -> None:
    """Print the table of photographs."""
    pictures = photographs(apart=25)
    training = pictures[TRAINED_ON]
    looked_at = pictures[CHOSEN_ON] if choosing else photographs(MEASURED_FROM, apart=25)[:2]
    began = time.perf_counter()
    network = Counted(prior("dncnn", training, **NETWORK))
    print(f"trained on {len(training)} photographs in {time.perf_counter() - began:.0f} s\n")
    clean = crops(looked_at, CROP)
    print("| task | sampler | calls | seconds | PSNR of the mean | PSNR of a sample | share |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for words, task in TASKS.items():
        for name, sampler in samplers.items():
            network.calls, began = 0, time.perf_counter()
            drawn = [
                torch.cat(
                    [
                        sampler(network, problem, Context.seeded(seed))
                        for seed in range(PHOTOGRAPH_DRAWS)
                    ]
                )
                for problem in observed(task, clean)
            ]
            number = PHOTOGRAPH_DRAWS * len(clean)
            seconds = (time.perf_counter() - began) / number
            scores = torch.tensor([scored(*pair) for pair in zip(drawn, clean, strict=True)])
            mean, sample, share = scores.mean(0).tolist()
            print(
                f"| {words} | `{name}` | {network.calls / number:.0f} | {seconds:.1f} | "
                f"{mean:.2f} | {sample:.2f} | {share:.2f} |",
                flush=True,
            )


def observed(task: Task, clean: list[Image]) -> list[Problem]:
    """Return the problems of some images."""
    return [
        task.corrupt(image, torch.Generator().manual_seed(seed)) for seed, image in enumerate(clean)
    ]


def scored(drawn: Image, clean: Image) -> tuple[float, float, float]:
    """Return PSNR of the mean of draws and of a draw in dB, and the share of the variance."""
    drawn = drawn.clamp(0, 1)
    error = (drawn.mean(0) - clean).square().mean()
    of_one = (drawn - clean).square().mean((1, 2, 3))
    share = drawn.var(0).mean() * (1 + 1 / len(drawn)) / error
    return -10 * float(error.log10()), -10 * float(of_one.log10().mean()), float(share)


if __name__ == "__main__":
    main()
