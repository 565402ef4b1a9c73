import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from skimage import data

from plugins.studies.autoencoders import claims, likelihoods, modes, pictures, spectra
from plugins.studies.autoencoders import selection as choice
from plugins.studies.autoencoders import study as vae
from plugins.studies.autoencoders.measure import Scale
from plugins.studies.autoencoders.table import Row
from plugins.vae import elbo
from plugins.vae.images import VAE
from priorbench.data.tensors import to_tensor
from priorbench.numerics.tiles import without_mean
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.results import Catalogue
from tests.plugins.experiments import GivenExperiment

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
study = REGISTRY.studies["vae"].load()
IMAGES = {
    "camera": to_tensor(data.camera()[100:148, 200:256] / 255),
    "coins": to_tensor(data.coins()[40:90, 60:108] / 255),
    "cat": to_tensor(data.cat()[100:140, 150:200] / 255),
}
TINY = Scale(tiles=40, blurred=3, restored=2)
TRAINING = {
    "iterations": 12,
    "measure_every": 12,
    "batch": 16,
    "n_tiles": 500,
    "held_out": 0.1,
    "width": 8,
    "depth": 1,
}
SETTINGS = {
    "vae": {**TRAINING, "tile_size": 16, "latent_size": 8, "search_steps": 3},
    "vae-dead-leaves": {
        **TRAINING,
        "tile_size": 8,
        "latent_size": 2,
        "search_steps": 3,
        "stride": 4,
    },
    "vae-patch": {**TRAINING, "tile_size": 4, "block": 4, "latent_size": 3, "samples": 8},
    "mvg": {"patch_size": 4, "n_patches": 500},
    "gsm": {"patch_size": 4, "n_patches": 500},
    "ind-pixel": {"patch_size": 6, "n_patches": 500},
}


def fit(name):
    with torch.random.fork_rng(devices=()):
        model = REGISTRY.priors[name].load()(**SETTINGS[name])
        rows = [dict(row) for row in model.fit(list(IMAGES.values()), Context.seeded(0))]
    return model, pd.DataFrame(rows)


@pytest.fixture(scope="module")
def fitted():
    """Each prior with its training curve, fitted when it is first asked for."""
    found = {}

    def of(name):
        if name not in found:
            found[name] = fit(name)
        return found[name]

    return of


@pytest.fixture(scope="module")
def results(fitted):
    """Make results of an experiment with these fitted priors, and with these that failed."""

    def make(*names, failed=(), images=IMAGES, scores=()):
        own = {name: fitted(name) for name in names}
        columns = ["dataset", "image", "task", "prior", "metric", "value", "source"]
        return GivenExperiment(
            scores=pd.DataFrame(scores, columns=columns),
            training={name: curve for name, (_, curve) in own.items()},
            parameters={name: dict(model.parameters) for name, (model, _) in own.items()},
            names={name: name for name in (*names, *failed)},
            catalogue=Catalogue(
                priors={name: f"label of {name}" for name in (*names, *failed)},
                tasks={"t": "task"},
                datasets=("set",),
                metrics={},
            ),
            priors={name: model for name, (model, _) in own.items()},
            images={"set": images},
        )

    return make


@pytest.fixture(scope="module")
def everything(results):
    """The findings on all kinds of priors."""
    return study(results("vae", "vae-dead-leaves", "vae-patch", "mvg", "gsm", "ind-pixel"), TINY)


def values(findings, prior, quantity, unit=None):
    table = findings.table
    rows = table[(table["prior"] == prior) & (table["quantity"] == quantity)]
    return rows if unit is None else rows[rows["unit"] == unit]


