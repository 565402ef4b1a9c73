import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr
from skimage import data

from plugins.studies.likelihood import claims, measure, tables
from priorbench.data.tensors import to_array, to_tensor
from priorbench.metrics.fidelity import psnr
from priorbench.numerics.patches import draw_patches
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context, PatchPrior
from priorbench.results import Catalogue
from priorbench.results.statistics import mean_interval
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.specs import MetricSpec
from priorbench.studies.correlation import rank_correlation
from priorbench.tasks import Denoise, DenoisePoisson, Inpaint
from tests.plugins.experiments import GivenExperiment

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
LIKELIHOOD = REGISTRY.studies["likelihood"].load()
SIZE = 5
KINDS = {"ind-pixel": "ind-pixel", "mvg": "mvg", "pca": "pca", "ica": "ica", "gmm-K4": "gmm"}


def score_rows(psnr_db):
    rows = [
        ("e", "set", image, task, prior, "psnr", value, "ok", "", "measured", "")
        for (task, image, prior), value in psnr_db.items()
    ]
    columns = [
        "experiment",
        "dataset",
        "image",
        "task",
        "prior",
        "metric",
        "value",
        "status",
        "reason",
        "source",
    ]
    return pd.DataFrame(rows, columns=[*columns, "note"])


def results_of(names, psnr_db=None, tasks=("denoise-25",), training=None, **at_hand):
    """Return an experiment with a training curve for each prior, that of the last the likeliest.

    Other curves, and what is at hand of priors, images and problems, may be given.
    """
    curves = {
        prior: pd.DataFrame({"iteration": [0, 1], "held_out_log_likelihood": [1.0, 10.0 + i]})
        for i, prior in enumerate(names)
    }
    return GivenExperiment(
        scores=score_rows(psnr_db or {}),
        training=curves if training is None else training,
        parameters={prior: {} for prior in names},
        names=names,
        catalogue=Catalogue(
            priors={prior: f"the {prior}" for prior in names},
            tasks={task: task for task in tasks},
            datasets=("set",),
            metrics={"psnr": MetricSpec(name="psnr", factory=".m:f", summary="", unit="dB")},
        ),
        **at_hand,
    )


@pytest.fixture(scope="module")
def models():
    natural = [
        to_tensor(image[::2, ::2].astype(np.float32) / 255)
        for image in (data.brick(), data.grass())
    ]
    made = {"mvg": {}, "pca": {"iterations": 3}, "gmm": {"n_components": 4, "iterations": 3}}
    fitted = {}
    for name, parameters in made.items():
        prior = REGISTRY.priors[name].load()(patch_size=SIZE, n_patches=2000, **parameters)
        list(prior.fit(natural, Context.seeded(0)))
        fitted[name] = prior
    return fitted


@pytest.fixture(scope="module")
def images():
    gray = {
        "camera": to_tensor(data.camera()[100:133, 150:178].astype(np.float32) / 255),
        "coins": to_tensor(data.coins()[40:66, 40:71].astype(np.float32) / 255),
    }
    return gray | {"cat": to_tensor(data.chelsea()[100:122, 150:173].astype(np.float32) / 255)}


@pytest.fixture(scope="module")
def at_hand(models, images):
    tasks = {
        "denoise-25": Denoise(sigma=25),
        "poisson": DenoisePoisson(peak=30),
        "inpaint": Inpaint(missing=50),
    }
    problems = {
        name: {
            image: task.corrupt(clean, torch.Generator().manual_seed(0))
            for image, clean in images.items()
        }
        for name, task in tasks.items()
    }
    priors = {**models, "failed": None, "other": object()}
    return {"priors": priors, "images": {"set": images}, "made": problems}


@pytest.fixture(scope="module")
def results(at_hand, images):
    names = {"failed": "gmm", "other": "other", "mvg": "mvg", "pca": "pca", "gmm": "gmm"}
    psnr_db = {
        ("denoise-25", image, prior): 28.0 + i + 0.1 * j
        for i, image in enumerate(images)
        for j, prior in enumerate(("mvg", "pca", "gmm"))
    }
    made = results_of(names, psnr_db, tasks=("poisson", "denoise-25", "inpaint"), **at_hand)
    del made.training["failed"]
    return made


@pytest.fixture(scope="module")
def findings(results):
    return LIKELIHOOD(results)


