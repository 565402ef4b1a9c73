import pytest
import torch

from priorbench.networks.muon import Muon, orthogonalised


class TestMuon:
    @pytest.mark.slow
    @pytest.mark.parametrize("shape", [(40, 8), (8, 40), (8, 8)])
    def test_orthogonalised_keeps_the_singular_vectors(self, shape):
        matrix = torch.randn(
            *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64
        )
        u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
        ours = orthogonalised(matrix)
        turned = u.T @ ours @ vh.T
        torch.testing.assert_close(turned, torch.diag(turned.diagonal()), atol=1e-9, rtol=0)
        assert s.max() / s.min() > 1.3
        assert turned.diagonal().min() > 0.6
        assert turned.diagonal().max() < 1.3

    def test_a_step_is_as_long_as_it_is_told(self):
        weight = torch.nn.Parameter(
            torch.randn(9, 4, 6, generator=torch.Generator().manual_seed(0))
        )
        before = weight.detach().clone()
        weight.grad = torch.randn(9, 4, 6, generator=torch.Generator().manual_seed(1))
        Muon([weight], lr=0.05).step()
        assert float((weight.detach() - before).norm() / before.norm()) == pytest.approx(
            0.05, rel=1e-5
        )

    @pytest.mark.slow
    def test_vectors_take_adams_steps(self):
        ours, torchs = (torch.nn.Parameter(torch.linspace(-1, 1, 5)) for _ in range(2))
        muon = Muon([ours], lr=0.05, vector_lr=0.01)
        adam = torch.optim.Adam([torchs], lr=0.01)
        for index in range(5):
            for parameter, step in ((ours, muon.step), (torchs, adam.step)):
                parameter.grad = torch.sin(torch.arange(5.0) + index)
                step()
        torch.testing.assert_close(ours, torchs)

    @pytest.mark.parametrize("growing", [True, False])
    def test_the_length_is_of_the_norm_now_or_of_the_first(self, growing):
        generator = torch.Generator().manual_seed(0)
        weight = torch.nn.Parameter(torch.randn(6, 5, generator=generator, dtype=torch.float64))
        muon = Muon([weight], lr=0.05, growing=growing)
        first = float(weight.detach().norm())
        norms, lengths = [], []
        for _ in range(6):
            before = weight.detach().clone()
            norms.append(float(before.norm()))
            # Always further out, so that the norm grows.
            weight.grad = -before
            muon.step()
            lengths.append(float((weight.detach() - before).norm()))
        assert norms[-1] > 1.1 * first
        expected = [0.05 * norm for norm in norms] if growing else [0.05 * first] * len(norms)
        assert lengths == pytest.approx(expected)

    def test_a_convolution_is_a_matrix_of_its_outputs_by_the_rest(self):
        kernel = torch.randn(
            6, 4, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64
        )
        gradient = torch.randn(
            6, 4, 3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64
        )
        ours, matrix = (
            torch.nn.Parameter(kernel.clone()),
            torch.nn.Parameter(kernel.reshape(6, 36).clone()),
        )
        steppers = Muon([ours], lr=0.05), Muon([matrix], lr=0.05)
        for index in range(3):
            ours.grad, matrix.grad = (
                gradient.roll(index, 3),
                gradient.roll(index, 3).reshape(6, 36).clone(),
            )
            for stepper in steppers:
                stepper.step()
        torch.testing.assert_close(ours.reshape(6, 36), matrix)
        assert (ours - kernel).norm() > 0.05 * kernel.norm()

    def test_the_step_of_a_convolution_has_equal_singular_values(self):
        kernel = torch.nn.Parameter(torch.zeros(4, 3, 2, 2, dtype=torch.float64) + 1)
        before = kernel.detach().clone()
        kernel.grad = torch.randn(
            4, 3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64
        )
        uneven = torch.linalg.svdvals(kernel.grad.flatten(1))
        Muon([kernel], lr=0.1).step()
        values = torch.linalg.svdvals((kernel.detach() - before).flatten(1))
        assert uneven.max() / uneven.min() > 2
        assert values.max() / values.min() < 1.2 / 0.68

    def test_parameters_without_a_gradient_stay(self):
        weight = torch.nn.Parameter(torch.ones(3, 3))
        muon = Muon([weight], lr=0.1)
        weight.grad = torch.eye(3)
        muon.zero_grad()
        muon.step()
        assert torch.equal(weight, torch.ones(3, 3))
