"""Super-resolution by coupled dictionaries against loops, numpy and planted codes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from plugins.sparse.coupled import (
    averaged_on_grid,
    feature_planes,
    least_squares,
    on_grid,
    principal,
)
from plugins.sparse.omp import Codes, pursue
from plugins.sparse.superresolution import CoupledSuperResolution
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.errors import NotApplicable
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.specs import Parameters
from priorbench.tasks import Deblur, Jpeg, SuperResolve, Task

QUICK = {"factors": (2, 3), "n_patches": 4000, "n_atoms": 64, "iterations": 4}


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def photograph(name: str, size: int, colour: bool = False) -> Tensor:
    array = centre_crop(load_embedded(Parameters(), name), size, size)
    array = array if colour else to_gray(array)[..., None]
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None]


def small(task: Task, image: Tensor) -> Problem:
    return task.corrupt(task.fit(image), torch.Generator().manual_seed(0))


def psnr(found: Tensor, clean: Tensor) -> float:
    return float(-10 * (found - clean).square().mean().log10())


@pytest.fixture(scope="module")
def learned() -> CoupledSuperResolution:
    """Learned from other photographs than those that are restored."""
    prior = CoupledSuperResolution(**QUICK)
    images = [photograph(name, 192) for name in ("coins", "camera", "brick")]
    rows = list(prior.fit(images, Context.seeded(0)))
    assert [row["factor"] for row in rows] == [2, 3]
    assert all(row["held_out_gain"] > 0.5 for row in rows)
    return prior


class TestParts:
    def test_features_are_the_derivatives_of_a_plane_whose_edge_is_repeated(self):
        plane = noise(7, 9)
        wide = np.pad(plane.numpy(), 2, mode="edge")
        centre, rows, columns = slice(2, -2), plane.shape[0], plane.shape[1]

        def moved(down: int, right: int) -> np.ndarray:
            return wide[2 + down : 2 + down + rows, 2 + right : 2 + right + columns]

        expected = [
            moved(-1, 0) - moved(1, 0),
            moved(0, -1) - moved(0, 1),
            (moved(-2, 0) + moved(2, 0)) / 2 - moved(0, 0),
            (moved(0, -2) + moved(0, 2)) / 2 - moved(0, 0),
        ]
        assert wide[centre, centre].shape == plane.shape
        np.testing.assert_allclose(feature_planes(plane).numpy(), expected, atol=1e-6)

    def test_ramps_have_no_second_derivative_inside(self):
        rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(9.0), indexing="ij")
        found = feature_planes(2 * rows - columns)[:, 2:-2, 2:-2]
        for plane, value in zip(found, (-4.0, 2.0, 0.0, 0.0), strict=True):
            torch.testing.assert_close(plane, torch.full_like(plane, value))

    def test_patches_on_a_grid_are_those_of_loops(self):
        planes = noise(2, 9, 12)
        found = on_grid(planes, 6, 3)
        corners = [(top, left) for top in (0, 3) for left in (0, 3, 6)]
        expected = [planes[:, t : t + 6, left : left + 6].flatten() for t, left in corners]
        assert torch.equal(found, torch.stack(expected))

    def test_the_patches_of_a_plane_average_to_the_plane(self):
        plane = noise(12, 15)
        found = averaged_on_grid(on_grid(plane[None], 9, 3), 12, 15, 3)
        torch.testing.assert_close(found, plane)

    def test_principal_axes_are_those_of_the_singular_values(self):
        features = noise(500, 12).double() * torch.logspace(0, -4, 12).double()
        axes = principal(features)
        _, values, right = np.linalg.svd(features.numpy(), full_matrices=False)
        share = (values**2).cumsum() / (values**2).sum()
        count = int((share < 0.999).sum()) + 1
        assert axes.shape == (count, 12)
        overlap = np.abs(axes.numpy() @ right[:count].T)
        np.testing.assert_allclose(overlap, np.eye(count), atol=1e-3)

    def test_details_are_the_least_squares_of_numpy(self):
        codes = Codes(
            torch.stack(
                [
                    torch.randperm(8, generator=torch.Generator().manual_seed(i))[:3]
                    for i in range(200)
                ]
            ),
            noise(200, 3).double(),
        )
        details = noise(200, 16, seed=1).double()
        dense = np.zeros((200, 8))
        np.put_along_axis(dense, codes.atoms.numpy(), codes.coefficients.numpy(), axis=1)
        expected, *_ = np.linalg.lstsq(dense, details.numpy(), rcond=None)
        np.testing.assert_allclose(least_squares(codes, 8, details).numpy(), expected, atol=1e-4)

    def test_planted_details_are_found(self):
        low = torch.linalg.qr(noise(12, 12).double()).Q[:10]
        high = noise(10, 9, seed=1).double()
        dense = torch.where(noise(400, 10, seed=2).argsort(1) < 2, 1.0, 0.0).double()
        codes = pursue(dense @ low, low, 4, 1e-20)
        found = least_squares(codes, 10, dense @ high)
        torch.testing.assert_close(found, high, atol=1e-3, rtol=1e-3)


class TestPrior:
    @pytest.mark.parametrize("factor", [2, 3])
    def test_it_finds_details_that_interpolation_lacks(self, learned, factor):
        task = SuperResolve(factor)
        clean = task.fit(photograph("motorcycle", 96))
        problem = small(task, clean)
        found = learned.restore(problem, Context.seeded(0)).image
        assert psnr(found, clean) > psnr(problem.estimate(), clean) + 0.2

    def test_what_was_observed_stays(self, learned):
        problem = small(SuperResolve(3), photograph("motorcycle", 96))
        found = learned.restore(problem, Context.seeded(0)).image
        again = problem.operator.forward(found)
        assert float((again - problem.y).abs().max()) < 1e-3

    def test_of_colour_the_luma_gets_details(self, learned):
        clean = photograph("motorcycle", 96, colour=True)
        problem = small(SuperResolve(2), clean)
        found = learned.restore(problem, Context.seeded(0)).image
        consistent = problem.operator.data_step(problem.y, problem.estimate(), 1e6, 400.0)
        added = (found - consistent)[0]
        # The luma of opponent planes is the mean of the three colours.
        torch.testing.assert_close(
            added, added.mean(0, keepdim=True).expand_as(added), atol=1e-3, rtol=0
        )
        assert psnr(found, clean) > psnr(problem.estimate(), clean)

    @pytest.mark.parametrize("size", [(2, 2), (4, 6), (5, 40), (34, 22)])
    def test_any_size(self, learned, size):
        height, width = (2 * length for length in size)
        clean = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(0))
        found = learned.restore(small(SuperResolve(2), clean), Context.seeded(0)).image
        assert found.shape == clean.shape
        assert found.isfinite().all()

    def test_a_decimated_blur_is_enlarged_too(self, learned):
        clean = photograph("motorcycle", 96)
        problem = small(SuperResolve(3, kernel="gaussian"), clean)
        found = learned.restore(problem, Context.seeded(0)).image
        assert psnr(found, clean) > psnr(problem.estimate(), clean)

    @pytest.mark.parametrize("task", [Deblur("gaussian", 2.55), Jpeg(10)], ids=["deblur", "jpeg"])
    def test_other_tasks_are_refused(self, learned, task):
        with pytest.raises(NotApplicable, match="enlarges images"):
            learned.restore(small(task, photograph("motorcycle", 48)), Context.seeded(0))

    def test_a_factor_that_was_not_learned_is_refused(self, learned):
        problem = small(SuperResolve(4), photograph("motorcycle", 48))
        with pytest.raises(
            NotApplicable, match="the factor is 4, and the dictionaries are for 2, 3"
        ):
            learned.restore(problem, Context.seeded(0))

    def test_without_a_model_it_says_so(self):
        problem = small(SuperResolve(2), photograph("motorcycle", 48))
        with pytest.raises(RuntimeError, match="fit it, or load one"):
            CoupledSuperResolution(**QUICK).restore(problem, Context.seeded(0))

    def test_too_few_patches_are_refused(self):
        prior = CoupledSuperResolution(**QUICK)
        with pytest.raises(ValueError, match="too few for 64 atoms"):
            list(prior.fit([photograph("coins", 8)], Context.seeded(0)))

    def test_a_saved_model_restores_alike(self, learned, tmp_path):
        learned.save(tmp_path / "model.safetensors")
        other = CoupledSuperResolution(**QUICK)
        other.load(tmp_path / "model.safetensors")
        problem = small(SuperResolve(2), photograph("motorcycle", 48))
        one, same = (each.restore(problem, Context.seeded(0)).image for each in (learned, other))
        assert torch.equal(one, same)

    @pytest.mark.parametrize("name", ["x2.axes", "x3.low", "x2.high"])
    def test_a_model_of_other_parameters_is_refused(self, learned, name):
        state = dict(learned.state_dict())
        with pytest.raises(ValueError, match=f"{name} is missing"):
            CoupledSuperResolution(**QUICK).load_state_dict(
                {key: value for key, value in state.items() if key != name}
            )
        with pytest.raises(ValueError, match="must be finite"):
            CoupledSuperResolution(**QUICK).load_state_dict({**state, name: state[name] / 0})
        with pytest.raises(ValueError, match="its parameters ask for"):
            CoupledSuperResolution(**QUICK).load_state_dict({**state, name: state[name][:, :-1]})
