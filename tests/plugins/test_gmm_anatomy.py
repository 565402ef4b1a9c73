import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from skimage import data

from plugins.gmm.mixture import Mixture
from plugins.studies.autoencoders import likelihoods as autoencoder_likelihoods
from plugins.studies.likelihood import measure as likelihood_measure
from plugins.studies.mixtures import components, scales
from plugins.studies.mixtures import selection as choice
from plugins.studies.mixtures.anatomy import claims as anatomy_claims
from plugins.studies.mixtures.anatomy import measure as anatomy
from plugins.studies.mixtures.anatomy import tails
from plugins.studies.mixtures.dead_leaves import alignment
from plugins.studies.mixtures.dead_leaves import measure as dead_leaves
from priorbench.data.tensors import to_tensor
from priorbench.numerics.patches import draw_patches, mean_free_basis, probe_patches
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.results import Catalogue
from priorbench.specs import MetricSpec
from priorbench.studies import every, inside, sheets
from priorbench.synthetic.dead_leaves import dead_leaves as draw_dead_leaves
from priorbench.synthetic.sources import DeadLeavesParameters
from tests.plugins.experiments import GivenExperiment

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
ANATOMY = REGISTRY.studies["gmm-anatomy"].load()
DEAD_LEAVES = REGISTRY.studies["gmm-dead-leaves"].load()
GMM = REGISTRY.priors["gmm"].load()
BASIS = mean_free_basis(64)


def generator(seed: int = 0):
    return torch.Generator().manual_seed(seed)


def random_covariances(count: int, dimension: int = 63, seed: int = 0):
    factors = torch.randn(
        count, dimension, dimension, dtype=torch.float64, generator=generator(seed)
    )
    decay = torch.arange(1, dimension + 1, dtype=torch.float64) ** -1.0
    return (factors * decay) @ factors.mT + 1e-3 * torch.eye(dimension, dtype=torch.float64)


def covariance_of(patches):
    """Return the covariance of patches without their means, D × D, and a floor on all but the
    constant patch.
    """
    centred = patches - patches.mean(1, keepdim=True)
    return centred.mT @ centred / len(centred) + 1e-6 * (BASIS @ BASIS.mT)


def edge_patches(angle: float):
    place = torch.arange(8, dtype=torch.float64) - 3.5
    distance = math.cos(angle) * place + math.sin(angle) * place[:, None]
    return (
        torch.stack(
            [(distance - offset + 0.5).clip(0, 1).flatten() for offset in np.linspace(-4, 4, 33)]
        )
        * 0.5
    )


def texture_covariance(length: float = 1.5, contrast: float = 0.1):
    rows, columns = np.divmod(np.arange(64), 8)
    distance = torch.from_numpy(np.hypot(rows[:, None] - rows, columns[:, None] - columns))
    projection = BASIS @ BASIS.mT
    return projection @ (contrast**2 * torch.exp(-((distance / length) ** 2))) @ projection


