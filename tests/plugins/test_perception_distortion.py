"""What the study says of numbers that are known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from plugins.studies.perception_distortion.claims import claims
from plugins.studies.perception_distortion.figure import draw
from plugins.studies.perception_distortion.measure import ESTIMATE, MEAN, SAMPLE, Row, measure
from plugins.studies.perception_distortion.study import summarise
from priorbench.results import Catalogue
from priorbench.studies.experiment import Restored

CATALOGUE = Catalogue(
    priors={"gmm": "mixture", "tv": "TV"},
    tasks={"denoise-25": "denoise σ = 25"},
    metrics={},
    datasets=("photographs",),
)


class Finished:
    """An experiment of two priors, of which one drew samples, and of an image that is too small."""

    def by_image(self, metric: str) -> dict[tuple[str, str], pd.DataFrame]:
        return {("photographs", "denoise-25"): pd.DataFrame({"gmm": [], "tv": []})}

    def restored(self, dataset: str, task: str, prior: str) -> dict[str, Restored]:
        generator = np.random.default_rng(0)
        clean = generator.random((80, 72, 1))
        samples = 0.9 * clean + 0.1 * generator.random((6, *clean.shape))
        drawn = samples if prior == "gmm" else None
        small = Restored(clean[:40], clean[:40], None)
        return {"a": Restored(clean, samples.mean(0), drawn), "small": small}


def test_estimates_means_and_samples_are_measured():
    table = measure(Finished()).set_index(["prior", "kind"])
    assert set(table["image"]) == {"a"}
    assert sorted(table.index) == [
        ("gmm", ESTIMATE),
        ("gmm", MEAN),
        ("gmm", SAMPLE),
        ("tv", ESTIMATE),
    ]
    assert table["psnr"]["gmm", MEAN] == table["psnr"]["gmm", ESTIMATE]
    assert table["psnr"]["gmm", SAMPLE] < table["psnr"]["gmm", MEAN]


def rows(lost: float, nearer: float) -> pd.DataFrame:
    """Return five images of a prior whose samples lose so much and are so much nearer."""
    found = []
    for number in range(5):
        psnr, distance = 30 + number, 2.0 + 0.01 * number
        slight = 0.01 * number
        for prior, kind, numbers in (
            ("gmm", ESTIMATE, (psnr, distance)),
            ("gmm", MEAN, (psnr - 0.1, distance)),
            ("gmm", SAMPLE, (psnr - 0.1 - lost - slight, distance - nearer - slight)),
            ("tv", ESTIMATE, (psnr - 2, distance + 1)),
        ):
            found.append(Row("photographs", "denoise-25", str(number), prior, kind, *numbers))
    return pd.DataFrame(found)


@pytest.mark.parametrize(
    ("lost", "nearer", "holds"),
    [
        (3.0, 1.0, [True, True]),
        (1.0, 1.0, [True, False]),
        (3.0, -1.0, [False, True]),
        (2.5, -0.02, [None, None]),
    ],
)
def test_claims_follow_from_the_numbers(lost, nearer, holds):
    found = [claim.holds for claim in claims(rows(lost, nearer), CATALOGUE)]
    assert found == holds


def test_without_samples_nothing_is_decided():
    estimates = rows(3.0, 1.0).query("kind == 'estimate'")
    assert [claim.holds for claim in claims(estimates, CATALOGUE)] == [None, None]
    assert "no prior drew samples" in claims(estimates, CATALOGUE)[0].evidence


def test_every_kind_is_drawn_once_for_each_prior():
    table = summarise(rows(3.0, 1.0), CATALOGUE)
    assert len(table) == 4
    [axes] = [axes for axes in draw(table, CATALOGUE).axes if axes.get_visible()]
    points = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert len(points) == 4
    assert math.isclose(float(points[0].get_xdata()[0]), 32.0)


def test_nothing_to_draw_is_said():
    empty = summarise(rows(3.0, 1.0).iloc[:0], CATALOGUE)
    assert "64 pixels" in draw(empty, CATALOGUE).texts[0].get_text()