@pytest.mark.slow
class TestTable:
    @pytest.mark.slow
    def test_a_number_is_told_once(self, everything):
        table = everything.table
        assert tuple(table.columns) == ("prior", "quantity", "of", "unit", "value", "n")
        assert not table.duplicated(["prior", "quantity", "of", "unit"]).any()
        assert np.isfinite(table["value"]).all()
        assert (table["n"] > 0).all()
        assert (table["unit"] != "").all()

    @pytest.mark.parametrize("prior", ["vae", "vae-dead-leaves"])
    def test_every_model_of_tiles_has_every_quantity(self, everything, prior):
        dimensions = SETTINGS[prior]["tile_size"] ** 2 - 1
        for quantity in (likelihoods.BOUND, likelihoods.IMPORTANCE):
            (nats,) = values(everything, prior, quantity, "nats per tile")["value"]
            (bits,) = values(everything, prior, quantity, likelihoods.BITS)["value"]
            assert bits == pytest.approx((math.log(255) - nats / dimensions) / math.log(2))
        assert (
            f"{likelihoods.SAMPLES} samples"
            in values(everything, prior, likelihoods.IMPORTANCE)["of"].iloc[0]
        )
        (active,) = values(
            everything, prior, "active units", f"of {SETTINGS[prior]['latent_size']}"
        )["value"]
        assert 0 <= active <= SETTINGS[prior]["latent_size"]
        assert (
            values(everything, prior, "divergence of the code", "nats per tile")["value"] >= 0
        ).all()
        assert (
            values(everything, prior, "decoder's standard deviation", "of 255")["value"] > 0
        ).all()
        assert len(values(everything, prior, "power kept")) == len(spectra.BANDS)
        psnr = values(everything, prior, "PSNR", "dB")
        assert len(psnr) == len(modes.TASKS) * len(modes.MODES)
        assert (psnr["n"] == TINY.restored).all()

    def test_the_observation_is_there_once(self, everything):
        assert len(values(everything, "observed", "PSNR", "dB")) == len(modes.TASKS)

    def test_patches_are_compared_with_those_of_their_size(self, everything):
        (bound,) = values(everything, "vae-patch", likelihoods.IMPORTANCE, "nats per patch")["of"]
        assert "8 samples" in bound
        for prior in ("mvg", "gsm"):
            assert set(values(everything, prior, likelihoods.LIKELIHOOD)["unit"]) == {
                "nats per patch",
                "bits per dimension",
            }
        assert "ind-pixel" not in set(everything.table["prior"])

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["vae", "vae-dead-leaves", "vae-patch"])
    def test_one_is_enough_and_a_failed_fit_is_left_out(self, results, name):
        failed = {"vae", "vae-dead-leaves", "vae-patch"} - {name}
        findings = study(results(name, failed=failed), TINY)
        assert set(findings.table["prior"]) - {"observed"} == {name}
        assert len(findings.figure.axes) == (1 if name == "vae-patch" else 9)
        assert findings.claims[2].holds is None
        assert findings.claims[3].holds is None

    def test_nothing_is_no_finding(self, results):
        small = {"small": to_tensor(np.zeros((3, 3)))}
        for found in (
            results(failed=["vae"]),
            results("vae", "vae-patch", images=small),
            results("vae", images={}),
        ):
            findings = study(found, TINY)
            assert findings.table.empty
            assert list(findings.table.columns) == list(Row._fields)
            assert [claim.holds for claim in findings.claims] == [None] * len(claims.CLAIMS)
            assert vae.NOTHING in findings.figure.texts[0].get_text()

    @pytest.mark.slow
    def test_it_gives_the_same_again(self, results):
        first, second = (study(results("vae-dead-leaves"), TINY).table for _ in range(2))
        pd.testing.assert_frame_equal(first, second)


class TestLikelihoods:
    def test_more_samples_come_closer_from_the_bound(self, fitted):
        model, _ = fitted("vae")
        tiles = torch.cat(choice.tiles_by_image(choice_images(), 16, 60))
        bound = elbo.Bound(model.network, model.dct, model.parameters).measure(tiles.split(16))[
            "held_out_elbo"
        ]
        rising = [float(model.log_likelihood(tiles, samples).mean()) for samples in (1, 8, 64)]
        assert bound < rising[1] < rising[2]
        assert rising[0] < rising[1]

    def test_a_tile_alone_has_the_same_likelihood(self, fitted):
        model, _ = fitted("vae")
        tiles = torch.cat(choice.tiles_by_image(choice_images(), 16, 6))
        torch.testing.assert_close(
            model.log_likelihood(tiles, 4)[2:3], model.log_likelihood(tiles[2:3], 4)
        )

    def test_without_a_code_it_is_that_of_the_decoder(self, fitted):
        # A decoder that does not look at the code is one Gaussian, and an encoder that is the prior
        # gives its density.
        model, _ = fitted("vae")
        copy = modes.in_mode(model, "project")
        for layer in (copy.network.to_code, copy.network.from_code):
            layer.weight.zero_(), layer.bias.zero_()
        tiles = torch.cat(choice.tiles_by_image(choice_images(), 16, 6))
        u = copy.dct.coefficients(without_mean(tiles))
        expected = copy.decoded(torch.zeros(len(tiles), 8)).log_prob(u, torch.zeros(len(tiles)))
        torch.testing.assert_close(copy.log_likelihood(tiles, 3), expected)

    def test_that_of_patches_is_the_same_function(self, fitted):
        model, _ = fitted("vae-patch")
        tiles = torch.cat(choice.tiles_by_image(choice_images(), 4, 30))
        torch.testing.assert_close(model.log_prob(tiles.flatten(1)), model.log_likelihood(tiles, 8))


