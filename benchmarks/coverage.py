"""How often 95 % intervals contain the mean, and how often equal priors are told apart.

    python benchmarks/coverage.py

The first table is the share of intervals, in percent, that contain the true mean of n independent
draws: by Student's t, which is what priorbench uses; by Johnson's t with a correction for skewness
(1978, doi:10.2307/2286597); and by three bootstraps of 1000 resamples: percentile, BCa and
studentized. After the slash stands how long the median interval is, in units of the median one of
Student's t.

The second table is the share of intervals that contain the kurtosis E[r⁴] / E[r²]² of a pool of n
images, each with a contrast and a kurtosis of its own, by the percentile bootstrap of earlier
versions and by the jackknife, which the study gmm-anatomy uses. The contrast is lognormal with that
σ.

The third table is the share of simulated columns, in percent, in which any prior is declared worse
than the best one, though all have the same distribution and the best was chosen by its mean over
the same images. A score is the difficulty of its image, which all priors share, plus an independent
draw. "chosen first" is the rule of earlier versions: the percentile interval of the difference
excludes 0 (not underlined), and Holm's correction of the Wilcoxon tests of the K − 1 comparisons
with the best (starred). "all pairs" is that of
:func:`priorbench.results.statistics.paired_differences`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from priorbench.results.statistics import (
    CONFIDENCE,
    jackknife_interval,
    mean_interval,
    mean_intervals,
    pairwise_comparisons,
)

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]
Bounds = tuple[Array, Array]

RESAMPLES = 1000
TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
COUNTS = (3, 4, 5, 8, 12, 24, 68)
FAMILIES = tuple((priors, images) for priors in (5, 10, 20) for images in (4, 8, 68))
DRAWS: Mapping[str, tuple[Draw, float]] = {
    "normal": (lambda rng, shape: rng.standard_normal(shape), 0.0),
    "uniform": (lambda rng, shape: rng.uniform(-1, 1, shape), 0.0),
    "Student t, 3 degrees of freedom": (lambda rng, shape: rng.standard_t(3, shape), 0.0),
    "gamma, shape 2": (lambda rng, shape: rng.gamma(2, size=shape), 2.0),
    "lognormal, σ = 1": (lambda rng, shape: rng.lognormal(size=shape), float(np.exp(0.5))),
}
"""Each distribution with its mean."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--samples", type=int, default=4000, help="of each row of the first and second table"
    )
    parser.add_argument("--columns", type=int, default=1000, help="of each row of the third table")
    arguments = parser.parse_args()
    print_coverage(arguments.samples)
    print()
    print_kurtosis(arguments.samples)
    print()
    print_families(arguments.columns)


def print_coverage(samples: int) -> None:
    """Print the first table."""
    print(f"| distribution | n | {' | '.join(METHODS)} |")
    print(f"|---|---|{'---|' * len(METHODS)}")
    for name, (draw, mean) in DRAWS.items():
        for count in COUNTS:
            values = draw(np.random.default_rng(count), (samples, count))
            cells = []
            reference = np.nan
            for method in METHODS.values():
                low, high = method(values)
                inside = 100 * np.mean((low <= mean) & (mean <= high))
                length = float(np.nanmedian(high - low))
                reference = length if np.isnan(reference) else reference
                cells.append(f"{inside:.1f} / {length / reference:.2f}")
            print(f"| {name} | {count} | {' | '.join(cells)} |", flush=True)


def print_kurtosis(samples: int) -> None:
    """Print the second table."""
    print("| σ of the contrast | n | percentile | jackknife | jackknife of logarithms |")
    print("|---|---|---|---|---|")
    for spread in (0.1, 0.2, 0.4):
        second, fourth = _moments(np.random.default_rng(0), (1, 4_000_000), spread)
        true = fourth.mean() / second.mean() ** 2
        for count in COUNTS:
            rng = np.random.default_rng(count)
            second, fourth = _moments(rng, (samples, count), spread)
            weights = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES) / count
            inside = np.zeros(3)
            for two, four in zip(second, fourth, strict=True):
                value = four.mean() / two.mean() ** 2
                left_out = (four.sum() - four) * (count - 1) / (two.sum() - two) ** 2
                pseudo = count * value - (count - 1) * left_out
                intervals = (
                    np.quantile((weights @ four) / (weights @ two) ** 2, TAILS),
                    mean_interval(pseudo),
                    jackknife_interval(value, left_out),
                )
                inside += [low <= true <= high for low, high in intervals]
            shares = " | ".join(f"{100 * share:.1f}" for share in inside / samples)
            print(f"| {spread:g} | {count} | {shares} |", flush=True)


