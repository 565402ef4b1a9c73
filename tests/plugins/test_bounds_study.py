from math import log10
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.fft import dctn, idctn

from plugins.studies.bounds import claims, figure, measure, neighbours, tables
from plugins.studies.bounds.clairvoyant import clairvoyant, filtered
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.results import Catalogue
from priorbench.specs import MetricSpec
from priorbench.studies.denoising import gaussian_denoising
from priorbench.tasks import Denoise, DenoisePoisson, Inpaint
from priorbench.testing import GivenExperiment

SIGMA = 0.1
BOUNDS = load_plugins([Path(__file__).parents[2] / "plugins"]).studies["bounds"].load()
CATALOGUE = Catalogue(
    priors={"a": "prior A", "b": "prior B"},
    tasks={"denoise-25": "denoise"},
    datasets=("set",),
    metrics={"psnr": MetricSpec(name="psnr", factory=".m:f", summary="", unit="dB")},
)


def random(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def noise(*shape, seed=1):
    return SIGMA * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class TestNeighbours:
    @pytest.mark.parametrize("batches", [1, 7])
    def test_the_posterior_is_that_of_a_sum_over_all_examples(self, batches):
        examples, noisy = random(300, 9), random(20, 9, seed=2)
        found = neighbours.posterior(noisy, examples.chunk(batches), SIGMA)
        for number, window in enumerate(noisy.double().numpy()):
            distances = ((examples.double().numpy() - window) ** 2).sum(1)
            weights = np.exp(-distances / (2 * SIGMA**2))
            weights /= weights.sum()
            middles = examples[:, 4].double().numpy()
            mean = weights @ middles
            assert float(found.mean[number]) == pytest.approx(mean, abs=1e-4)
            variance = weights @ (middles - mean) ** 2
            assert float(found.variance[number]) == pytest.approx(variance, abs=1e-4)
            effective = 1 / (weights**2).sum()
            assert float(found.neighbours[number]) == pytest.approx(effective, rel=1e-2)

    def test_a_gaussian_law_has_both_bounds_at_its_least_error(self):
        """Of one pixel with variance s² the least mean squared error is s²σ²/(s² + σ²)."""
        generator = torch.Generator().manual_seed(0)
        deviation = 0.2
        clean, examples = (
            deviation * torch.randn((count, 1), generator=generator) for count in (4000, 20_000)
        )
        noisy = clean + SIGMA * torch.randn(clean.shape, generator=generator)
        found = neighbours.bound(clean, noisy, examples.split(3000), SIGMA)
        least = deviation**2 * SIGMA**2 / (deviation**2 + SIGMA**2)
        assert found.reached == pytest.approx(least, rel=0.05)
        assert found.least == pytest.approx(least, rel=0.05)
        assert found.share > 0.95

    def test_windows_far_from_all_examples_have_no_neighbours(self):
        examples = torch.linspace(0, 1, 50)[:, None].expand(-1, 9)
        found = neighbours.posterior(examples[:3] + 3, [examples], SIGMA)
        assert found.mean.isfinite().all()
        assert (found.neighbours < neighbours.NEIGHBOURS).all()


class TestClairvoyant:
    def test_it_is_the_mean_of_attenuated_patches(self):
        size, clean = 4, random(9, 11).double()
        noisy = clean + noise(9, 11).double()
        total, count = np.zeros((9, 11)), np.zeros((9, 11))
        for top in range(9 - size + 1):
            for left in range(11 - size + 1):
                part = np.s_[top : top + size, left : left + size]
                energy = dctn(clean[part].numpy(), norm="ortho") ** 2
                kept = dctn(noisy[part].numpy(), norm="ortho") * energy / (energy + SIGMA**2)
                total[part] += idctn(kept, norm="ortho")
                count[part] += 1
        found = filtered(noisy, clean, SIGMA, size)
        np.testing.assert_allclose(found.numpy(), total / count, atol=1e-12)

    def test_no_other_factors_of_the_coefficients_have_less_error(self):
        """For one patch, the expected error is Σ c²σ²/(c² + σ²)."""
        clean = random(4, 4).double()
        energy = dctn(clean.numpy(), norm="ortho") ** 2
        expected = (energy * SIGMA**2 / (energy + SIGMA**2)).sum()
        errors = [
            float(
                (filtered(clean + noise(4, 4, seed=seed), clean, SIGMA, 4) - clean).square().sum()
            )
            for seed in range(2000)
        ]
        assert np.mean(errors) == pytest.approx(expected, rel=0.05)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_images_smaller_than_a_patch_and_colour_come_nearer_to_the_clean_image(self, channels):
        rows, columns = torch.linspace(0, 1, 5)[:, None], torch.linspace(0, 1, 12)
        clean = (0.3 + rows * columns / 2).expand(1, channels, 5, 12)
        noisy = clean + noise(1, channels, 5, 12)
        found = clairvoyant(noisy, clean, SIGMA)
        assert found.shape == clean.shape
        assert (found - clean).square().mean() < (noisy - clean).square().mean() / 2


@pytest.fixture
def experiment():
    """Two gray images and one in colour, two priors, of which one has learned."""
    photographs = {
        name: to_tensor(smooth(seed, channels))
        for name, seed, channels in (("one", 1, 1), ("two", 2, 1), ("colour", 3, 3))
    }
    tasks = {"denoise-25": Denoise(25), "photons": DenoisePoisson(30), "inpaint-50": Inpaint(50)}
    generator = torch.Generator().manual_seed(0)
    rows = [
        ("set", image, "denoise-25", prior, "psnr", value, "measured")
        for image in photographs
        for prior, value in (("a", 20.0), ("b", 22.0))
    ]
    columns = ["dataset", "image", "task", "prior", "metric", "value", "source"]
    return GivenExperiment(
        scores=pd.DataFrame(rows, columns=columns),
        training={"b": pd.DataFrame({"iteration": [0]})},
        names={"a": "a", "b": "b"},
        catalogue=Catalogue(
            priors=CATALOGUE.priors,
            tasks={task: task for task in tasks},
            datasets=("set",),
            metrics=CATALOGUE.metrics,
        ),
        images={"set": photographs},
        learned_from={"b": {"training": to_tensor(smooth(4, 1, side=64))}},
        made={
            task: {name: each.corrupt(image, generator) for name, image in photographs.items()}
            for task, each in tasks.items()
        },
        corruptions=tasks,
    )


def smooth(seed, channels, side=40):
    pixels = torch.nn.functional.interpolate(
        random(1, channels, side // 8, side // 8, seed=seed), size=(side, side), mode="bicubic"
    )
    return pixels[0].movedim(0, -1).clamp(0, 1).numpy()


def test_only_white_noise_of_known_level_is_gaussian_denoising(experiment):
    (found,) = gaussian_denoising(experiment, "set")
    assert found.task == "denoise-25"
    assert found.sigma == pytest.approx(25 / 255)
    assert list(found.pairs) == ["one", "two", "colour"]


def test_windows_are_those_of_gray_images_and_the_filter_is_that_of_all(experiment, monkeypatch):
    monkeypatch.setattr(measure, "WINDOWS", 50)
    measured = measure.measure(experiment)
    assert list(measured.whole["image"]) == ["one", "two", "colour"]
    assert set(measured.windows["image"]) == {"one", "two"}
    assert sorted(measured.windows["side"].unique()) == list(measure.SIDES)
    assert (measured.windows[["reached", "least"]] < (25 / 255) ** 2).all(axis=None)
    again = measure.measure(experiment)
    pd.testing.assert_frame_equal(again.windows, measured.windows)


def test_without_a_prior_that_learned_there_are_no_windows(experiment):
    experiment.training.clear()
    measured = measure.measure(experiment)
    assert measured.windows.empty and len(measured.whole) == 3


def test_the_study_has_a_table_a_figure_and_verdicts(experiment):
    findings = BOUNDS(experiment)
    assert list(findings.table["what"]) == [
        tables.CLAIRVOYANT,
        *[tables.WINDOW] * len(measure.SIDES),
        tables.PRIOR,
    ]
    assert findings.table.iloc[-1]["label"] == "prior B"
    assert len(findings.claims) == 2
    (axes,) = [axes for axes in findings.figure.axes if axes.get_visible()]
    assert axes.get_title() == "set, σ = 25"


def test_an_experiment_without_denoising_decides_nothing(experiment):
    nothing = measure.measure(
        GivenExperiment(scores=experiment.scores, catalogue=CATALOGUE, images={"set": {}})
    )
    assert tables.summarise(nothing, {}, CATALOGUE).empty
    assert [claim.holds for claim in claims.claims(nothing, {}, CATALOGUE)] == [None, None]
    assert figure.draw(tables.summarise(nothing, {}, CATALOGUE)).axes == []


def given(clairvoyant, least, share=1.0):
    """Return bounds of three images that are nearly alike."""
    images = ["x", "y", "z"]
    jitter = np.array([-0.1, 0.0, 0.1])
    names = {"dataset": "set", "task": "denoise-25", "sigma": SIGMA, "image": images}
    whole = pd.DataFrame({**names, "clairvoyant": clairvoyant + jitter})
    errors = 10 ** (-(least + jitter) / 10)
    windows = [
        pd.DataFrame({**names, "side": side, "reached": errors, "least": errors, "share": part})
        for side, part in ((3, 1.0), (5, share))
    ]
    return measure.Measured(whole, pd.concat(windows))


def scores(best):
    values = pd.DataFrame({"a": [20.0, 20.1, 20.2], "b": [best, best + 0.1, best + 0.2]})
    return {("set", "denoise-25"): values.set_axis(["x", "y", "z"])}


@pytest.mark.parametrize(
    ("clairvoyant", "least", "holds"),
    [(35.0, 27.0, [True, True]), (29.0, 32.0, [False, False]), (30.2, 30.2, [None, None])],
)
def test_verdicts_follow_the_numbers(clairvoyant, least, holds):
    table = scores(30.0 if holds[0] is not None else 30.1)
    judged = claims.claims(given(clairvoyant, least), table, CATALOGUE)
    assert [claim.holds for claim in judged] == holds
    assert all("prior B" in claim.evidence for claim in judged)


def test_the_largest_window_with_neighbours_decides():
    measured = given(35.0, 27.0, share=0.5)
    _, claim = claims.claims(measured, scores(30.0), CATALOGUE)
    assert "bound of 3 × 3 windows" in claim.evidence


def test_errors_are_averaged_before_they_become_decibels():
    measured = given(35.0, 27.0)
    table = tables.summarise(measured, scores(30.0), CATALOGUE)
    row = table[(table["what"] == tables.WINDOW) & (table["side"] == 3)].iloc[0]
    mean = measured.windows[measured.windows["side"] == 3]["least"].mean()
    assert row["at_most_psnr_db"] == pytest.approx(-10 * log10(mean))