def choice_images():
    return [image[0, 0] for image in IMAGES.values()]


class TestSpectra:
    def test_white_noise_has_its_variance_everywhere(self):
        noise = 0.3 * torch.randn(300, 96, 80, generator=torch.Generator().manual_seed(0))
        for edges in (spectra.EDGES, spectra.RINGS):
            power = spectra.ring_power(noise, edges).mean(0)
            np.testing.assert_allclose(power[1:], 0.09, rtol=0.15)

    def test_a_wave_lies_in_its_octave(self):
        wave = torch.cos(2 * math.pi * 0.1875 * torch.arange(64.0)).expand(1, 64, 64)
        power = spectra.ring_power(wave, spectra.EDGES)[0]
        assert float(power[2] / power[[0, 1, 3]].max()) > 1e4

    def test_a_low_pass_keeps_what_the_filter_says(self):
        noise = torch.randn(256, 256, generator=torch.Generator().manual_seed(0))
        radius = torch.hypot(torch.fft.fftfreq(256)[:, None], torch.fft.fftfreq(256)[None])
        response = torch.exp(-((radius / 0.2) ** 2))
        blurred = torch.fft.ifft2(torch.fft.fft2(noise) * response).real
        found = spectra.kept(noise, blurred)
        for share, low in zip(found, spectra.BANDS.values(), strict=True):
            ring = (radius >= low) & (radius < 2 * low)
            assert share == pytest.approx(float(response[ring].square().mean()), rel=0.03)

    def test_a_perfect_autoencoder_keeps_everything(self):
        model = SimpleNamespace(
            tile_size=16,
            parameters=SimpleNamespace(stride=6),
            encode=lambda tiles, sigma: tiles,
            decode=lambda z: z - z.mean((1, 2), keepdim=True),
            deviation=lambda z: 0.0,
        )
        image = choice_images()[0]
        reconstruction, _ = VAE.reconstruct(model, image)
        torch.testing.assert_close(reconstruction, image)
        np.testing.assert_allclose(spectra.kept(image, reconstruction), 1, rtol=1e-4)

    def test_tiles_have_no_power_below_their_lowest_frequency(self):
        power = spectra.ring_power(torch.randn(3, 8, 8), spectra.EDGES)
        assert power.isfinite().any(0).tolist() == [False, False, True, True]


class TestModes:
    def test_a_copy_differs_in_its_mode_alone(self, fitted):
        model, _ = fitted("vae")
        copy = modes.in_mode(model, "latent")
        assert copy.parameters.mode == "latent"
        assert copy.parameters.model_dump() | {"mode": "jpmap"} == model.parameters.model_dump()
        assert all(
            torch.equal(copy.state_dict()[name], value)
            for name, value in model.state_dict().items()
        )

    def test_problems_are_the_same_each_time(self):
        images = {"a": torch.rand(120, 100), "b": torch.rand(40, 200)}
        first, second = modes.problems_of(images), modes.problems_of(images)
        for task in modes.TASKS:
            for name, shape in (("a", (64, 64)), ("b", (40, 64))):
                problem, clean = first[task][name]
                assert clean.shape[-2:] == shape
                assert torch.equal(problem.y, second[task][name][0].y)


class TestPictures:
    def test_samples_of_both_kinds_have_the_same_codes(self, fitted):
        model, _ = fitted("vae")
        found = pictures.sample(model, 300)
        noise = found[spectra.NOISY] - found[spectra.MEANS]
        for tiles in found.values():
            assert float(tiles.mean((1, 2)).abs().max()) < 1e-5
        z = torch.randn(300, 8, generator=torch.Generator().manual_seed(0))
        variance = model.decoded(z).variance.double()
        blocks = variance[:, 0].flatten(1)
        # What a tile's mean varies by is not there.
        expected = variance.sum((1, 2, 3)) - blocks.square().sum(1) / blocks.sum(1)
        assert float(noise.square().sum((1, 2)).mean()) == pytest.approx(
            float(expected.mean()), rel=0.05
        )

    def test_walks_end_where_they_should(self, fitted):
        model, _ = fitted("vae-dead-leaves")
        tiles = torch.cat(choice.tiles_by_image(choice_images(), 8, 40))
        found = pictures.pictures(model, tiles, pictures.sample(model, 40))
        assert found.interpolations.shape == (3, 9, 8, 8)
        torch.testing.assert_close(found.interpolations[:, 0], found.reconstructions[0:6:2])
        torch.testing.assert_close(found.interpolations[:, -1], found.reconstructions[1:6:2])
        assert found.traversals.shape == (2, 9, 8, 8)
        assert found.divergences == sorted(found.divergences, reverse=True)
        torch.testing.assert_close(found.traversals[0, 4], found.traversals[1, 4])


