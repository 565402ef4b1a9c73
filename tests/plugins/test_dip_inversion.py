import dataclasses
import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from skimage import data
from skimage.feature import hog as skimage_hog

from plugins.dip.losses import total_variation
from plugins.studies.dip_inversion import activation, claims, classifier, features, pre_images
from plugins.studies.dip_inversion import study as inversion
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Generator
from priorbench.studies.images import first_photograph

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
NONE, VARIATION, DEEP = pre_images.METHODS
TINY = pre_images.Settings(
    side=40,
    starts=2,
    pixel_iterations=3,
    network_iterations=2,
    weights=(0.1, 1.0),
    channels=4,
    scales=2,
    inputs=2,
)

QUICK = activation.Maximisation(
    dataclasses.replace(TINY, fused=False),
    classifier.Training(side=32, steps=50),
    crops=8,
)


def camera(height: int = 48, width: int = 56):
    return data.camera()[100 : 100 + height, 200 : 200 + width] / 255


def random_image(dtype=torch.float64, size=(24, 19)):
    return torch.rand(1, 1, *size, dtype=dtype, generator=torch.Generator().manual_seed(0))


class TestHistogramsOfOrientedGradients:
    @pytest.mark.parametrize("size", [(16, 16), (48, 56), (45, 61)])
    @pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
    def test_hard_bins_are_those_of_skimage(self, size, dtype):
        array = camera(*size)
        expected = skimage_hog(
            array, cells_per_block=(2, 2), block_norm="L2-Hys", feature_vector=False
        )
        found = features.hog(torch.from_numpy(array).to(dtype)[None, None], soft=False)
        assert found.shape == expected.shape
        assert np.abs(found.numpy() - expected).max() < 1e-3

    def test_soft_bins_share_a_pixel_between_neighbours(self):
        # At 20° hard bins jump; soft ones give half to either side.
        slope = math.tan(math.radians(20))
        rows, columns = torch.meshgrid(
            torch.arange(32.0).double(), torch.arange(32.0).double(), indexing="ij"
        )
        inner = features.hog((slope * rows + columns)[None, None] / 100)[1, 1, 0, 0]
        assert float(inner[0]) == pytest.approx(float(inner[1]))
        assert float(inner[2:].abs().max()) < 1e-9

    @pytest.mark.slow
    def test_the_gradient_is_that_of_differences(self):
        assert torch.autograd.gradcheck(features.hog, (random_image().requires_grad_(),))

    def test_contrast_and_polarity_are_lost(self):
        x = random_image()
        torch.testing.assert_close(
            features.hog(0.9 - 0.5 * x), features.hog(x), atol=1e-6, rtol=1e-6
        )


class TestSteered:
    @pytest.mark.slow
    def test_the_gradient_is_that_of_differences(self):
        assert torch.autograd.gradcheck(features.steered, (random_image().requires_grad_(),))

    def test_it_is_sampled_at_every_fourth_pixel(self):
        assert features.steered(random_image(size=(32, 24))).shape == (2, 8, 8, 6)

    @pytest.mark.parametrize("direction", range(8))
    def test_a_ramp_answers_in_its_direction(self, direction):
        rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
        angle = direction * math.pi / 4
        found = features.steered(
            (math.cos(angle) * columns + math.sin(angle) * rows)[None, None] / 64
        )
        centre = found[:, :, 8, 8]
        assert centre.argmax(1).tolist() == [direction] * 2
        # σ times the slope.
        assert centre[:, direction].tolist() == pytest.approx([1 / 64, 2 / 64], abs=1e-3)
        assert float(centre[:, (direction + 4) % 8].abs().max()) < 1e-6