class TestComponents:
    @pytest.mark.parametrize("count", [1, 2, 17])
    def test_equal_weights_are_effectively_as_many(self, count):
        assert components.effective_number(torch.full((count,), 1 / count)) == pytest.approx(count)

    def test_a_component_that_has_all_is_effectively_one(self):
        assert components.effective_number(torch.tensor([1.0, 0.0, 0.0])) == pytest.approx(1)

    def test_contrast_is_the_standard_deviation_without_the_mean(self):
        covariance = 0.04 * BASIS @ BASIS.mT
        assert float(components.contrasts(covariance[None])) == pytest.approx(0.2)

    def test_effective_rank_counts_equal_eigenvalues(self):
        axes = BASIS[:, :5]
        assert float(components.effective_ranks((axes @ axes.mT)[None])) == pytest.approx(5)
        assert float(components.effective_ranks((BASIS @ BASIS.mT)[None])) == pytest.approx(63)

    def test_coherence_tells_orientation(self):
        ramp = torch.arange(8.0, dtype=torch.float64).expand(8, 8)
        patterns = torch.stack(
            [ramp.flatten(), (ramp + ramp.T).flatten(), (ramp - ramp.T).square().flatten()]
        )
        saddle = (ramp * ramp.T - 3.5 * (ramp + ramp.T)).flatten()[None]
        assert components.coherences(patterns).tolist() == pytest.approx([1, 1, 1])
        assert float(components.coherences(saddle)) == pytest.approx(0, abs=1e-12)

    def test_derivatives_of_a_ramp_are_its_slope(self):
        rows, columns = torch.meshgrid(torch.arange(5.0), torch.arange(5.0), indexing="ij")
        across, down = components.gradients(5)
        ramp = (2 * columns - 3 * rows).double().flatten()
        assert (across @ ramp).tolist() == pytest.approx([2] * 16)
        assert (down @ ramp).tolist() == pytest.approx([-3] * 16)

    @pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2])
    def test_flat_texture_and_edge_are_told_apart(self, angle):
        edge = covariance_of(edge_patches(angle))
        covariances = torch.stack(
            [1e-4 * edge, texture_covariance(), texture_covariance(6.0), edge]
        )
        assert components.groups(covariances) == ["flat", "texture", "texture", "edge"]

    def test_the_strongest_eigenvectors_come_first(self):
        covariance = torch.diag(torch.tensor([1.0, 4.0, 2.0, 3.0]).double())
        assert components.leading(covariance[None], 2)[0].abs().argmax(0).tolist() == [1, 3]


class TestTails:
    def test_gaussian_patches_have_kurtosis_3_and_an_interval_around_it(self):
        patches = torch.randn(20_000, 63, dtype=torch.float64, generator=generator()) @ BASIS.mT
        found = tails.kurtosis(patches.split(200), tails.random_filters(64, 16))
        low, high = found.estimate.interval
        assert low < 3 < high
        assert high - low < 0.2

    def test_it_is_the_mean_over_filters_of_the_definition(self):
        patches = torch.randn(300, 64, dtype=torch.float64, generator=generator()).pow(3)
        filters = tails.random_filters(64, 5)
        r = (patches @ filters.mT).numpy()
        expected = np.mean((r**4).mean(0) / (r**2).mean(0) ** 2)
        assert tails.kurtosis(patches.split(100), filters).value == pytest.approx(expected)

    def test_varying_contrast_makes_tails_and_dividing_by_it_removes_them(self):
        patches = torch.randn(20_000, 63, dtype=torch.float64, generator=generator()) @ BASIS.mT
        contrast = torch.rand(20_000, 1, dtype=torch.float64, generator=generator(1)).pow(3)
        filters = tails.random_filters(64, 16)
        blocks = (contrast * patches).split(200)
        heavy, divided = (
            tails.kurtosis(blocks, filters),
            tails.kurtosis(tails.to_unit_contrast(blocks), filters),
        )
        assert heavy.estimate.interval[0] > 6
        assert divided.value == pytest.approx(3, abs=0.15)
        assert tails.excess_ratio(heavy, heavy).estimate.interval == (1, 1)
        assert tails.excess_ratio(divided, heavy).value == pytest.approx(0, abs=0.05)

    def test_filters_have_mean_0_and_norm_1(self):
        filters = tails.random_filters(64, 7)
        assert filters.sum(1).abs().max() < 1e-12
        assert filters.square().sum(1).tolist() == pytest.approx([1] * 7)
        assert torch.equal(filters, tails.random_filters(64, 7))

    def test_contrast_of_patches_and_of_a_covariance_agree(self):
        patch = torch.randn(1, 63, dtype=torch.float64, generator=generator()) @ BASIS.mT
        assert float(tails.patch_contrasts(patch)) == pytest.approx(
            float(components.contrasts(patch.mT @ patch))
        )

    @pytest.mark.parametrize("blocks", [[], [torch.randn(50, 64, dtype=torch.float64)]])
    def test_without_a_second_unit_there_is_no_interval(self, blocks):
        assert all(
            map(math.isnan, tails.kurtosis(blocks, tails.random_filters(64, 2)).estimate.interval)
        )

    def test_flat_patches_have_no_shape(self):
        assert tails.to_unit_contrast([torch.zeros(5, 64), torch.full((2, 64), 1e-5)]) == []