class TestModels:
    def test_fitted_patch_priors_with_a_likelihood_take_part(self, results, models):
        assert measure.comparable_models(results) == models

    def test_a_curve_without_a_likelihood_keeps_a_model_out(self, results, models):
        loss = pd.DataFrame({"iteration": [0], "loss": [1.0]})
        results = replace(results, training={**results.training, "pca": loss})
        assert set(measure.comparable_models(results)) == {"mvg", "gmm"}

    def test_only_the_commonest_patch_size_is_compared(self, models):
        large = REGISTRY.priors["mvg"].load()(patch_size=SIZE + 1)
        priors = {"large": large, **models}
        results = results_of({prior: prior for prior in priors}, priors=priors)
        assert measure.comparable_models(results) == models


class TestMeasure:
    @pytest.mark.slow
    def test_the_table_has_a_row_for_each_model_the_least_likely_first(self, findings):
        table = findings.table
        assert list(table.columns) == list(tables.Row._fields)
        assert set(table["prior"]) == {"mvg", "pca", "gmm"}
        assert table["label"].tolist() == [f"the {prior}" for prior in table["prior"]]
        assert table["log_likelihood_nats_per_patch"].is_monotonic_increasing
        constants = table[
            ["dataset", "task", "sigma_255", "images", "dimensions"]
        ].drop_duplicates()
        assert constants.to_numpy().tolist() == [["set", "denoise-25", 25.0, 3, SIZE**2 - 1]]
        assert table.notna().to_numpy().all()

    def test_likelihood_and_patch_psnr_are_those_of_the_same_patches_and_noise(
        self, findings, models, images
    ):
        table = findings.table.set_index("prior")
        likelihood, error = {prior: [] for prior in models}, {prior: [] for prior in models}
        noise = torch.Generator().manual_seed(0)
        for clean in images.values():
            positions = (clean.shape[-2] - SIZE + 1) * (clean.shape[-1] - SIZE + 1)
            x = draw_patches([clean], SIZE, 4000, 1.0, torch.Generator().manual_seed(77))[1][:]
            assert len(x) == positions // 2
            y = x + 25 / 255 * torch.randn(x.shape, generator=noise)
            for prior, model in models.items():
                likelihood[prior].append(float(model.log_prob(x.double()).mean()))
                estimate = model.map_estimate(y.double(), (25 / 255) ** 2)
                error[prior].append(float((estimate - x).square().mean()))
        for prior in models:
            nats = np.mean(likelihood[prior])
            assert table.loc[prior, "log_likelihood_nats_per_patch"] == pytest.approx(
                nats, abs=1e-3
            )
            bits = -(nats - (SIZE**2 - 1) * math.log(255)) / math.log(2) / (SIZE**2 - 1)
            assert table.loc[prior, "bits_per_dimension"] == pytest.approx(bits, abs=1e-4)
            assert table.loc[prior, "patch_psnr_db"] == pytest.approx(
                -10 * np.log10(np.mean(error[prior])), abs=1e-3
            )

    def brute_force(self, model, plane, noise_variance, overlapping):
        """Return the average of the estimates of single patches, one after the other."""
        total, weight = torch.zeros_like(plane), torch.zeros_like(plane)

        def starts(length):
            return (
                range(length - SIZE + 1)
                if overlapping
                else [*range(0, length - SIZE, SIZE), length - SIZE]
            )

        for row in starts(plane.shape[0]):
            for column in starts(plane.shape[1]):
                window = (slice(row, row + SIZE), slice(column, column + SIZE))
                estimate = model.map_estimate(plane[window].reshape(1, -1), noise_variance)
                total[window] += estimate.view(SIZE, SIZE)
                weight[window] += 1
        return total / weight

    @pytest.mark.parametrize("overlapping", [True, False])
    @pytest.mark.parametrize("image", ["coins", "cat"])
    def test_whole_images_are_those_of_the_definition(self, results, models, image, overlapping):
        problem = results.made["denoise-25"][image]
        planes, scales = to_planes(problem.y)
        assert len(planes) == (3 if image == "cat" else 1)
        restored = [
            self.brute_force(models["gmm"], plane, (scale * problem.sigma) ** 2, overlapping)
            for plane, scale in zip(planes, scales, strict=True)
        ]
        expected = from_planes(torch.stack(restored), problem.y.shape)
        before = problem.y.clone()
        torch.testing.assert_close(
            measure.denoise_once(models["gmm"], problem, overlapping), expected
        )
        assert torch.equal(problem.y, before)

    def test_the_table_holds_the_means_of_whole_images(self, findings, results, models):
        table = findings.table.set_index("prior")
        for column, overlapping in (("averaged_psnr_db", True), ("non_overlapping_psnr_db", False)):
            expected = [
                psnr(
                    to_array(measure.denoise_once(models["pca"], problem, overlapping)),
                    to_array(clean),
                )
                for problem, clean in results.problems("set", "denoise-25").values()
            ]
            assert table.loc["pca", column] == pytest.approx(np.mean(expected))
        assert table["epll_psnr_db"].to_dict() == pytest.approx(
            {"mvg": 29.0, "pca": 29.1, "gmm": 29.2}
        )

    def test_an_image_that_one_model_did_not_restore_counts_for_none(self, results, models):
        scores = results.scores[
            (results.scores["image"] != "coins") | (results.scores["prior"] != "pca")
        ]
        some = replace(results, scores=scores)
        table = LIKELIHOOD(some).table.set_index("prior")
        assert set(table["images"]) == {2}
        assert table.loc["mvg", "epll_psnr_db"] == pytest.approx((28.0 + 30.0) / 2)

    def test_models_that_share_no_image_are_not_compared(self, results):
        pairs = {("camera", "mvg"), ("coins", "pca"), ("cat", "gmm")}
        own = [
            pair in pairs
            for pair in zip(results.scores["image"], results.scores["prior"], strict=True)
        ]
        findings = LIKELIHOOD(replace(results, scores=results.scores[own]))
        assert findings.table.empty
        assert [claim.holds for claim in findings.claims] == [None] * 5

    def test_images_smaller_than_a_patch_are_left_out(self, models):
        tiny = torch.rand(1, 1, SIZE - 1, 30)
        exact = torch.rand(1, 1, SIZE, SIZE)
        images = {"set": {"tiny": tiny, "exact": exact}}
        results = results_of({p: p for p in models}, tasks=(), priors=models, images=images)
        measured = measure.measure(results, models)
        assert set(measured["image"]) == {"exact"}

    def test_without_gaussian_noise_only_patches_are_denoised(self, results):
        catalogue = replace(results.catalogue, tasks={"poisson": "p", "inpaint": "i"})
        findings = LIKELIHOOD(replace(results, catalogue=catalogue))
        assert set(findings.table["sigma_255"]) == {25.0}
        assert findings.table["patch_psnr_db"].notna().all()
        whole = ["epll_psnr_db", "averaged_psnr_db", "non_overlapping_psnr_db"]
        assert findings.table[whole].isna().to_numpy().all()
        assert "ρ" in findings.claims[0].evidence
        for claim in (findings.claims[1], findings.claims[3], findings.claims[4]):
            assert claim.holds is None
            assert "no Gaussian denoising task" in claim.evidence

    def test_no_model_gives_no_rows_and_no_verdict(self, at_hand):
        findings = LIKELIHOOD(results_of({"other": "other"}, **at_hand))
        assert findings.table.empty
        assert list(findings.table.columns) == list(tables.Row._fields)
        assert [claim.holds for claim in findings.claims] == [None] * 5
        assert all(claim.evidence for claim in findings.claims)