@pytest.mark.parametrize("name", features.FEATURES)
class TestEveryFeature:
    def test_a_flat_image_has_a_finite_gradient(self, name):
        x = torch.full((1, 1, 32, 32), 0.5, requires_grad=True)
        features.FEATURES[name](x).sum().backward()
        assert torch.isfinite(x.grad).all()

    def test_most_pixels_have_a_gradient(self, name):
        x = torch.from_numpy(camera(32, 32)).float()[None, None].requires_grad_()
        features.FEATURES[name](x).square().sum().backward()
        assert torch.isfinite(x.grad).all()
        assert float((x.grad != 0).float().mean()) > 0.8

    def test_brightness_is_lost(self, name):
        x = random_image()
        torch.testing.assert_close(features.FEATURES[name](x + 0.2), features.FEATURES[name](x))

    def test_channels_are_averaged(self, name):
        x = random_image().expand(1, 3, -1, -1)
        torch.testing.assert_close(features.FEATURES[name](x), features.FEATURES[name](x[:, :1]))


class TestPreImages:
    def error(self, target):
        return lambda x: (x - target).square().sum() / target.square().sum()

    def test_pixels_find_the_minimiser(self):
        target = torch.from_numpy(camera(16, 16)).float()[None, None]
        settings = pre_images.Settings(pixel_iterations=300)
        found = pre_images.over_pixels(self.error(target), target.shape, 0.0, settings, 0)
        torch.testing.assert_close(found, target, atol=2e-2, rtol=0)
        smooth = pre_images.over_pixels(self.error(target), target.shape, 1.0, settings, 0)
        assert total_variation(smooth) < total_variation(found)

    def test_total_variation_of_a_step_is_its_height(self):
        x = torch.zeros(1, 1, 11, 11)
        x[..., 5:] = 0.5
        assert float(total_variation(x)) == pytest.approx(0.5 / 10, abs=1e-3)

    @pytest.mark.slow
    def test_weights_descend_and_leave_torchs_random_numbers_alone(self):
        target = torch.from_numpy(camera(32, 32)).float()[None, None]
        before = torch.random.get_rng_state()
        errors = []
        for iterations in (0, 30):
            settings = pre_images.Settings(
                network_iterations=iterations, channels=4, scales=2, inputs=2
            )
            found = pre_images.over_weights(self.error(target), target.shape, settings, 0)
            errors.append(float(self.error(target)(found)))
        assert errors[1] < 0.7 * errors[0]
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_brightness_contrast_and_sign_do_not_count(self):
        target = to_tensor(camera(32, 32))
        for image in (target, 0.3 + 0.2 * target, 0.9 - 0.5 * target):
            found = pre_images.compared(image, target, self.error(target))
            assert found.values[pre_images.PSNR] > 80
            assert found.values[pre_images.SSIM] == pytest.approx(1)
            np.testing.assert_allclose(found.image, camera(32, 32)[..., None], atol=1e-5)

    def test_a_flat_image_is_as_far_as_the_mean(self):
        target = to_tensor(camera(32, 32))
        found = pre_images.compared(torch.full_like(target, 0.2), target, self.error(target))
        assert found.values[pre_images.PSNR] == pytest.approx(
            -10 * math.log10(camera(32, 32).var()), abs=1e-3
        )
        assert np.isfinite(found.image).all()


class NoEncoder(Generator):
    tile_size, latent_size = 8, 1

    def decode(self, z):
        return z[:, :, None].expand(-1, 8, 8)


class Means(NoEncoder):
    def encode(self, tiles, sigma):
        return tiles.mean((1, 2))[:, None]


class Recorder:
    """Calls a function and keeps its photograph."""

    def __init__(self, function):
        self.function = function

    def __call__(self, feature, photograph, settings):
        self.photograph = photograph
        return self.function(feature, photograph, settings)


def table_of(deep, variation):
    """Return the table of two starts, with the same PSNR and structural similarity."""
    values = {
        (NONE, 0.0): (1.0, 1.1),
        (VARIATION, 0.1): (0.0, 0.0),
        (VARIATION, 1.0): variation,
        (DEEP, 0.0): deep,
    }
    rows = [
        ("hog", method, weight, start, quantity, own[start])
        for ((method, weight), own), start, quantity in itertools.product(
            values.items(), range(2), pre_images.QUANTITIES
        )
    ]
    return pd.DataFrame(rows, columns=list(inversion.Row._fields))