class TestSimplerDensities:
    def test_a_scale_mixture_is_its_own_scaled_copies(self):
        shape = random_covariances(1, 6)
        scale = torch.tensor([0.01, 1.0, 9.0], dtype=torch.float64)[:, None, None]
        mixture = Mixture(torch.tensor([0.5, 0.3, 0.2]).double(), scale * shape)
        torch.testing.assert_close(scales.scaled_copies(mixture).covariances, mixture.covariances)

    def test_scaled_copies_have_one_shape(self):
        mixture = Mixture(torch.full((4,), 0.25).double(), random_covariances(4, 6))
        found = scales.scaled_copies(mixture).covariances
        shapes = found / found.diagonal(dim1=1, dim2=2).sum(1)[:, None, None]
        torch.testing.assert_close(shapes, shapes[:1].expand_as(shapes))

    def test_one_gaussian_has_the_covariance_of_the_samples(self):
        mixture = Mixture(torch.tensor([0.7, 0.3]).double(), random_covariances(2, 4))
        samples = mixture.sample(200_000, generator())
        expected = samples.mT @ samples / len(samples)
        torch.testing.assert_close(
            scales.one_gaussian(mixture).covariances[0], expected, rtol=0.05, atol=0.05
        )


class TestAlignment:
    def test_scaled_copies_are_not_apart(self):
        a = random_covariances(3, 6)
        assert alignment.shape_divergences(a, 7 * a).diagonal().tolist() == pytest.approx(
            [0] * 3, abs=1e-9
        )

    def test_the_divergence_is_its_definition_at_the_best_scale(self):
        a, b = random_covariances(2, 5)

        def symmetric(scale):
            ratio = torch.linalg.solve(b, scale * a)
            return float((ratio.trace() + torch.linalg.inv(ratio).trace()) / 2) - 5

        best = min(symmetric(scale) for scale in np.geomspace(1e-2, 1e2, 4001))
        assert float(alignment.shape_divergences(a[None], b[None])) == pytest.approx(best, rel=1e-4)

    def test_matching_undoes_a_permutation(self):
        a = random_covariances(6, 8)
        order = torch.randperm(6, generator=generator())
        rows, columns = alignment.match(alignment.shape_divergences(a, 0.3 * a[order]))
        assert torch.equal(order[columns], rows)

    def test_equal_subspaces_have_angles_0_and_orthogonal_ones_90(self):
        first, second = BASIS[:, :3], BASIS[:, 3:6]
        turned = (
            first
            @ torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64, generator=generator()))[0]
        )
        angles = alignment.principal_angles(first[None], torch.stack([turned, second]))
        assert angles.shape == (1, 2, 3)
        assert angles[0, 0].tolist() == pytest.approx([0] * 3, abs=1e-4)
        assert angles[0, 1].tolist() == pytest.approx([90] * 3)

    def test_a_tilt_is_its_angle(self):
        tilted = math.cos(0.3) * BASIS[:, 1] + math.sin(0.3) * BASIS[:, 5]
        angles = alignment.principal_angles(
            BASIS[None, :, :2], torch.stack([BASIS[:, 0], tilted], 1)[None]
        )
        assert angles.flatten().tolist() == pytest.approx([0, math.degrees(0.3)], abs=1e-4)

    @pytest.mark.parametrize("swap", [False, True])
    def test_true_partners_beat_random_pairs_and_scrambled_ones(self, swap):
        a = random_covariances(8, 20)
        mixed = torch.cat([a.flip(0), random_covariances(4, 20, seed=3)])
        found = alignment.align(*((mixed, a) if swap else (a, mixed)), 3)
        assert found.matched.max() < 1e-3
        assert found.against_random_pairs() < 0.001
        assert found.against_scrambled() == pytest.approx(1 / 40)
        assert found.matched.shape == (8, 3)
        assert found.others.shape == (8 * 12 - 8, 3)

    @pytest.mark.slow
    def test_strangers_do_not_beat_scrambled_ones(self):
        p_values = [
            alignment.align(
                random_covariances(8, 20, seed), random_covariances(8, 20, 50 + seed), 3
            ).against_scrambled()
            for seed in range(8)
        ]
        assert min(p_values) > 0.025
        assert max(p_values) > 0.3

    def test_scrambling_keeps_the_average_and_loses_the_shapes(self):
        a = random_covariances(500, 6)
        b = alignment.scramble(a, generator())
        assert (torch.linalg.eigvalsh(b) > 0).all()
        shapes = a / a.diagonal(dim1=1, dim2=2).sum(1)[:, None, None]
        torch.testing.assert_close(b.mean(0), shapes.mean(0), rtol=0.1, atol=0.02)
        assert alignment.shape_divergences(a, b).diagonal().median() > 1

    def test_scrambling_what_is_alike_changes_nothing(self):
        alike = random_covariances(1, 6) * torch.tensor([1.0, 5.0]).double()[:, None, None]
        found = alignment.scramble(alike, generator())
        assert alignment.shape_divergences(alike, found).max() < 1e-9


