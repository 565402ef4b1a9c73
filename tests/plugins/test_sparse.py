"""Sparse codes against scikit-learn, planted dictionaries and dense linear algebra."""

from __future__ import annotations

import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import sparse_encode
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import orthogonal_mp
from torch import Tensor

from plugins.sparse import ksvd
from plugins.sparse.lasso import lasso
from plugins.sparse.omp import SIGNALS_IN_A_CHUNK, Codes, pursue, sparse_estimates
from plugins.sparse.restoration import averaged, patches_of
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.errors import NotApplicable
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.specs import Parameters
from priorbench.tasks import Denoise, Inpaint

PRIORS = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors
DENOISERS = ("ksvd", "ksvd-adapted", "sparse-coding")
KSVD_QUICK = {"n_patches": 3000, "n_atoms": 64, "iterations": 6}
QUICK: dict[str, dict[str, Any]] = {
    "ksvd": KSVD_QUICK,
    "ksvd-adapted": {**KSVD_QUICK, "adaptations": 2},
    "sparse-coding": {"n_patches": 1500, "n_atoms": 64, "steps": 20},
}
"""Parameters with which each learns in a moment."""


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed))


def atoms(count: int, pixels: int, seed: int = 0) -> Tensor:
    drawn = torch.randn(count, pixels, generator=seeded(seed), dtype=torch.float64)
    return torch.nn.functional.normalize(drawn)


def dense(codes: Codes, count: int) -> Tensor:
    zeros = codes.coefficients.new_zeros(len(codes.atoms), count)
    return zeros.scatter_add(1, codes.atoms, codes.coefficients)


def photograph(name: str = "motorcycle", colour: bool = False, size: int = 64) -> Tensor:
    array = centre_crop(load_embedded(Parameters(), name), size, size)
    array = array if colour else to_gray(array)[..., None]
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None]


def psnr(restored: Tensor, clean: Tensor) -> float:
    return float(-10 * (restored.clamp(0, 1) - clean).square().mean().log10())


def make(name: str, **parameters: object) -> Any:
    return PRIORS[name].load()(**{**QUICK[name], **parameters})


@pytest.fixture(scope="module")
def learned() -> dict[str, Any]:
    """Each prior, learned from other photographs than those that are restored."""
    photographs = [photograph(each, size=192) for each in ("coins", "camera", "brick")]
    made = {name: make(name) for name in QUICK}
    for prior in made.values():
        for _ in prior.fit(photographs, Context.seeded(0)):
            pass
    return made