class TestFigure:
    def test_every_model_is_in_both_panels_under_its_number(self, findings, assert_legible):
        assert_legible(findings.figure)
        left, right = findings.figure.axes
        assert Counter(text.get_text() for text in left.texts if text.get_text()) == {
            "1": 1,
            "2": 1,
            "3": 1,
        }
        names = [tick.get_text() for tick in right.get_yticklabels()]
        assert names == [
            f"{label}  {i}" for i, label in enumerate(findings.table["label"], start=1)
        ]
        for row in findings.table.to_dict("records"):
            at_left = {float(y) for line in left.lines for y in line.get_ydata()}
            assert {row["patch_psnr_db"], row["epll_psnr_db"]} <= at_left
            at_right = {float(x) for line in right.lines for x in line.get_xdata()}
            assert {
                row["epll_psnr_db"],
                row["averaged_psnr_db"],
                row["non_overlapping_psnr_db"],
            } <= at_right

    def test_a_number_stands_at_its_point(self, findings):
        left, _ = findings.figure.axes
        placed = {text.get_text(): text.xy for text in left.texts if text.get_text()}
        points = findings.table[["log_likelihood_nats_per_patch", "epll_psnr_db"]].itertuples(
            index=False, name=None
        )
        assert placed == {str(i): point for i, point in enumerate(points, start=1)}

    def test_no_label_covers_another_or_leaves_the_figure(self, findings):
        left, _ = findings.figure.axes
        boxes = [text.get_window_extent() for text in left.texts if text.get_text()]
        assert all(not a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
        frame = findings.figure.bbox
        assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)


