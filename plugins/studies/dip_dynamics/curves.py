"""What happens while a network is fitted: noise impedance, and where the stopping rules land."""

from __future__ import annotations

import pandas as pd
import torch

from plugins.dip.stopping import LOOK, Discrepancy, Fixed, HeldOut, MovingVariance, Rule
from priorbench.operators import Identity
from priorbench.problem import Problem
from priorbench.types import Image

from .bands import BANDS, Bands
from .runs import DENOISING, FIT, SIGMA, Row, Scale, descend, problem_of, quality, start

IMPEDANCE, STOPPING, SPECTRUM = "impedance", "stopping", "bands"
TARGETS = ("image", "image + noise", "shuffled pixels", "noise")
IMAGE, NOISY, SHUFFLED, NOISE = TARGETS
RELATIVE_LOSS = "loss / variance of the target"
LOSS, OUTPUT, ESTIMATE = "loss", "PSNR of the output (dB)", "PSNR of the average (dB)"
BAND_ERROR = "relative error against the clean image"
TRAJECTORY, ORACLE = "trajectory", "peak"
RULES = ("fixed", "discrepancy", "held-out", "variance")
FIXED, DISCREPANCY, HELD_OUT, VARIANCE = RULES


def impedance(image: Image, scale: Scale) -> list[Row]:
    """Fit an image, the same with noise, its pixels shuffled, and noise, each with a fixed z.

    The rows hold the mean squared error divided by the variance of what is fitted, and for the
    image itself also the errors by band.
    """
    rows = []
    bands = Bands(image)
    for name, target in _targets(image).items():
        problem = Problem(target, Identity((1, *image.shape[-2:])), 0.0)
        run = start(problem, scale.iterations, stopping="fixed", perturbation=0.0)
        variance = float(target.var(correction=0).clamp(min=1e-12))
        for step in descend(run):
            loss = step.error / variance
            rows.append(Row(IMPEDANCE, FIT, name, step.iteration, RELATIVE_LOSS, loss))
            if name == IMAGE:
                rows += _band_rows(FIT, step.iteration, bands.errors(step.output))
    return rows


def _targets(image: Image) -> dict[str, Image]:
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(image.numel(), generator=generator)
    return {
        IMAGE: image,
        NOISY: problem_of(DENOISING, image).y,
        SHUFFLED: image.flatten()[order].view_as(image),
        NOISE: torch.rand(image.shape, generator=generator),
    }


def stopping(image: Image, scale: Scale) -> list[Row]:
    """Denoise once, let all stopping rules watch, and say which estimate each of them picks.

    The same pixels are held out for all of them. The peak of the PSNR needs the clean image: no
    score uses it.
    """
    problem = problem_of(DENOISING, image)
    run = start(problem, scale.iterations, stopping=HELD_OUT)
    patience, window = run.parameters.patience, run.parameters.window
    rules: dict[str, Rule] = {
        FIXED: Fixed(),
        DISCREPANCY: Discrepancy(SIGMA / 255),
        HELD_OUT: HeldOut(patience),
        VARIANCE: MovingVariance(window // LOOK, patience),
    }
    rows = []
    bands = Bands(image)
    peak = Row(STOPPING, DENOISING, ORACLE, 0, ESTIMATE, 0.0)
    for step in descend(run):
        estimate = run.average
        assert estimate is not None
        now = Row(STOPPING, DENOISING, TRAJECTORY, step.iteration, LOSS, step.loss)
        output = now._replace(quantity=OUTPUT, value=quality(step.output, image, problem))
        average = now._replace(quantity=ESTIMATE, value=quality(estimate, image, problem))
        rows += [now, output, average]
        rows += _band_rows(DENOISING, step.iteration, bands.errors(step.output))
        peak = max(peak, average._replace(curve=ORACLE), key=lambda row: row.value)
        if step.iteration % LOOK and step.iteration < scale.iterations:
            continue
        # The rules look where they would in a restoration.
        errors = run.data_term.errors(estimate)
        for rule in rules.values():
            if not rule.done:
                rule.look(step.iteration, estimate, step.output, *errors)
    rows.append(peak)
    for name, rule in rules.items():
        if rule.best is not None:
            value = quality(rule.best, image, problem)
            rows.append(peak._replace(curve=name, iteration=rule.at, value=value))
    return rows


def chosen(table: pd.DataFrame) -> dict[str, tuple[int, float]]:
    """Return the iteration and the PSNR in dB that each rule picks, and those of the peak.

    Args:
        table: of the study.
    """
    own = table[(table["part"] == STOPPING) & (table["curve"] != TRAJECTORY)]
    columns = (own[name].tolist() for name in ("curve", "iteration", "value"))
    return {curve: (iteration, value) for curve, iteration, value in zip(*columns, strict=True)}


def _band_rows(problem: str, iteration: int, errors: list[float]) -> list[Row]:
    return [
        Row(SPECTRUM, problem, band, iteration, BAND_ERROR, error)
        for band, error in zip(BANDS, errors, strict=True)
    ]