class TestPursuit:
    @pytest.mark.parametrize(("count", "pixels", "most"), [(40, 16, 5), (9, 16, 9), (30, 7, 7)])
    def test_with_a_number_of_atoms_it_is_that_of_scikit_learn(self, count, pixels, most):
        dictionary = atoms(count, pixels)
        signals = noise(200, pixels, seed=1).double()
        expected = orthogonal_mp(dictionary.T.numpy(), signals.T.numpy(), n_nonzero_coefs=most)
        found = dense(pursue(signals, dictionary, most), count)
        np.testing.assert_allclose(found.T.numpy(), expected, atol=1e-9)

    @pytest.mark.parametrize("share", [0.9, 0.3, 0.01])
    def test_with_a_tolerance_it_is_that_of_scikit_learn(self, share):
        dictionary = atoms(60, 16)
        signals = noise(200, 16, seed=1).double() * torch.linspace(0.1, 2, 200).double()[:, None]
        tolerance = share * float(signals.square().sum(1).mean())
        expected = orthogonal_mp(dictionary.T.numpy(), signals.T.numpy(), tol=tolerance)
        small = signals.square().sum(1).numpy() <= tolerance
        expected[:, small] = 0  # scikit-learn gives such a signal an atom, too.
        found = dense(pursue(signals, dictionary, 16, tolerance), 60)
        np.testing.assert_allclose(found.T.numpy(), expected, atol=1e-9)

    def test_float32_reaches_the_tolerance_at_every_number_of_atoms(self):
        dictionary, signals = atoms(255, 64).float(), noise(300, 64, seed=1)
        for tolerance in (1e-3, 0.1, 10.0, 50.0):
            error = (signals - sparse_estimates(signals, dictionary, 64, tolerance)).square().sum(1)
            assert error.max() <= 1.01 * tolerance

    def test_the_residual_is_orthogonal_to_the_chosen_atoms(self):
        dictionary, signals = atoms(50, 20), noise(100, 20, seed=1).double()
        codes = pursue(signals, dictionary, 6)
        residual = signals - codes.synthesis(dictionary)
        products = torch.einsum("nld,nd->nl", dictionary[codes.atoms], residual)
        assert products.abs().max() < 1e-12

    def test_sums_of_few_orthogonal_atoms_are_found(self):
        dictionary = torch.linalg.qr(atoms(12, 12)).Q
        strong = noise(30, 12).double().argsort(1) < 3
        true = torch.where(strong, 2.0 + noise(30, 12, seed=1).double().abs(), 0.0)
        found = dense(pursue(true @ dictionary, dictionary, 12, 1e-12), 12)
        torch.testing.assert_close(found, true)

    def test_signals_within_the_tolerance_have_no_atom(self):
        codes = pursue(0.1 * noise(5, 16).double(), atoms(30, 16), 4, 100.0)
        assert not codes.coefficients.any()

    def test_an_atom_that_the_dictionary_has_twice_is_taken_once(self):
        dictionary = atoms(6, 16)
        dictionary = torch.cat([dictionary, dictionary, -dictionary[:2]])
        signals = noise(50, 16, seed=1).double()
        found = pursue(signals, dictionary, 14).synthesis(dictionary)
        projection = torch.linalg.pinv(dictionary[:6]) @ dictionary[:6]
        torch.testing.assert_close(found, signals @ projection)

    def test_chunks_are_joined_whatever_their_longest_codes(self):
        dictionary = atoms(20, 8).float()
        signals = torch.cat([1e-3 * noise(SIGNALS_IN_A_CHUNK, 8), noise(5, 8, seed=1)])
        codes = pursue(signals, dictionary, 8, 0.01)
        alone = pursue(signals[-5:], dictionary, 8, 0.01)
        torch.testing.assert_close(dense(codes, 20)[-5:], dense(alone, 20))