def synthetic(likelihood, patch_psnr=None, epll=None, images=8, task="denoise-25", sigma=25):
    """Return measurements in which the models differ by given numbers on each image, more or less."""
    generator = np.random.default_rng(0)
    rows = []
    for image in range(images):
        easy = generator.normal(0, 5)
        for prior, nats in likelihood.items():
            patch = 26 + (patch_psnr or likelihood)[prior] / 10
            whole = math.nan if epll is None else epll[prior] + 0.2 * easy
            small = 0.01 * generator.normal()
            nats_of_image, mse = nats + easy + small, 10 ** (-patch / 10) * (1 + small)
            names = ("set", task, sigma / 255, str(image), prior)
            rows.append(
                (*names, nats_of_image, mse, whole + small, whole - 1 + small / 2, whole - 2)
            )
    return pd.DataFrame(rows, columns=list(measure.Row._fields))


NATS = {"ind-pixel": 90.0, "mvg": 130.0, "pca": 145.0, "ica": 150.0, "gmm-K4": 160.0}
DECIBEL = {"ind-pixel": 25.0, "mvg": 27.0, "pca": 27.5, "ica": 28.0, "gmm-K4": 29.0}


def verdicts(measured, names=KINDS):
    return [claim.holds for claim in claims.claims(measured, results_of(names))]