class TestStudy:
    @pytest.mark.slow
    def test_the_table_has_every_method_and_start(self, experiment_of):
        findings = inversion.inversion(experiment_of(a={"x": to_tensor(camera())}), TINY, QUICK)
        table = findings.table
        assert tuple(table.columns) == inversion.Row._fields
        own = table[table["feature"].isin(features.FEATURES)]
        assert len(own) == len(features.FEATURES) * 4 * TINY.starts * len(pre_images.QUANTITIES)
        assert np.isfinite(table["value"]).all()
        assert set(own["method"]) == set(pre_images.METHODS)
        assert len(findings.claims) == len(features.FEATURES) + 1
        assert len(findings.figure.axes) == (len(features.FEATURES) + len(classifier.CLASSES)) * 4

    @pytest.mark.slow
    def test_a_trained_encoder_is_inverted_as_well(self, experiment_of):
        results = experiment_of(a={"x": to_tensor(camera())})

        curve = pd.DataFrame({"iteration": [1.0]})
        priors = {"means": Means(), "no-encoder": NoEncoder(), "other": object()}
        catalogue = dataclasses.replace(results.catalogue, priors={"means": "means of quarters"})
        results = dataclasses.replace(
            results, training=dict.fromkeys(priors, curve), catalogue=catalogue, priors=priors
        )
        findings = inversion.inversion(results, TINY, QUICK)
        assert list(findings.table["feature"].unique())[:3] == [
            "hog",
            "steered",
            "codes of means of quarters",
        ]
        assert len(findings.claims) == 4

    def test_codes_are_those_of_tiles_side_by_side(self):
        image = to_tensor(camera(16, 24))
        found = features.codes(Means())(image)
        expected = image[0, 0].view(2, 8, 3, 8).mean((1, 3)).view(6, 1)
        torch.testing.assert_close(found, expected)

    def test_the_first_large_enough_image_is_taken_gray(self, experiment_of):
        colour = np.stack([camera(), camera().T[:48, :48].repeat(2, 1)[:, :56], camera()], 2)
        images = {"tiny": to_tensor(camera(20, 60)), "colour": to_tensor(colour)}
        found = first_photograph(experiment_of(none={}, a=images))
        np.testing.assert_allclose(found, colour @ [0.299, 0.587, 0.114], atol=1e-6)

    def test_its_centre_is_inverted(self, experiment_of, monkeypatch):
        monkeypatch.setattr(inversion, "FEATURES", {"hog": features.hog})
        monkeypatch.setattr(inversion, "pre_images", record := Recorder(pre_images.pre_images))
        two = classifier.examples(classifier.CLASSES[:2])
        monkeypatch.setattr(inversion, "examples", lambda: two)
        small = dataclasses.replace(TINY, side=40)
        inversion.inversion(experiment_of(a={"x": to_tensor(camera())}), small, QUICK)
        np.testing.assert_allclose(record.photograph[0, 0], camera()[4:44, 8:48], atol=1e-6)

    def test_without_an_image_nothing_is_decided(self, experiment_of):
        findings = inversion.inversion(experiment_of(a={"tiny": to_tensor(camera(20, 20))}), TINY)
        assert [claim.holds for claim in findings.claims] == [None] * (len(features.FEATURES) + 1)
        assert findings.table.empty

    @pytest.mark.parametrize(
        ("deep", "variation", "holds"),
        [
            ((3.0, 3.1), (2.0, 2.1), True),
            ((3.0, 3.1), (5.0, 4.9), False),
            ((3.0, 4.0), (2.0, 2.5), None),
            ((0.1, 0.2), (0.1, 0.3), False),
        ],
    )
    def test_the_verdict_needs_means_apart(self, deep, variation, holds):
        table = table_of(deep, variation)
        weights = inversion.best_weights(table)
        assert weights == {NONE: 0.0, VARIATION: 1.0, DEEP: 0.0}
        claim = claims.claim_of("hog", table, weights)
        assert claim.holds is holds
        assert "2 starts" in claim.evidence
        assert claim.number.unit in ("dB", "SSIM") and claim.number.within(0) is holds
