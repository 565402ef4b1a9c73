"""What ranks take to compute, and how often their intervals hold the true ranks.

    python benchmarks/rankings.py            # seconds, and a plain script beside
    python benchmarks/rankings.py coverage   # the two tables of docs/explanation/statistics.md

Seconds are those of a million scores: 20 priors × 20 tasks × 2500 images of one metric. "rank sets"
is :func:`priorbench.results.rankings.rankings`: ranks, intervals, groups and distances of each task
and of all tasks. "bootstrap" are percentile intervals of the ranks by 1000 resamples of images,
each with all its tasks and priors: one product of matrices. The peers do the same intervals with
pandas and SciPy as a script would: ``ttest_rel`` of each pair, ``scipy.stats.bootstrap`` of the
ranks of means. All start from the same rows, and the results are compared.

The first table of coverage has ranks of one task: the share of samples, in percent, in which the
interval of a prior holds its true rank, on average over priors and for the truly best one, in which
those of all priors do, and the mean number of ranks in an interval. A score is the difficulty of
its image, plus the quality of the prior, plus an independent draw with σ = 1. Qualities are evenly
spaced, or those of two groups, in which priors differ by a millionth.

The second table has mean ranks on single images, which rank over tasks: the share of samples in
which an interval holds the true one, by Student's t, as in the tables, and by the percentile
bootstrap.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, product
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import bootstrap, rankdata, ttest_rel

from priorbench.results.rankings import OVER_TASKS, rankings
from priorbench.results.schema import SCORES
from priorbench.results.statistics import SIGNIFICANCE, mean_intervals
from priorbench.specs import MetricSpec

Array: TypeAlias = NDArray[np.float64]
T = TypeVar("T")

PRIORS, TASKS, IMAGES = 20, 20, 2500
RESAMPLES = 1000
LIMIT_SECONDS = 5.0
TAILS = (SIGNIFICANCE / 2, 1 - SIGNIFICANCE / 2)
METRICS = {"psnr": MetricSpec(name="psnr", factory=".m:f", summary="")}
QUALITIES: Mapping[str, tuple[float, float]] = {
    "0.05 apart": (0.05, 0),
    "0.3 apart": (0.3, 0),
    "1 apart": (1, 0),
    "two groups": (1e-6, 1),
}
"""How far each prior is below the one before, and how far the second half is below the first."""
COUNTS = (4, 8, 24, 68)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("seconds", "coverage"), default="seconds")
    parser.add_argument("--samples", type=int, default=500, help="of each row of a table")
    arguments = parser.parse_args()
    if arguments.what == "coverage":
        print_ranks(arguments.samples)
        print()
        print_mean_ranks(arguments.samples)
    else:
        print_seconds()


def print_seconds() -> None:
    """Print what each way takes; fail where they differ or ours is over the limit."""
    scores = made_up()
    print(f"{len(scores)} rows: {PRIORS} priors × {TASKS} tasks × {IMAGES} images")
    ours, found = timed("rank sets", lambda: rankings(scores, METRICS))
    theirs, expected = timed("rank sets, pandas and SciPy", lambda: peer_rank_sets(scores))
    print(f"{ours / theirs:.3f} of the peer's time")
    fast, quick = timed("bootstrap", lambda: bootstrap_ranks(values_of(scores)))
    slow, plain = timed("bootstrap, pandas and SciPy", lambda: peer_bootstrap(scores))
    print(f"{fast / slow:.3f} of the peer's time; limit of each {LIMIT_SECONDS:g} s")
    of_tasks = found[found["task"] != OVER_TASKS].set_index(["task", "prior"])
    sets = of_tasks.loc[expected.index, ["rank_low", "rank_high"]].to_numpy()
    if not (sets == expected.to_numpy()).all():
        raise SystemExit("the two kinds of rank sets differ")
    # Resamples are drawn otherwise: an end may be the next rank.
    if np.abs(np.stack(quick) - plain).max() > 1:
        raise SystemExit("the two bootstraps differ")
    if max(ours, fast) > LIMIT_SECONDS:
        raise SystemExit("over the limit")


def made_up() -> pd.DataFrame:
    """Return the rows of the scores in an order of no use."""
    rng = np.random.default_rng(0)
    values = 28 + 3 * rng.standard_normal((IMAGES, 1, 1)) + np.linspace(0, 1, PRIORS)
    values = values + rng.standard_normal((IMAGES, TASKS, 1))
    values = values + 0.5 * rng.standard_normal((IMAGES, TASKS, PRIORS))
    names = [
        [f"image-{index:05d}" for index in range(IMAGES)],
        [f"task-{index:02d}" for index in range(TASKS)],
        [f"prior-{index:02d}" for index in range(PRIORS)],
    ]
    index = pd.MultiIndex.from_product(names, names=["image", "task", "prior"])
    frame = pd.DataFrame({"value": values.ravel()}, index=index).reset_index()
    known = {"dataset": "d", "metric": "psnr", "status": "ok", "source": "measured"}
    frame = frame.assign(**known, experiment="e", reason="", fingerprint="f", note="")
    return frame.sample(frac=1, random_state=0, ignore_index=True)


def timed(name: str, work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - began
    print(f"{name}: {seconds:.2f} s", flush=True)
    return seconds, result


def values_of(scores: pd.DataFrame) -> Array:
    """Return images × tasks × priors."""
    whole = scores.pivot(index="image", columns=["task", "prior"], values="value")
    ordered = whole.sort_index().sort_index(axis=1).to_numpy(np.float64)
    return ordered.reshape(IMAGES, TASKS, PRIORS)


def bootstrap_ranks(values: Array, seed: int = 0) -> tuple[Array, Array]:
    """Return the lower and upper ends of the percentile intervals of the ranks of means.

    Args:
        values: images × tasks × priors; higher is better.
        seed: of the resamples.
    """
    count = len(values)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    means = (drawn @ values.reshape(count, -1)).reshape(RESAMPLES, *values.shape[1:])
    low, high = np.quantile(rankdata(-means, axis=-1), TAILS, axis=0, method="nearest")
    return low, high


def peer_rank_sets(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the first and last rank of each task and prior."""
    rows = {}
    for task, own in scores.groupby("task"):
        table = own.pivot(index="image", columns="prior", values="value")
        pairs = list(combinations(table.columns, 2))
        better, worse = (dict.fromkeys(table.columns, 0) for _ in range(2))
        for one, other in pairs:
            test = ttest_rel(table[one], table[other])
            if len(pairs) * test.pvalue < SIGNIFICANCE:
                up, down = (one, other) if test.statistic > 0 else (other, one)
                worse[up] += 1
                better[down] += 1
        for prior in table.columns:
            rows[task, prior] = 1 + better[prior], len(table.columns) - worse[prior]
    return pd.DataFrame.from_dict(rows, orient="index").set_axis(
        pd.MultiIndex.from_tuples(rows), axis=0
    )