class TestVerdicts:
    def test_an_interval_decides_only_on_one_side(self):
        assert inside((1.0, 2.0), 0) is True
        assert inside((-2.0, -1.0), 0) is False
        assert inside((-1.0, 1.0), 0) is None
        assert inside((3.0, 4.0), 0, 2) is False
        assert inside((math.nan, math.nan), 0) is None

    def test_all_must_hold(self):
        assert every([True, True]) is True
        assert every([True, None, False]) is False
        assert every([True, None]) is None
        assert every([]) is None


def test_tiles_are_rows_of_patches_with_gaps():
    sheet = sheets.sheet(torch.arange(3.0)[:, None, None].expand(3, 2, 2), 2)
    assert sheet.shape == (6, 6)
    assert sheet[0, 0] == 0
    assert sheet[0, 5] == 1
    assert sheet[5, 0] == 2
    assert np.isnan(sheet[2]).all()
    assert np.isnan(sheet[5, 5])
    assert sheets.sheet(torch.ones(2, 2, 2), 2, gap=3).shape == (2, 7)


def with_mixture(weights, covariances):
    """Return a GMM of these weights and covariances of u = Bᵀx."""
    prior = GMM(n_components=len(weights), n_patches=4000)
    prior.load_state_dict({"weights": weights, "covariances": BASIS @ covariances @ BASIS.mT})
    return prior


def image(array):
    return to_tensor(np.ascontiguousarray(array, dtype=np.float32))


@pytest.fixture(scope="module")
def images():
    camera = data.camera() / 255
    test = {f"{i}": image(camera[100 * i : 100 * i + 64, 120:184]) for i in range(4)} | {
        "tiny": image(camera[:5, :5])
    }
    natural = {
        name: image(array()[::2, ::2] / 255)
        for name, array in (("brick", data.brick), ("coins", data.coins))
    }
    options = DeadLeavesParameters(height=96, width=96)
    leaves = {f"{i}": image(draw_dead_leaves(options, i)) for i in range(4)}
    return {"test": test, "natural": natural, "leaves": leaves}