def _moments(rng: np.random.Generator, shape: tuple[int, int], spread: float) -> Bounds:
    """Return the second and fourth moments of images: c², and 3 c⁴ times 3.5 on average."""
    contrast = rng.lognormal(sigma=spread, size=shape)
    return contrast**2, 3 * contrast**4 * (1 + rng.gamma(4, 2.5 / 4, size=shape))


def print_families(columns: int) -> None:
    """Print the third table."""
    rules = {
        "chosen first, not underlined": percentile_excludes_zero,
        "chosen first, starred": starred_by_holm,
        "all pairs": worse_by_all_pairs,
    }
    print(f"| distribution | priors | images | {' | '.join(rules)} |")
    print(f"|---|---|---|{'---|' * len(rules)}")
    for name in ("normal", "Student t, 3 degrees of freedom", "lognormal, σ = 1"):
        for priors, images in FAMILIES:
            rng = np.random.default_rng([priors, images])
            told_apart = dict.fromkeys(rules, 0)
            for _ in range(columns):
                difficulty = 5 * rng.standard_normal((images, 1))
                scores = difficulty + DRAWS[name][0](rng, (images, priors))
                for rule, decide in rules.items():
                    told_apart[rule] += decide(scores)
            shares = (f"{100 * count / columns:.1f}" for count in told_apart.values())
            print(f"| {name} | {priors} | {images} | {' | '.join(shares)} |", flush=True)


def johnson(values: Array) -> Bounds:
    """Return Student's interval shifted for skewness; values are samples × n."""
    low, high = mean_intervals(values)
    count, variance = values.shape[1], values.var(1, ddof=1)
    third = ((values - values.mean(1, keepdims=True)) ** 3).mean(1)
    shift = third / (6 * count * variance)
    return low + shift, high + shift


def percentile(values: Array) -> Bounds:
    """Return the quantiles of the resampled means."""
    return _each(values, lambda one, means, _: np.quantile(means, TAILS))


def bca(values: Array) -> Bounds:
    """Return the quantiles corrected for bias and acceleration: Efron 1987, doi:10.2307/2289144."""

    def bounds(one: Array, means: Array, _: Array) -> Array:
        bias = stats.norm.ppf(
            (np.sum(means < one.mean()) + np.sum(means <= one.mean())) / (2 * RESAMPLES)
        )
        centred = one - one.mean()
        acceleration = np.sum(centred**3) / (6 * np.sum(centred**2) ** 1.5)
        scores = bias + stats.norm.ppf(TAILS)
        levels = stats.norm.cdf(bias + scores / (1 - acceleration * scores))
        return np.asarray(np.quantile(means, levels))

    return _each(values, bounds)


def studentized(values: Array) -> Bounds:
    """Return the bootstrap-t interval; resamples of equal values have no t and are left out."""

    def bounds(one: Array, means: Array, errors: Array) -> Array:
        varied = errors > 0
        high, low = np.quantile((means[varied] - one.mean()) / errors[varied], TAILS)
        error = one.std(ddof=1) / np.sqrt(len(one))
        return np.array([one.mean() - low * error, one.mean() - high * error])

    return _each(values, bounds)


def _each(values: Array, bounds: Callable[[Array, Array, Array], Array]) -> Bounds:
    """Return ``bounds`` of each sample, the means of its resamples and their standard errors."""
    count = values.shape[1]
    drawn = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    found = []
    for one in values:
        resampled = one[drawn]
        errors = resampled.std(1, ddof=1) / np.sqrt(count)
        found.append(bounds(one, resampled.mean(1), errors))
    low, high = np.array(found).T
    return low, high


METHODS: Mapping[str, Callable[[Array], Bounds]] = {
    "Student's t": mean_intervals,
    "Johnson's t": johnson,
    "percentile": percentile,
    "BCa": bca,
    "studentized": studentized,
}


def worse_by_all_pairs(scores: Array) -> bool:
    """Whether any prior is declared worse than the best; scores are images × priors."""
    compared = pairwise_comparisons(scores, int(scores.mean(0).argmax()))
    return bool(np.nanmin(compared.p_adjusted) < 1 - CONFIDENCE)


def percentile_excludes_zero(scores: Array) -> bool:
    """The same by the interval of each difference alone."""
    low, high = percentile(_differences(scores).T)
    return bool(np.any((low > 0) | (high < 0)))


def starred_by_holm(scores: Array) -> bool:
    """The same by Wilcoxon's tests; Holm's smallest p-value is the smallest of m tests times m."""
    differences = _differences(scores)
    return bool(stats.wilcoxon(differences).pvalue.min() * differences.shape[1] < 1 - CONFIDENCE)


def _differences(scores: Array) -> Array:
    best = int(scores.mean(0).argmax())
    return np.delete(scores, best, axis=1) - scores[:, [best]]


if __name__ == "__main__":
    main()