class TestKSVD:
    def signals(self) -> Tensor:
        return patches_of(photograph(size=64)[0, 0], 6, 1500)

    def test_the_step_of_an_atom_is_the_best_approximation_of_rank_1(self):
        signals, dictionary = noise(40, 9).double(), atoms(1, 9)
        codes = pursue(signals, dictionary, 1)
        updated, weights = ksvd.update(signals, dictionary, codes, 0.0)
        left, values, right = np.linalg.svd(signals.numpy(), full_matrices=False)
        best = values[0] * np.outer(left[:, 0], right[0])
        np.testing.assert_allclose(weights.synthesis(updated).numpy(), best, atol=1e-10)

    def test_each_part_of_an_iteration_lowers_the_objective(self):
        signals = self.signals()
        dictionary = ksvd.start(signals, 50, seeded())
        codes = pursue(signals, dictionary, 3)
        errors = [float(ksvd.squared_errors(signals, dictionary, codes).sum())]
        for _ in range(8):
            dictionary, codes = ksvd.update(signals, dictionary, codes, 0.0)
            errors.append(float(ksvd.squared_errors(signals, dictionary, codes).sum()))
            codes = ksvd.better(signals, dictionary, pursue(signals, dictionary, 3), codes)
            errors.append(float(ksvd.squared_errors(signals, dictionary, codes).sum()))
        assert all(later <= before * (1 + 1e-5) for before, later in pairwise(errors))
        assert errors[-1] < 0.7 * errors[0]

    def test_atoms_keep_norm_1_and_mean_0(self):
        signals = self.signals()
        signals = signals - signals.mean(1, keepdim=True)
        dictionary = ksvd.start(signals, 50, seeded())
        dictionary, _ = ksvd.update(signals, dictionary, pursue(signals, dictionary, 3), 0.0)
        torch.testing.assert_close(dictionary.norm(dim=1), torch.ones(50))
        torch.testing.assert_close(dictionary.mean(1), torch.zeros(50), rtol=0, atol=1e-5)

    @pytest.mark.slow
    def test_a_planted_dictionary_is_recovered(self):
        """The experiment of Aharon et al. 2006, section V-A: 50 atoms in 20 dimensions, 1500
        signals of 3 atoms each, 20 dB of noise. They count an atom as found within 0.01.
        """
        planted = atoms(50, 20)
        support = torch.stack([torch.randperm(50, generator=seeded(i))[:3] for i in range(1500)])
        coefficients = noise(1500, 3, seed=1).double()
        clean = Codes(support, coefficients).synthesis(planted)
        signals = clean + 0.1 * clean.std() * noise(1500, 20, seed=2).double()
        dictionary = ksvd.start(signals, 50, seeded(3))
        for _ in range(60):
            codes = pursue(signals, dictionary, 3)
            dictionary, _ = ksvd.update(signals, dictionary, codes, 0.0)
        nearest = (planted @ dictionary.mT).abs().amax(1)
        assert (1 - nearest < 0.01).double().mean() >= 0.8

    def test_an_atom_without_signals_becomes_the_worst_represented_one(self):
        dictionary = torch.eye(4, dtype=torch.float64)
        signals = torch.zeros(9, 4, dtype=torch.float64)
        signals[:, 0] = torch.arange(9).double()
        signals[4] = torch.tensor([1.0, 3.0, 5.0, 4.0])
        codes = Codes(torch.zeros(9, 1, dtype=torch.long), signals[:, :1].clone())
        updated, _ = ksvd.update(signals, dictionary, codes, 0.0)
        assert (updated[1:] @ (signals[4] / signals[4].norm())).max() == pytest.approx(1)

    def test_flat_signals_give_atoms_all_the_same(self):
        dictionary = ksvd.start(torch.zeros(30, 16), 20, seeded())
        torch.testing.assert_close(dictionary.norm(dim=1), torch.ones(20))


class TestLasso:
    def test_it_is_that_of_scikit_learn(self):
        dictionary, signals = atoms(40, 16), noise(50, 16, seed=1).double()
        found = lasso(signals, dictionary, 0.5, 2000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            expected = sparse_encode(
                signals.numpy(), dictionary.numpy(), algorithm="lasso_cd", alpha=0.5, max_iter=20000
            )
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-3)

    def test_an_orthonormal_dictionary_is_a_soft_threshold(self):
        dictionary = torch.linalg.qr(atoms(12, 12)).Q
        signals = noise(30, 12, seed=1).double()
        expected = torch.nn.functional.softshrink(signals @ dictionary.mT, 0.4)
        torch.testing.assert_close(lasso(signals, dictionary, 0.4, 2), expected)

    def test_more_steps_never_end_higher(self):
        dictionary, signals = atoms(60, 16), noise(50, 16, seed=1).double()

        def objective(steps: int) -> float:
            codes = lasso(signals, dictionary, 0.3, steps)
            error = (signals - codes @ dictionary).square().sum() / 2
            return float(error + 0.3 * codes.abs().sum())

        values = [objective(steps) for steps in (1, 5, 20, 80, 320)]
        assert values == sorted(values, reverse=True)

    def test_a_penalty_above_every_correlation_gives_0(self):
        dictionary, signals = atoms(40, 16), noise(50, 16, seed=1).double()
        penalty = 1.01 * float((signals @ dictionary.mT).abs().max())
        assert not lasso(signals, dictionary, penalty, 10).any()


def test_patches_are_averaged_with_the_image_as_the_normal_equations_say():
    plane, size, weight = noise(7, 9).double(), 3, 0.7
    matrix = weight * torch.eye(63, dtype=torch.float64)
    right = weight * plane.flatten()
    for top in range(7 - size + 1):
        for left in range(9 - size + 1):
            index = torch.arange(63).view(7, 9)[top : top + size, left : left + size].flatten()
            matrix[index, index] += 1
            right[index] += plane.flatten()[index].square()
    found = averaged(plane, size, torch.square, weight)
    torch.testing.assert_close(found.flatten(), torch.linalg.solve(matrix, right))