@pytest.fixture(scope="module")
def priors(images):
    def fit(kind, components):
        prior = GMM(n_components=components, n_patches=4000, iterations=3)
        list(prior.fit(list(images[kind].values()), Context.seeded(0)))
        return prior

    return {
        "gmm-K1": fit("natural", 1),
        "gmm-K8": fit("natural", 8),
        "gmm-dead-leaves-K6": fit("leaves", 6),
    }


def results_of(priors, images, shift=-0.2, failed=()):
    names = {prior: "gmm-dead-leaves" if "leaves" in prior else "gmm" for prior in priors}
    levels = {prior: 30 + (shift if "leaves" in prior else 0) for prior in priors}
    columns = ("dataset", "image", "task", "prior", "metric", "value", "status", "source")
    rows = [
        (
            "set",
            str(i),
            "denoise-25",
            prior,
            "psnr",
            level + i + 0.01 * i * ("leaves" in prior),
            "ok",
            "measured",
        )
        for prior, level in levels.items()
        for i in range(4)
    ]
    return GivenExperiment(
        scores=pd.DataFrame(rows, columns=list(columns)),
        training={prior: pd.DataFrame() for prior in priors if prior not in failed},
        parameters={
            prior: {"n_components": own.parameters.n_components} for prior, own in priors.items()
        },
        names=names,
        catalogue=Catalogue(
            priors={prior: prior for prior in priors},
            tasks={"denoise-25": "denoise σ=25"},
            datasets=("set",),
            metrics={"psnr": MetricSpec(name="psnr", factory=".m:f", summary="", unit="dB")},
        ),
        priors=priors,
        images={"set": images["test"]},
        learned_from=dict.fromkeys(priors, images["leaves"]),
    )