def scores_of(*differences):
    """Return scores in which the joint posterior is better by this in each image."""
    gains = np.array(differences)
    return pd.DataFrame({"observed": 20.0, "project": 25.0, "latent": 25.0, "jpmap": 25.0 + gains})


class TestVerdicts:
    @pytest.mark.parametrize(
        ("gains", "other", "holds"),
        [
            ((1.0, 1.1, 1.2), (0.5, 0.4, 0.6), True),
            ((1.0, 1.1, 1.2), (-0.5, 0.1, 0.3), None),
            ((1.0, 1.1, 1.2), (-0.5, -0.4, -0.6), False),
            ((1.0, 1.1, 9.0), (0.5, 0.4, 0.6), None),
            ((1.0,), (1.0,), None),
        ],
    )
    def test_the_joint_posterior_must_gain_everywhere(self, gains, other, holds):
        verdict, evidence, number, _ = claims.joint_is_better(
            {"VAE": {"a": scores_of(*gains), "b": scores_of(*other)}}
        )
        assert verdict is holds
        assert number.value in (pytest.approx(np.mean(gains)), pytest.approx(np.mean(other)))
        assert number.within(0) is holds and number.unit == "dB"
        assert f"VAE, a {np.mean(gains):+.2f}" in evidence

    @pytest.mark.parametrize(
        ("kept", "holds"),
        [
            ([(0.9, 0.5, 0.3, 0.2), (0.8, 0.5, 0.3, 0.1)], True),
            ([(0.2, 0.5, 0.3, 0.9), (0.1, 0.5, 0.3, 0.8)], False),
            ([(0.9, 0.5, 0.3, 0.2), (0.1, 0.5, 0.3, 0.8)], None),
            ([(0.9, 0.5, 0.3, 0.2), (math.nan, 0.5, 0.3, 0.1)], None),
            ([(math.nan, 0.5, 0.3, 0.1)], None),
        ],
    )
    def test_blur_is_less_power_at_high_frequencies(self, kept, holds):
        assert claims.reconstructions_are_blurred({"VAE": np.array(kept)})[0] is holds

    @pytest.mark.parametrize(
        ("own", "holds"),
        [
            ((5.0, 6.0, 7.0), True),
            ((-5.0, 6.0, 0.0), None),
            ((-5.0, -6.0, -7.0), None),
            ((5.0,), None),
        ],
    )
    def test_a_lower_bound_can_show_more_likelihood_only(self, own, holds):
        names = {"vae-patch": "vae-patch", "gauss": "mvg", "gmm-K5": "gmm"}
        found = {
            "vae-patch": np.array(own),
            "gauss": np.zeros(len(own)),
            "gmm-K5": np.full(len(own), 100.0),
        }
        verdict, evidence, *_ = claims.patches_are_likelier(names, found)
        assert verdict is holds
        assert ("lower bound" in evidence) is (not holds)
        del found["gauss"]
        assert claims.patches_are_likelier(names, found)[0] is None

    @pytest.mark.parametrize(
        ("differences", "holds"),
        [
            ((-0.5, -0.2, 0.1), True),
            ((-2.0, -1.5, -1.7), False),
            ((-2.0, 0.0, -0.5), None),
            ((0.5,), None),
            ((), None),
        ],
    )
    def test_dead_leaves_may_fall_a_decibel_behind(self, results, differences, holds):
        rows = [
            ("set", str(image), "t", prior, metric, 30 + shift, "measured")
            for image, difference in enumerate(differences)
            for prior, shift in (("vae", 0.0), ("vae-dead-leaves", difference), ("other", 9.0))
            for metric in ("psnr", "ssim")
        ]
        both = results("vae", "vae-dead-leaves", scores=rows)
        assert claims.leaves_are_enough(both)[0] is holds
        assert claims.leaves_are_enough(replace(both, training={}))[0] is None


class TestFigure:
    @pytest.mark.slow
    def test_it_draws_everything(self, everything, assert_legible):
        everything.figure.canvas.draw()
        assert_legible(everything.figure)
        # Spectra, restorations, patches, and five pictures of each model.
        assert len(everything.figure.axes) == 2 + 2 + 1 + 2 * 5

    def test_the_curves_have_names(self, everything):
        images, tiles = everything.figure.axes[:2]
        assert [text.get_text() for text in images.get_legend().get_texts()] == [
            "originals",
            "reconstructions, label of vae",
            "reconstructions, label of vae-dead-leaves",
        ]
        assert len(tiles.lines) == 5
        assert images.get_xlabel() == "frequency (cycles per pixel)"