def test_patches_are_drawn_without_replacement():
    plane = torch.arange(30.0).view(5, 6)
    patches = patches_of(plane, 2, 100)
    assert sorted(patches[:, 0].tolist()) == plane[:4, :5].flatten().tolist()
    assert all(row.tolist() == [row[0], row[0] + 1, row[0] + 6, row[0] + 7] for row in patches)


@pytest.mark.parametrize("name", DENOISERS)
class TestDenoisers:
    @pytest.mark.parametrize(
        ("task", "colour"),
        [(Denoise(50), False), (Denoise(50), True), (Inpaint(50, 0), False)],
        ids=["denoise-gray", "denoise-rgb", "inpaint-gray"],
    )
    def test_a_task_ends_nearer_to_the_clean_image_than_it_began(self, learned, name, task, colour):
        clean = photograph(colour=colour, size=32)
        problem = task.corrupt(clean, seeded())
        before = problem.y.clone()
        restored = restore(learned[name], problem, Context.seeded(0)).image
        assert torch.equal(problem.y, before)
        assert psnr(restored, clean) > psnr(problem.y, clean) + 2

    @pytest.mark.parametrize("channels", [2, 3])
    def test_a_batch_is_denoised_as_its_images_would_be_alone(self, learned, name, channels):
        images = torch.rand((2, channels, 12, 14), generator=seeded())
        together = learned[name].denoise(images, 0.2)
        for i in range(2):
            torch.testing.assert_close(
                together[i : i + 1], learned[name].denoise(images[i : i + 1], 0.2)
            )

    @pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 1, 9), (1, 1, 5, 3), (1, 1, 8, 17)])
    def test_any_size_down_to_one_pixel_is_denoised(self, learned, name, shape):
        restored = learned[name].denoise(torch.rand(shape, generator=seeded()), 0.1)
        assert restored.shape == shape
        assert torch.isfinite(restored).all()

    def test_a_constant_image_stays_what_it_is(self, learned, name):
        image = torch.full((1, 3, 16, 16), 0.3)
        torch.testing.assert_close(learned[name].denoise(image, 0.1), image, rtol=0, atol=1e-5)

    def test_without_noise_nothing_changes(self, learned, name):
        image = photograph(size=20)
        assert torch.equal(learned[name].denoise(image, 0.0), image)

    def test_a_patch_of_noise_alone_is_its_mean(self, learned, name):
        prior = learned[name]
        image = 0.5 + 0.1 * noise(1, 1, 8, 8)
        weight = prior.parameters.noisy_weight / (255 * 0.5)
        expected = (image.mean() + weight * image) / (1 + weight)
        torch.testing.assert_close(prior.denoise(image, 0.5), expected)

    def test_a_saved_model_restores_the_same_image(self, learned, name, tmp_path):
        image = photograph(size=24) + 0.1 * noise(1, 1, 24, 24)
        learned[name].save(tmp_path / "model")
        other = make(name)
        other.load(tmp_path / "model")
        assert torch.equal(other.denoise(image, 0.1), learned[name].denoise(image, 0.1))

    def test_a_corruption_that_is_no_operator_is_refused(self, learned, name):
        problem = Problem(torch.rand(1, 1, 9, 9), None, 0.0, corruption="a scratched negative")
        with pytest.raises(NotApplicable, match="a scratched negative"):
            restore(learned[name], problem, Context.seeded(0))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda dictionary: {}, "dictionary is missing"),
            (lambda dictionary: {"dictionary": dictionary[1:]}, r"shape \(62, 64\); .* \(63, 64\)"),
            (lambda dictionary: {"dictionary": 2 * dictionary}, "norm 1"),
            (lambda dictionary: {"dictionary": torch.full_like(dictionary, 1 / 8)}, "mean 0"),
            (lambda dictionary: {"dictionary": dictionary * torch.nan}, "norm 1"),
        ],
    )
    def test_a_model_that_is_none_is_refused(self, learned, name, change, message):
        with pytest.raises(ValueError, match=message):
            make(name).load_state_dict(change(learned[name].dictionary))

    def test_a_prior_without_a_model_says_so(self, name):
        with pytest.raises(RuntimeError, match="no model yet: fit it, or load one"):
            make(name).denoise(torch.rand(1, 1, 9, 9), 0.1)

    def test_more_noise_is_smoothed_more(self, learned, name):
        image = photograph(size=32)
        roughness = [
            float(learned[name].denoise(image, sigma).diff(dim=-1).abs().mean())
            for sigma in (0.0, 0.05, 0.1, 0.2)
        ]
        assert roughness == sorted(roughness, reverse=True)

    def test_too_few_patches_are_refused(self, name):
        with pytest.raises(ValueError, match=r"patches are too few for 64 atoms: give larger"):
            list(make(name).fit([photograph(size=12)], Context.seeded(0)))

    def test_the_default_is_a_candidate_of_a_tuning(self, name):
        spec = PRIORS[name].spec
        default = spec.parameters().model_dump()
        assert spec.tunable
        assert all(default[parameter] in values for parameter, values in spec.tunable.items())