def peer_bootstrap(scores: pd.DataFrame) -> Array:
    """Return lower and upper ends × tasks × priors."""
    ends = []
    for _, own in scores.groupby("task"):
        table = own.pivot(index="image", columns="prior", values="value").to_numpy()

        def ranks(drawn: NDArray[np.int64], table: Array = table) -> Array:
            return np.asarray(rankdata(-table[drawn].mean(0)))

        interval = bootstrap(
            (np.arange(IMAGES),), ranks, n_resamples=RESAMPLES, vectorized=False,
            method="percentile", rng=0,
        ).confidence_interval  # fmt: skip
        ends.append([interval.low, interval.high])
    return np.array(ends).swapaxes(0, 1)


def quality(name: str, count: int) -> Array:
    """Return the quality of each prior, best first."""
    step, gap = QUALITIES[name]
    place = np.arange(count, dtype=np.float64)
    return -step * place - gap * (place >= count // 2)


def samples_of(name: str, priors: int, images: int, samples: int) -> Iterator[Array]:
    """Yield images × priors."""
    rng = np.random.default_rng([images, priors])
    for _ in range(samples):
        difficulty = 3 * rng.standard_normal((images, 1))
        yield difficulty + quality(name, priors) + rng.standard_normal((images, priors))


def rank_sets(values: Array) -> tuple[Array, Array]:
    """Return the ends of the intervals of the tables; values are images × priors."""
    names = [f"p{index:02d}" for index in range(values.shape[1])]
    rows = [
        ("e", "d", f"i{image:02d}", "t", names[prior], "psnr", value, "ok", "", "", "measured", "")
        for (image, prior), value in np.ndenumerate(values)
    ]
    found = rankings(pd.DataFrame(rows, columns=SCORES.schema.names), METRICS)
    low, high = found.set_index("prior").loc[names, ["rank_low", "rank_high"]].to_numpy().T
    return low, high


def bootstrap_of_one(values: Array) -> tuple[Array, Array]:
    """Return the ends of the percentile intervals; values are images × priors."""
    low, high = bootstrap_ranks(values[:, None])
    return low[0], high[0]


METHODS: Mapping[str, Callable[[Array], tuple[Array, Array]]] = {
    "bootstrap": bootstrap_of_one,
    "rank sets": rank_sets,
}


def print_ranks(samples: int) -> None:
    """Print the first table."""
    measures = "a prior", "the best", "all", "ranks"
    columns = [f"{method}: {measure}" for method in METHODS for measure in measures]
    print(f"| qualities | priors | images | {' | '.join(columns)} |")
    print(f"|---|---|---|{'---|' * len(columns)}")
    for name, priors, images in product(QUALITIES, (5, 20), COUNTS):
        found: dict[str, list[list[float]]] = {method: [] for method in METHODS}
        true = np.arange(1, priors + 1)
        for values in samples_of(name, priors, images, samples):
            for method, intervals in METHODS.items():
                low, high = intervals(values)
                held = (low <= true) & (true <= high)
                length = float((high - low).mean()) + 1
                found[method].append([*map(float, (held.mean(), held[0], held.all())), length])
        cells = []
        for rows in found.values():
            *shares, length = np.mean(rows, 0)
            cells += [*(f"{100 * share:.0f}" for share in shares), f"{length:.1f}"]
        print(f"| {name} | {priors} | {images} | {' | '.join(cells)} |", flush=True)


def print_mean_ranks(samples: int) -> None:
    """Print the second table."""
    print("| qualities | priors | images | Student's t | percentile |")
    print("|---|---|---|---|---|")
    for name, priors, images in product(QUALITIES, (5, 20), COUNTS):
        [large] = samples_of(name, priors, 200_000, 1)
        true = rankdata(-large, axis=1).mean(0)
        rng = np.random.default_rng(images)
        inside = np.zeros(2)
        for values in samples_of(name, priors, images, samples):
            ranks = rankdata(-values, axis=1)
            drawn = rng.multinomial(images, np.full(images, 1 / images), RESAMPLES)
            ends = mean_intervals(ranks.T), np.quantile(drawn @ ranks / images, TAILS, 0)
            inside += [np.mean((low <= true) & (true <= high)) for low, high in ends]
        shares = " | ".join(f"{100 * share:.1f}" for share in inside / samples)
        print(f"| {name} | {priors} | {images} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