class TestClaims:
    def test_where_the_paper_is_right_all_hold(self):
        measured = synthetic(NATS, epll=DECIBEL)
        found = claims.claims(measured, results_of(KINDS))
        assert [claim.holds for claim in found] == [True] * 5
        assert "ρ = +1.00 [1.00, 1.00] of 5 models over 8 images" in found[0].evidence
        assert "set, σ = 25" in found[1].evidence
        assert "the ind-pixel 9" in found[2].evidence
        assert "EPLL over averaging at least +1.00" in found[3].evidence
        assert "the gmm-K4" in found[4].evidence
        assert "(the ica) of 4, over 8 images" in found[4].evidence
        assert found[0].number.value == pytest.approx(1.0)
        assert (
            found[3].number.value == pytest.approx(1.0, abs=0.01) and found[3].number.unit == "dB"
        )
        assert all("2011" in claim.source for claim in found)

    def test_patches_that_get_worse_refute_the_first(self):
        worse = {prior: -value for prior, value in NATS.items()}
        assert verdicts(synthetic(NATS, patch_psnr=worse, epll=DECIBEL)) == [
            False,
            True,
            True,
            True,
            True,
        ]

    def test_whole_images_that_get_worse_refute_the_second_and_the_last(self):
        worse = {prior: 50 - value for prior, value in DECIBEL.items()}
        assert verdicts(synthetic(NATS, epll=worse)) == [True, False, True, True, False]

    def test_another_order_of_the_likelihoods_refutes_the_third(self):
        measured = synthetic(NATS | {"ica": 140.0}, epll=DECIBEL)
        assert verdicts(measured)[2] is False

    def test_models_that_are_equal_leave_the_order_open(self):
        assert verdicts(synthetic(NATS | {"ica": NATS["pca"]}, epll=DECIBEL))[2] is None

    @pytest.mark.parametrize(
        ("column", "other"), [("averaged", "epll"), ("non_overlapping", "averaged")]
    )
    def test_one_model_for_which_a_simpler_way_is_better_refutes_the_fourth(self, column, other):
        measured = synthetic(NATS, epll=DECIBEL)
        own = measured["prior"] == "pca"
        measured.loc[own, column] = measured.loc[own, other] + 0.2
        found = claims.claims(measured, results_of(KINDS))[3]
        assert found.holds is False
        assert "(the pca), above 0 for 4 of 5 models" in found.evidence

    def test_a_claim_must_hold_at_every_noise_level(self):
        worse = {prior: 50 - value for prior, value in DECIBEL.items()}
        both = pd.concat(
            [
                synthetic(NATS, epll=DECIBEL),
                synthetic(NATS, epll=worse, task="denoise-50", sigma=50),
            ],
            ignore_index=True,
        )
        found = claims.claims(both, results_of(KINDS, tasks=("denoise-25", "denoise-50")))
        assert [claim.holds for claim in found] == [True, False, True, True, False]
        assert "σ = 25" in found[1].evidence
        assert "σ = 50" in found[1].evidence

    def test_one_image_decides_nothing(self):
        found = claims.claims(synthetic(NATS, epll=DECIBEL, images=1), results_of(KINDS))
        assert [claim.holds for claim in found] == [None] * 5
        assert all(
            "nan" not in claim.evidence and "(no interval)" in claim.evidence for claim in found
        )

    def test_without_epll_whole_images_are_not_decided(self):
        assert verdicts(synthetic(NATS)) == [True, None, True, None, None]

    def test_missing_models_leave_their_claims_open(self):
        few = {"mvg": 130.0, "pca": 145.0}
        names = {prior: prior for prior in few}
        found = claims.claims(synthetic(few, epll=DECIBEL), results_of(names))
        assert [claim.holds for claim in found] == [None, None, None, True, None]
        assert "fewer than three models" in found[0].evidence
        assert found[2].evidence == "not there: ind-pixel, ica, gmm"
        assert found[4].evidence == "not there: gmm"

    def test_a_mixture_alone_is_not_the_best_of_anything(self):
        found = claims.claims(
            synthetic({"gmm-K4": 160.0}, epll=DECIBEL), results_of({"gmm-K4": "gmm"})
        )[4]
        assert found.holds is None
        assert "no other patch model" in found.evidence

    def test_a_model_that_epll_never_restored_with_is_judged_by_its_patches_only(self):
        measured = synthetic(NATS, epll=DECIBEL)
        measured.loc[measured["prior"] == "ica", "epll"] = math.nan
        found = claims.claims(measured, results_of(KINDS))
        assert [claim.holds for claim in found] == [True] * 5
        assert "of 5 models" in found[0].evidence
        assert "of 4 models over 8 images" in found[1].evidence

    def test_of_several_mixtures_the_likeliest_in_training_is_taken(self):
        nats, decibel = NATS | {"gmm-K2": 170.0}, DECIBEL | {"gmm-K2": 20.0}
        names = {"gmm-K2": "gmm", **KINDS}
        found = claims.claims(synthetic(nats, epll=decibel), results_of(names))
        assert "the gmm-K4" in found[2].evidence
        assert found[4].holds is True
        found = claims.claims(synthetic(nats, epll=decibel), results_of({**KINDS, "gmm-K2": "gmm"}))
        assert found[4].holds is False

    def test_the_rank_correlation_is_the_mean_of_spearmans_over_images(self):
        first, second = np.random.default_rng(3).normal(size=(2, 6, 7)).round(1)
        rho = [spearmanr(*pair).statistic for pair in zip(first, second, strict=True)]
        found = rank_correlation(pd.DataFrame(first), pd.DataFrame(second))
        assert found.value == pytest.approx(np.mean(rho))
        assert found.interval == pytest.approx(mean_interval(rho))

    def test_an_image_for_which_all_models_are_equal_has_no_correlation(self):
        first = pd.DataFrame([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])
        second = pd.DataFrame([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
        assert rank_correlation(first, second).value == pytest.approx(-1)

    def test_the_interval_of_a_rank_correlation_stays_where_correlations_are(self):
        first = np.arange(4.0) + np.zeros((3, 1))
        second = first.copy()
        second[0, :2] = second[0, 1::-1]
        found = rank_correlation(pd.DataFrame(first), pd.DataFrame(second))
        low, high = found.interval
        assert low < found.value < high == 1


class Stranger(PatchPrior):
    """A patch prior of nobody's."""

    patch_size = SIZE

    def log_prob(self, patches):
        return -(patches - patches.mean(1, keepdim=True)).square().sum(1)

    def map_estimate(self, patches, noise_variance):
        mean = patches.mean(1, keepdim=True)
        return mean + (patches - mean) / (1 + 2 * noise_variance)


def test_a_third_partys_patch_prior_joins(images):
    priors = {"stranger": Stranger()}
    results = results_of({"stranger": "stranger"}, priors=priors, images={"set": images})
    assert LIKELIHOOD(results).table["prior"].tolist() == ["stranger"]
