"""What every operator must obey, for every operator that ships."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from priorbench.operators import Identity, LinearOperator, Mask, operator_class
from priorbench.operators.base import conjugate_gradients


class Difference(LinearOperator):
    """Differences of neighbouring columns: not square, no closed form, so it uses all the defaults."""

    name = "test-difference"

    def forward(self, x: Tensor) -> Tensor:
        return x[..., 1:] - x[..., :-1]

    def adjoint(self, y: Tensor) -> Tensor:
        return torch.nn.functional.pad(y, (1, 0)) - torch.nn.functional.pad(y, (0, 1))

    def arguments(self) -> dict[str, Any]:
        return {"image_shape": list(self.image_shape)}


@st.composite
def operators(draw: st.DrawFn) -> LinearOperator:
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.integers(2, 6)))
    kind = draw(st.sampled_from([Identity, Mask, Difference]))
    if kind is not Mask:
        return kind(shape)
    known = torch.rand(shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 1000)))) < draw(
        st.floats(0.1, 0.9)
    )
    known[:, 0, 0] = True
    return Mask(known)


seeds = st.integers(0, 2**31)
weights = st.floats(1e-3, 1e3)


def random(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def dense(operator: LinearOperator) -> Tensor:
    """H as a matrix, one column for each pixel."""
    size = int(torch.tensor(operator.image_shape).prod())
    basis = torch.eye(size, dtype=torch.float64).reshape(size, *operator.image_shape)
    return operator.forward(basis).flatten(1).T


@given(operators(), seeds, st.integers(1, 3))
def test_the_adjoint_passes_the_dot_test(operator, seed, batch):
    x = random((batch, *operator.image_shape), seed)
    image = operator.forward(x)
    y = random(tuple(image.shape), seed + 1)
    torch.testing.assert_close((image * y).sum(), (x * operator.adjoint(y)).sum())


@given(operators(), seeds, weights, weights)
def test_the_data_step_is_the_minimiser_found_by_brute_force(operator, seed, fidelity, penalty):
    matrix = dense(operator)
    v = random((1, *operator.image_shape), seed)
    y = random(tuple(operator.forward(v).shape), seed + 1)
    normal = fidelity * matrix.T @ matrix + penalty * torch.eye(matrix.shape[1], dtype=torch.float64)
    expected = torch.linalg.solve(normal, fidelity * matrix.T @ y.flatten() + penalty * v.flatten())
    found = operator.data_step(y, v, fidelity, penalty)
    assert found.shape == v.shape
    torch.testing.assert_close(found.flatten(), expected, rtol=1e-6, atol=1e-6)


@given(operators(), seeds, weights, weights)
def test_the_closed_forms_agree_with_conjugate_gradients(operator, seed, fidelity, penalty):
    v = random((2, *operator.image_shape), seed)
    y = random(tuple(operator.forward(v).shape), seed + 1)
    torch.testing.assert_close(
        operator.data_step(y, v, fidelity, penalty),
        LinearOperator.data_step(operator, y, v, fidelity, penalty),
        rtol=1e-6,
        atol=1e-6,
    )


@given(operators(), seeds, weights)
def test_without_fidelity_the_data_step_stays_where_it_is(operator, seed, penalty):
    v = random((1, *operator.image_shape), seed)
    torch.testing.assert_close(operator.data_step(operator.forward(v) + 1, v, 0.0, penalty), v)


@given(operators(), seeds)
def test_float32_in_float32_out(operator, seed):
    x = random((1, *operator.image_shape), seed).float()
    y = operator.forward(x)
    results = [y, operator.adjoint(y), operator.data_step(y, x, 2.0, 1.0), operator.estimate(y)]
    assert {result.dtype for result in results} == {torch.float32}


@given(operators(), seeds)
def test_the_first_estimate_is_an_image_that_explains_consistent_data(operator, seed):
    x = torch.rand((1, *operator.image_shape), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    y = operator.forward(x)
    estimate = operator.estimate(y)
    assert estimate.shape == x.shape
    assert (operator.forward(estimate) - y).norm() <= 0.05 * (1 + y.norm())


@given(operators(), seeds)
def test_an_operator_is_rebuilt_from_its_name_and_arguments(operator, seed):
    again = operator_class(operator.name)(**operator.arguments())
    x = random((1, *operator.image_shape), seed)
    assert again.image_shape == operator.image_shape
    assert torch.equal(again.forward(x), operator.forward(x))


@pytest.mark.parametrize("operator", [Identity((1, 2, 2)), Mask(torch.ones(1, 2, 2, dtype=torch.bool))])
@pytest.mark.parametrize(
    ("fidelity", "penalty", "culprit"),
    [(-1.0, 1.0, "fidelity"), (float("nan"), 1.0, "fidelity"), (1.0, 0.0, "penalty"), (1.0, -1.0, "penalty")],
)
def test_weights_without_a_unique_solution_are_refused(operator, fidelity, penalty, culprit):
    image = torch.zeros(1, 1, 2, 2)
    for data_step in (operator.data_step, lambda *args: LinearOperator.data_step(operator, *args)):
        with pytest.raises(ValueError, match=culprit):
            data_step(image, image, fidelity, penalty)


@pytest.mark.parametrize("shape", [(1, 2), (0, 2, 2), (1, 2, -1), (1, 1, 2, 2)])
def test_an_impossible_image_shape_is_refused(shape):
    with pytest.raises(ValueError, match="image_shape"):
        Identity(shape)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'blurr'.*identity.*mask"):
        operator_class("blurr")


def test_a_taken_name_is_refused_and_the_first_owner_keeps_it():
    with pytest.raises(ValueError, match=r"'identity'.*taken"):
        type("Impostor", (Identity,), {"name": "identity"})
    assert operator_class("identity") is Identity


def test_a_subclass_without_a_name_of_its_own_takes_none():
    type("Half", (Identity,), {})
    assert operator_class("identity") is Identity


@given(seeds, st.integers(1, 8))
def test_conjugate_gradients_end_after_as_many_steps_as_there_are_unknowns(seed, size):
    square = random((size, size), seed)
    matrix = square.T @ square / size + torch.eye(size, dtype=torch.float64)
    solution = random((size,), seed + 1)
    found = conjugate_gradients(
        lambda x: matrix @ x,
        matrix @ solution,
        start=torch.zeros(size, dtype=torch.float64),
        tolerance=0.0,
        iterations=size,
    )
    torch.testing.assert_close(found, solution, rtol=1e-4, atol=1e-4)


def test_conjugate_gradients_take_no_step_where_the_start_is_the_solution():
    calls = []

    def double(x: Tensor) -> Tensor:
        calls.append(1)
        return 2 * x

    start = torch.ones(3)
    assert torch.equal(conjugate_gradients(double, 2 * start, start=start, tolerance=1e-6, iterations=50), start)
    assert len(calls) == 1


def test_to_converts_floats_and_leaves_masks_bool():
    class Gain(Identity):
        name = "test-gain"

        def __init__(self, gain: Tensor, known: Tensor) -> None:
            super().__init__((1, 1, 1))
            self.gain, self.known = gain, known

        def arguments(self) -> dict[str, Any]:
            return {"gain": self.gain, "known": self.known}

    converted = Gain(torch.ones(1), torch.ones(1, dtype=torch.bool)).to(device="meta", dtype=torch.float64)
    assert isinstance(converted, Gain)
    assert (converted.gain.dtype, converted.gain.device.type) == (torch.float64, "meta")
    assert (converted.known.dtype, converted.known.device.type) == (torch.bool, "meta")