class TestChoice:
    @pytest.mark.slow
    def test_the_largest_is_taken_unless_a_size_is_wanted(self, priors, images):
        results = results_of(priors, images)
        assert choice.largest(results, "gmm") == "gmm-K8"
        assert choice.largest(results, "gmm", components=1) == "gmm-K1"
        assert choice.largest(results, "gmm", components=3) == "gmm-K8"
        assert choice.largest(results, "mvg") is None
        assert choice.gaussian(results, 8) == "gmm-K1"
        assert choice.gaussian(results_of({"gmm-K8": priors["gmm-K8"]}, images), 8) is None
        assert choice.largest(results_of(priors, images, failed=["gmm-K8"]), "gmm") == "gmm-K1"

    def test_patches_are_of_each_image_but_the_tiny(self, priors, images):
        specimen = choice.natural(results_of(priors, images))
        assert [tuple(block.shape) for block in specimen.blocks] == [(57 * 57 // 2, 64)] * 4

    def test_held_out_patches_are_those_of_the_training(self, priors, images):
        specimen = choice.dead_leaves(results_of(priors, images))
        _, held_out = draw_patches(list(images["leaves"].values()), 8, 4000, 0.1, generator(7))
        assert torch.equal(torch.cat(list(specimen.blocks)), held_out[:])


class TestAnatomy:
    @pytest.mark.slow
    def test_the_table_has_a_row_for_each_component(self, priors, images, assert_legible):
        findings = ANATOMY(results_of(priors, images))
        table = findings.table
        assert table["prior"].value_counts().to_dict() == {"gmm-K8": 8, "gmm-dead-leaves-K6": 6}
        assert table.groupby("prior")["weight"].sum().tolist() == pytest.approx([1, 1])
        assert tuple(table.columns) == anatomy.COLUMNS
        assert len(findings.claims) == 8
        first = table.iloc[0]
        covariance = priors["gmm-K8"].state_dict()["covariances"][first["component"]]
        assert first["contrast"] == pytest.approx(math.sqrt(float(covariance.trace()) / 63))
        assert_legible(findings.figure)
        titles = {
            axes.get_title()
            for axes in findings.figure.findobj(lambda each: hasattr(each, "get_title"))
        }
        assert {
            "components",
            "contrast of patches",
            "samples of the mixture",
            "samples of the Gaussian",
        } <= titles

    def verdicts(self, weights, covariances, patches):
        specimen = choice.Specimen("p", "p", "patches", with_mixture(weights, covariances), patches)
        return [claim.holds for claim in anatomy_claims.claims_of(anatomy.dissect(specimen))]

    def test_scaled_copies_are_found_in_patches_that_are(self):
        shape = random_covariances(1) / 63
        weights = torch.full((3,), 1 / 3).double()
        covariances = torch.tensor([1e-2, 1.0, 9.0]).double()[:, None, None] ** 2 / 100 * shape
        patches = (
            (Mixture(weights, covariances).sample(6000, generator()) @ BASIS.mT).float().split(600)
        )
        assert self.verdicts(weights, covariances, patches) == [True] * 4

    def test_and_not_in_a_gaussian(self):
        covariances = random_covariances(1) / 6300
        weights = torch.ones(1).double()
        patches = (
            (Mixture(weights, covariances).sample(6000, generator()) @ BASIS.mT).float().split(600)
        )
        heavy, reproduced, spread, copies = self.verdicts(weights, covariances, patches)
        assert heavy is not True
        assert (reproduced, spread, copies) == (None, None, None)

    def test_shapes_alone_are_no_contrast(self):
        first, second = BASIS.new_ones(63), BASIS.new_ones(63)
        first[:31], second[31:] = 1e-3, 1e-3
        weights, covariances = (
            torch.full((2,), 0.5).double(),
            torch.stack([first, second]).diag_embed() / 100,
        )
        patches = (
            (Mixture(weights, covariances).sample(6000, generator()) @ BASIS.mT).float().split(600)
        )
        _, _, spread, copies = self.verdicts(weights, covariances, patches)
        assert (spread, copies) == (False, False)

    def test_a_mixture_without_tails_does_not_reproduce_them(self):
        shape = random_covariances(1) / 6300
        contrast = torch.tensor([1e-4, 1.0]).double()[:, None, None]
        heavy = Mixture(torch.tensor([0.8, 0.2]).double(), contrast * shape)
        patches = (heavy.sample(6000, generator()) @ BASIS.mT).float().split(600)
        assert self.verdicts(torch.ones(1).double(), shape, patches)[1] is False

    def test_without_a_fit_nothing_is_decided(self, priors, images):
        findings = ANATOMY(results_of(priors, images, failed=list(priors)))
        assert [claim.holds for claim in findings.claims] == [None] * 4
        assert all("no fitted gmm" in claim.evidence for claim in findings.claims)
        assert findings.table.empty


class TestDeadLeaves:
    @pytest.mark.slow
    def test_the_table_holds_likelihoods_psnr_and_angles(self, priors, images, assert_legible):
        results = results_of(priors, images)
        findings = DEAD_LEAVES(results)
        table = findings.table.set_index(["quantity", "model", "on"])["value"]
        blocks = choice.natural(results).blocks
        for prior, model in priors.items():
            if prior != "gmm-K8":
                expected = np.mean(
                    [float(model.log_prob(block).double().mean()) for block in blocks]
                )
                assert table["log-likelihood", prior, "test images"] == pytest.approx(expected)
        assert table["PSNR", "gmm-dead-leaves-K6", "set denoise-25"] == pytest.approx(31.315)
        assert (table["log-likelihood"].groupby("on").count() == 3).all()
        assert table.filter(like="principal angle", axis=0).between(0, 90).all()
        assert len(findings.claims) == 3
        assert_legible(findings.figure)

    def test_likelihoods_are_means_of_log_prob(self, priors):
        model = priors["gmm-K8"]
        blocks = torch.rand(40, 64, generator=generator()).split(10)
        found = dead_leaves.block_log_likelihoods({"m": model}, {"s": blocks})["m", "s"]
        assert found.tolist() == pytest.approx(
            [float(model.log_prob(block).mean()) for block in blocks], rel=1e-5
        )

    @pytest.mark.slow
    @pytest.mark.parametrize(("shift", "holds"), [(-0.2, True), (-3.0, False), (-1.015, None)])
    def test_the_verdict_on_restoration_follows_the_scores(self, priors, images, shift, holds):
        assert DEAD_LEAVES(results_of(priors, images, shift)).claims[2].holds is holds

    @pytest.mark.slow
    def test_the_verdict_on_likelihood_follows_the_mixture(self, priors, images):
        assert DEAD_LEAVES(results_of(priors, images)).claims[0].holds is True
        noise = with_mixture(torch.ones(1).double(), torch.eye(63).double()[None])
        findings = DEAD_LEAVES(results_of(priors | {"gmm-dead-leaves-K6": noise}, images))
        assert findings.claims[0].holds is False

    @pytest.mark.slow
    def test_the_same_components_in_another_order_are_closer(self, priors, images):
        shuffled = priors["gmm-K8"].mixture
        same = with_mixture(shuffled.weights.flip(0), 2 * shuffled.covariances.flip(0))
        claim = DEAD_LEAVES(results_of(priors | {"gmm-dead-leaves-K8": same}, images)).claims[1]
        assert claim.holds is True
        assert "matched pairs 0.0°" in claim.evidence

    @pytest.mark.slow
    def test_without_a_gaussian_or_visible_components_the_reason_is_told(self, priors, images):
        flat = with_mixture(
            torch.full((2,), 0.5).double(), 1e-6 * torch.eye(63).double().expand(2, 63, 63)
        )
        chosen = {"gmm-K8": priors["gmm-K8"], "gmm-dead-leaves-K2": flat}
        findings = DEAD_LEAVES(results_of(chosen, images))
        assert [claim.holds for claim in findings.claims[:2]] == [None, None]
        assert "neither an mvg" in findings.claims[0].evidence
        assert "not flat" in findings.claims[1].evidence

    @pytest.mark.parametrize("missing", ["gmm", "gmm-dead-leaves"])
    def test_without_a_pair_nothing_is_decided(self, priors, images, missing):
        failed = [prior for prior in priors if ("leaves" in prior) == ("leaves" in missing)]
        findings = DEAD_LEAVES(results_of(priors, images, failed=failed))
        assert [claim.holds for claim in findings.claims] == [None] * 3
        assert findings.table.empty


@pytest.mark.slow
def test_a_mixture_has_one_likelihood_in_all_studies(priors, images):
    """On the same patches: of gmm-sweep, gmm-anatomy, gmm-dead-leaves, likelihood and vae."""
    results = results_of(priors, images)
    curve = pd.DataFrame({"held_out_log_likelihood": [0.0]})
    results = replace(results, training=dict.fromkeys(priors, curve))
    found = {}
    swept = REGISTRY.studies["gmm-sweep"].load()(results).table
    found["sweep"] = swept.set_index("prior").loc["gmm-K8", "log_likelihood"]
    specimen = choice.natural(results)
    found["anatomy"] = anatomy.dissect(specimen).likelihoods.mixture.mean()
    compared = dead_leaves.block_log_likelihoods({"m": specimen.model}, {"s": specimen.blocks})
    found["dead leaves"] = compared["m", "s"].mean()
    measured = likelihood_measure.measure(results, likelihood_measure.comparable_models(results))
    found["likelihood"] = measured.query("prior == 'gmm-K8'")["log_likelihood"].mean()
    blocks = list(probe_patches(images["test"], 8).values())
    patch_likelihoods = autoencoder_likelihoods.patch_likelihoods
    found["vae"] = patch_likelihoods({"m": specimen.model}, blocks)["m"].mean()
    assert list(found.values()) == pytest.approx([found["sweep"]] * len(found), abs=1e-9)
