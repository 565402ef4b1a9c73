"""A made-up experiment: realistic numbers, every kind of failure, labels with characters that need
escaping.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from priorbench.config import DatasetSection
from priorbench.results import Catalogue
from priorbench.results.published import published_rows
from priorbench.results.schema import RUNS, SCORES
from priorbench.specs import MetricSpec

PRIORS = {
    "observed": "observation, interpolated",
    "nlm": "non-local means",
    "tv": "total variation",
    "wavelet": "wavelet",
    "gmm-K1": "GMM K=1",
    "gmm-K10": "GMM K=10",
    "gmm-K50": "GMM K=50",
    "gmm-K200": "GMM K=200",
    "odd_one": "odd_one & co | 50%",
}
TASKS = {
    "denoise-15": "denoise σ=15",
    "denoise-25": "denoise σ=25",
    "denoise-50": "denoise σ=50",
    "inpaint-50": "inpaint 50%",
}
METRICS = {
    "psnr": MetricSpec(name="psnr", factory=".m:psnr", summary="", label="PSNR", unit="dB"),
    "ssim": MetricSpec(name="ssim", factory=".m:ssim", summary="", label="SSIM", decimals=3),
}
DATASETS = {"bsd68": 12, "scikit-image": 5}
SECTIONS = {name: DatasetSection(source=name) for name in DATASETS}
LEVEL = {"denoise-15": 30.5, "denoise-25": 28.0, "denoise-50": 25.0, "inpaint-50": 31.0}
OBSERVED = {"denoise-15": 24.6, "denoise-25": 20.2, "denoise-50": 14.2, "inpaint-50": 28.4}
QUALITY = dict(zip(PRIORS, (None, -0.6, -0.7, -1.3, -1.1, 0.0, 0.45, 0.7, -2), strict=True))
SECONDS = dict(zip(PRIORS, (0.0004, 0.9, 0.2, 0.08, 1.1, 2.4, 6.5, 21, 150), strict=True))
SHARE = 0.4
"""Processor seconds of a second by the clock, where other jobs have the processors as well."""
TRAINING = {"gmm-K1": 0.52, "gmm-K10": 4.0, "gmm-K50": 31.25, "gmm-K200": 386.0}
SIZE = {"gmm-K1": 2016, "gmm-K10": 20169, "gmm-K50": 100849, "gmm-K200": 403399, "odd_one": 7}


def outcome(dataset, image, task, prior):
    """Status, stage and reason of a cell."""
    if dataset == "scikit-image" and image == "broken":
        return "failed", "prepare", "cannot identify image file 'broken.png'"
    if prior == "wavelet" and task == "inpaint-50":
        return "unsupported", "restore", ""
    if prior == "odd_one" and task == "denoise-50":
        return "timeout", "restore", "took longer than 10 minutes"
    if prior == "odd_one" and task == "inpaint-50":
        return "diverged", "restore", "the restoration holds NaN"
    if prior == "tv" and task == "denoise-25" and image.endswith("1"):
        return "failed", "restore", "LinAlgError: a|b {x}_y\nsecond line"
    return "ok", "restore", ""


def generate():
    random = np.random.default_rng(0)
    runs, scores = [], []
    for dataset, count in DATASETS.items():
        images = [f"im{i:02}" for i in range(count)]
        if dataset == "scikit-image":
            images[-1] = "broken"
        for image in images:
            difficulty = random.normal(scale=2.5)
            for task in TASKS:
                for prior in PRIORS:
                    status, stage, reason = outcome(dataset, image, task, prior)
                    row = {
                        "experiment": "made-up",
                        "dataset": dataset,
                        "image": image,
                        "task": task,
                        "prior": prior,
                    }
                    row |= {"status": status, "reason": reason, "source": "measured"}
                    ok = status == "ok"
                    wall = SECONDS[prior] * random.lognormal(sigma=0.2) if ok else np.nan
                    runs.append(
                        row
                        | {
                            "stage": stage,
                            "traceback": "" if ok else f"Traceback\n{reason}",
                            "threads": 1,
                            "seed": 1,
                        }
                        | {
                            "seconds": wall,
                            "processor_seconds": SHARE * wall,
                            "device_memory_mb": np.nan,
                        }
                        | {
                            "peak_memory_mb": 300 + SECONDS[prior] * 5,
                            "training_seconds": TRAINING.get(prior, np.nan),
                            "training_processor_seconds": SHARE * TRAINING.get(prior, np.nan),
                            "training_device_memory_mb": np.nan,
                            "n_parameters": SIZE.get(prior, np.nan) if ok else np.nan,
                            "solver": "",
                            "solver_origin": "",
                            "fingerprint": "f",
                            "environment": "e",
                        }
                    )
                    if prior == "observed":
                        psnr = OBSERVED[task] + random.normal(scale=0.05)
                    else:
                        psnr = LEVEL[task] + QUALITY[prior] + difficulty + random.normal(scale=0.25)
                    for metric, value in (
                        ("psnr", psnr),
                        ("ssim", 1 / (1 + np.exp(-(psnr - 22) / 4))),
                    ):
                        scores.append(
                            row | {"metric": metric, "value": value if ok else np.nan, "note": ""}
                        )
    scores += published_rows("made-up", SECTIONS, TASKS, METRICS)
    return SimpleNamespace(
        scores=pd.DataFrame(scores, columns=SCORES.schema.names),
        runs=pd.DataFrame(runs, columns=RUNS.schema.names),
        catalogue=Catalogue(
            priors=PRIORS,
            tasks=TASKS,
            datasets=tuple(DATASETS),
            metrics=METRICS,
            baselines=frozenset({"observed"}),
        ),
    )


@pytest.fixture(scope="session")
def experiment():
    """Scores, runs and the catalogue of the experiment; tests must not change them."""
    return generate()
