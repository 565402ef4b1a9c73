"""Samples of the truth's own law are calibrated, and scores tell them from others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from priorbench.errors import NotApplicable
from priorbench.metrics import samples as metrics

SHAPE = (64, 64, 1)
COUNT = 19


def drawn(spread: float, count: int = COUNT, bias: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return samples around a mean, and a truth that is as far from it as samples with 0.1 are."""
    generator = np.random.default_rng(1)
    mean = generator.random(SHAPE)
    truth = mean + 0.1 * generator.standard_normal(SHAPE)
    return mean + bias + spread * generator.standard_normal((count, *SHAPE)), truth


def test_intervals_of_samples_of_the_same_law_cover_what_they_say():
    assert metrics.coverage(*drawn(0.1)) == pytest.approx(0.9, abs=0.015)
    assert metrics.calibration_error(*drawn(0.1)) < 0.015


@pytest.mark.parametrize("count", [19, 25, 60])
def test_the_number_of_samples_does_not_change_the_coverage(count):
    assert metrics.coverage(*drawn(0.1, count)) == pytest.approx(0.9, abs=0.015)


def test_samples_of_too_little_spread_cover_less():
    # Of infinitely many samples the interval would be ± 1.645 · 0.05.
    expected = 2 * norm.cdf(norm.ppf(0.95) * 0.05 / 0.1) - 1
    assert metrics.coverage(*drawn(0.05, 400)) == pytest.approx(expected, abs=0.02)
    assert metrics.coverage(*drawn(0.2)) > 0.97


def test_the_width_is_that_of_the_interval():
    assert metrics.width(*drawn(0.1, 400)) == pytest.approx(2 * norm.ppf(0.95) * 0.1, rel=0.02)


def test_known_pixels_do_not_count():
    samples, truth = drawn(0.1)
    samples[:, :32] = truth[:32] = 0.5
    assert metrics.coverage(samples, truth) == pytest.approx(0.9, abs=0.02)
    with pytest.raises(NotApplicable, match="all the same"):
        metrics.coverage(np.full_like(samples, 0.5), truth)


def test_the_crps_is_that_of_a_normal_law():
    # Gneiting & Raftery 2007, (21), with a truth of the same law: E = σ / √π.
    assert metrics.crps(*drawn(0.1, 200)) == pytest.approx(0.1 / np.pi**0.5, rel=0.03)
    few, many = (metrics.crps(*drawn(0.1, count)) for count in (2, 200))
    assert few == pytest.approx(many, rel=0.05)


def test_the_crps_is_its_definition():
    generator = np.random.default_rng(0)
    samples, truth = generator.random((5, 2, 3, 1)), generator.random((2, 3, 1))
    pairs = np.abs(samples[:, None] - samples).sum((0, 1)) / (5 * 4)
    expected = (np.abs(samples - truth).mean(0) - pairs / 2).mean()
    assert metrics.crps(samples, truth) == pytest.approx(expected)


def test_the_energy_score_is_its_definition():
    generator = np.random.default_rng(0)
    samples, truth = generator.random((4, 8, 8, 1)), generator.random((8, 8, 1))
    flat = samples.reshape(4, 64)
    errors = np.linalg.norm(flat - truth.ravel(), axis=1).mean()
    pairs = np.linalg.norm(flat[:, None] - flat, axis=2).sum() / (4 * 3)
    expected = (errors - pairs / 2) / 8
    assert metrics.energy_score(samples, truth) == pytest.approx(expected)


@pytest.mark.parametrize("score", [metrics.crps, metrics.energy_score])
def test_the_right_law_has_the_best_score(score):
    right = score(*drawn(0.1))
    assert right < min(score(*drawn(0.03)), score(*drawn(0.3)), score(*drawn(0.1, bias=0.1)))


def test_errors_that_pixels_share_are_seen_in_the_means_of_blocks():
    generator = np.random.default_rng(2)
    shared = np.repeat(np.repeat(generator.standard_normal((1, 8, 8, 1)), 8, 1), 8, 2)
    truth = 0.5 + 0.1 * shared[0]
    samples = 0.5 + 0.1 * generator.standard_normal((COUNT, *SHAPE))
    assert metrics.coverage(samples, truth) > 0.8
    assert metrics.block_coverage(samples, truth) < 0.5


def test_a_sample_loses_three_decibels_against_the_mean():
    samples, truth = drawn(0.1, 400)
    lost = metrics.mean_psnr(samples, truth) - metrics.sample_psnr(samples, truth)
    assert lost == pytest.approx(10 * np.log10(2), abs=0.1)


def test_too_few_samples_are_refused():
    samples, truth = drawn(0.1, 18)
    with pytest.raises(NotApplicable, match="at least 19"):
        metrics.coverage(samples, truth)
    with pytest.raises(NotApplicable, match="at least 2"):
        metrics.crps(samples[:1], truth)
    with pytest.raises(ValueError, match="are compared with"):
        metrics.crps(samples[:, :8], truth)