def test_the_training_curve_falls(learned):
    photographs = [photograph("coins", size=96)]
    rows = list(make("ksvd").fit(photographs, Context.seeded(0)))
    errors = [row["train_error"] for row in rows]
    assert [row["iteration"] for row in rows] == list(range(7))
    assert all(later <= before for before, later in pairwise(errors))
    assert rows[-1]["held_out_error"] < rows[0]["held_out_error"]


@pytest.mark.slow
def test_codes_in_a_learned_dictionary_are_worth_more_than_cosines():
    """With 128 atoms, as many again as a patch has pixels, and five iterations on the image."""
    larger = {"n_patches": 6000, "n_atoms": 128, "iterations": 8}
    learned, adapted = make("ksvd", **larger), make("ksvd-adapted", **larger, adaptations=5)
    photographs = [photograph(each, size=192) for each in ("coins", "camera", "brick")]
    for _ in learned.fit(photographs, Context.seeded(0)):
        pass
    adapted.load_state_dict(learned.state_dict())
    cosines = PRIORS["dct"].load()(**PRIORS["dct"].spec.parameters().model_dump())
    clean = photograph(size=96)
    for sigma in (15 / 255, 25 / 255, 50 / 255):
        noisy = clean + sigma * noise(*clean.shape)
        found = psnr(adapted.denoise(noisy, sigma), clean)
        assert found > psnr(learned.denoise(noisy, sigma), clean)
        assert found > psnr(cosines.denoise(noisy, sigma), clean)


@pytest.mark.slow
def test_a_texture_that_repeats_is_what_adaptation_learns(learned):
    rows, columns = np.indices((64, 64))
    wave = 0.5 + 0.25 * np.sign(np.sin(rows * 1.1) * np.cos(columns * 0.9 + rows * 0.4))
    clean = torch.from_numpy(wave).float()[None, None]
    noisy = clean + 0.1 * noise(1, 1, 64, 64)
    gain = psnr(learned["ksvd-adapted"].denoise(noisy, 0.1), clean) - psnr(
        learned["ksvd"].denoise(noisy, 0.1), clean
    )
    assert gain > 1


def test_the_adaptation_does_not_depend_on_the_seed(learned):
    problem = Denoise(25).corrupt(photograph(size=24), seeded())
    first, second = (
        restore(learned["ksvd-adapted"], problem, Context.seeded(seed)).image for seed in (0, 1)
    )
    assert torch.equal(first, second)


def test_online_learning_lowers_the_objective_of_patches_that_it_has_not_seen():
    photographs = [photograph(each, size=96) for each in ("coins", "camera")]
    prior = make("sparse-coding")
    rows = list(prior.fit(photographs, Context.seeded(0)))
    assert rows[-1]["held_out_objective"] < rows[0]["held_out_objective"]
    dictionary = prior.dictionary
    torch.testing.assert_close(dictionary.norm(dim=1), torch.ones(len(dictionary)))
    torch.testing.assert_close(dictionary.mean(1), torch.zeros(len(dictionary)), atol=1e-5, rtol=0)
