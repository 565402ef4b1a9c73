"""What every operator must obey, for every operator that ships."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from priorbench.operators import (
    Blur,
    Composition,
    DecimatedBlur,
    Downsample,
    Identity,
    LinearOperator,
    Mask,
    RandomProjection,
    operator_class,
)
from priorbench.operators.base import conjugate_gradients
from priorbench.problem import Problem


class Difference(LinearOperator):
    """Differences of neighbouring columns: not square, no closed form, so it uses all the defaults."""

    name = "test-difference"

    def forward(self, x: Tensor) -> Tensor:
        return x[..., 1:] - x[..., :-1]

    def adjoint(self, y: Tensor) -> Tensor:
        return torch.nn.functional.pad(y, (1, 0)) - torch.nn.functional.pad(y, (0, 1))

    def arguments(self) -> dict[str, Any]:
        return {"image_shape": list(self.image_shape)}


def mask(shape: tuple[int, int, int], seed: int, share: float = 0.5) -> Mask:
    known = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < share
    known[:, 0, 0] = True
    return Mask(known)


def kernel(rows: int, columns: int, seed: int) -> Tensor:
    weights = (
        torch.rand(
            (rows, columns), dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
        )
        + 0.01
    )
    return weights / weights.sum()


def projection(shape: tuple[int, int, int], seed: int, count: int) -> RandomProjection:
    channels, height, width = shape
    generator = torch.Generator().manual_seed(seed)
    signs = torch.rand((height, width), generator=generator) < 0.5
    return RandomProjection(
        signs, torch.randperm(height * width, generator=generator)[:count], channels
    )


KINDS = [
    "identity",
    "mask",
    "difference",
    "circular",
    "valid",
    "downsample",
    "decimated",
    "projection",
    "composition",
]


@st.composite
def operators(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS)) -> LinearOperator:
    """Any operator of double precision, with odd and even sides, one to three channels."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.integers(2, 6)))
    channels, height, width = shape
    kind, seed = draw(st.sampled_from(kinds)), draw(st.integers(0, 1000))
    sides = [draw(st.sampled_from(range(1, side + 1, 2))) for side in (height, width)]
    factor = draw(st.integers(1, 4))
    multiples = (channels, factor * draw(st.integers(1, 4)), factor * draw(st.integers(1, 4)))
    match kind:
        case "identity":
            return Identity(shape)
        case "difference":
            return Difference(shape)
        case "mask":
            return mask(shape, seed, draw(st.floats(0.1, 0.9)))
        case "circular" | "valid":
            return Blur(kernel(*sides, seed), shape, kind)
        case "downsample":
            return Downsample(
                multiples,
                factor,
                draw(st.sampled_from(["bicubic", "lanczos2", "area"])),
                torch.float64,
            )
        case "decimated":
            sides = [draw(st.sampled_from(range(1, side + 1, 2))) for side in multiples[1:]]
            return DecimatedBlur(kernel(*sides, seed), multiples, factor)
        case "projection":
            return projection(shape, seed, draw(st.integers(1, height * width)))
    inner = Blur(kernel(*sides, seed), shape, draw(st.sampled_from(["circular", "valid"])))
    return Composition(mask(inner.observation_shape, seed + 1), inner)


FIXED = {
    "identity": Identity((3, 5, 4)),
    "mask": mask((3, 5, 7), 0),
    "difference": Difference((1, 5, 6)),
    "blur-circular-gray": Blur(kernel(3, 5, 0), (1, 7, 8)),
    "blur-circular-colour": Blur(kernel(5, 1, 1), (3, 6, 9)),
    "blur-valid-gray": Blur(kernel(3, 5, 2), (1, 9, 8), "valid"),
    "blur-valid-colour": Blur(kernel(3, 3, 3), (3, 6, 7), "valid"),
    **{
        f"downsample-{name}-x{factor}-{channels}": Downsample(
            (channels, 3 * factor, 2 * factor), factor, name, torch.float64
        )
        for name in ("bicubic", "lanczos2", "area")
        for factor, channels in ((2, 3), (3, 1), (4, 1), (8, 1))
    },
    **{
        f"decimated-x{factor}-{channels}": DecimatedBlur(
            kernel(3, 5, factor), (channels, 3 * factor, 5 * factor), factor
        )
        for factor, channels in ((1, 1), (2, 3), (3, 1), (4, 1))
    },
    "projection-gray": projection((1, 7, 5), 0, 11),
    "projection-colour": projection((3, 4, 6), 1, 9),
    "composition": Composition(mask((3, 4, 5), 2), Blur(kernel(3, 3, 4), (3, 6, 7), "valid")),
    "composition-nested": Composition(
        mask((1, 3, 4), 3),
        Composition(
            Downsample((1, 6, 8), 2, dtype=torch.float64), Blur(kernel(3, 3, 5), (1, 6, 8))
        ),
    ),
}
every = pytest.mark.parametrize("operator", FIXED.values(), ids=FIXED)


seeds = st.integers(0, 2**31)
weights = st.floats(1e-3, 1e3)


def random(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def relative(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


def dense(operator: LinearOperator) -> Tensor:
    """H as a matrix, one column for each pixel."""
    size = int(torch.tensor(operator.image_shape).prod())
    basis = torch.eye(size, dtype=torch.float64).reshape(size, *operator.image_shape)
    return operator.forward(basis).flatten(1).T


def dot_error(operator: LinearOperator, seed: int, batch: int, dtype: torch.dtype) -> float:
    x = random((batch, *operator.image_shape), seed).to(dtype)
    image = operator.forward(x)
    y = random(tuple(image.shape), seed + 1).to(dtype)
    left, right = (
        (image.double() * y.double()).sum(),
        (x.double() * operator.adjoint(y).double()).sum(),
    )
    # Not related to ‖Hx‖: where x nearly cancels in it, rounding is still that of x.
    scale = operator.norm() * x.double().norm() * y.double().norm()
    return float((left - right).abs() / (scale + 1e-300))


@given(operators(), seeds, st.integers(1, 3))
def test_the_adjoint_passes_the_dot_test(operator, seed, batch):
    assert dot_error(operator, seed, batch, torch.float64) < 1e-12


@given(operators(), seeds, st.integers(1, 3))
def test_the_adjoint_passes_the_dot_test_in_single_precision(operator, seed, batch):
    assert dot_error(operator.to(dtype=torch.float32), seed, batch, torch.float32) < 1e-6


def minimiser(
    operator: LinearOperator, y: Tensor, v: Tensor, fidelity: float, penalty: float
) -> Tensor:
    """The solution of the dense normal equations."""
    matrix = dense(operator)
    normal = fidelity * matrix.T @ matrix + penalty * torch.eye(
        matrix.shape[1], dtype=torch.float64
    )
    right = fidelity * matrix.T @ y.flatten(1).T + penalty * v.flatten(1).T
    return torch.linalg.solve(normal, right).T.reshape(v.shape)


@every
@pytest.mark.parametrize(("fidelity", "penalty"), [(1.0, 1.0), (1e4, 1.0), (1.0, 1e3), (3e2, 1e-2)])
def test_the_data_step_solves_the_dense_normal_equations(operator, fidelity, penalty):
    v = random((2, *operator.image_shape), 0)
    y = random((2, *operator.observation_shape), 1)
    assert (
        relative(
            operator.data_step(y, v, fidelity, penalty),
            minimiser(operator, y, v, fidelity, penalty),
        )
        < 1e-5
    )


@given(operators(), seeds, weights, weights)
def test_the_data_step_is_the_minimiser_found_by_brute_force(operator, seed, fidelity, penalty):
    v = random((1, *operator.image_shape), seed)
    y = random(tuple(operator.forward(v).shape), seed + 1)
    found = operator.data_step(y, v, fidelity, penalty)
    assert found.shape == v.shape
    assert relative(found, minimiser(operator, y, v, fidelity, penalty)) < 1e-5


@every
def test_the_norm_is_the_largest_singular_value(operator):
    expected = float(torch.linalg.matrix_norm(dense(operator), 2))
    assert operator.norm() == pytest.approx(expected, rel=2e-3)


@given(operators(), seeds)
def test_the_norm_bounds_what_the_operator_does(operator, seed):
    x = random((1, *operator.image_shape), seed)
    assert operator.forward(x).norm() <= 1.005 * operator.norm() * x.norm() + 1e-9


def test_an_operator_that_lets_nothing_through_has_the_norm_zero():
    first, second = (Mask(torch.tensor([[known]])) for known in ([True, False], [False, True]))
    assert Composition(first, second).norm() == 0


@every
def test_the_observation_has_the_stated_shape(operator):
    y = operator.forward(random((2, *operator.image_shape), 0))
    assert y.shape == (2, *operator.observation_shape)
    assert operator.adjoint(y).shape == (2, *operator.image_shape)
    assert operator.estimate(y).shape == (2, *operator.image_shape)


@every
def test_restrict_is_zero_exactly_where_the_operator_is(operator):
    seen = dense(operator).abs().amax(dim=1).reshape(operator.observation_shape) > 1e-12
    ones = torch.ones(1, *operator.observation_shape, dtype=torch.float64)
    assert torch.equal(operator.restrict(ones), seen[None].double())


@every
def test_a_batch_is_treated_as_its_images_one_by_one(operator):
    x = random((2, *operator.image_shape), 0)
    y = random((2, *operator.observation_shape), 1)
    for call in (
        lambda part: operator.forward(x[part]),
        lambda part: operator.adjoint(y[part]),
        lambda part: operator.estimate(y[part]),
        lambda part: operator.data_step(y[part], x[part], 2.0, 0.5),
    ):
        alone = torch.cat([call(slice(0, 1)), call(slice(1, 2))])
        torch.testing.assert_close(call(slice(None)), alone, rtol=1e-6, atol=1e-6)


@every
def test_another_precision_and_back_is_the_same_operator(operator):
    x = random((1, *operator.image_shape), 0)
    single = operator.to(dtype=torch.float32)
    assert type(single) is type(operator)
    assert single.forward(x.float()).dtype == torch.float32
    again = single.to(dtype=torch.float64)
    assert again.forward(x).dtype == torch.float64
    assert relative(again.forward(x), operator.forward(x)) < 1e-6


@every
def test_a_problem_keeps_its_operator(operator, tmp_path):
    single = operator.to(dtype=torch.float32)
    x = random((1, *operator.image_shape), 0).float()
    Problem(single.forward(x), single, 0.1).save(tmp_path / "p.npz")
    again = Problem.load(tmp_path / "p.npz")
    assert type(again.operator) is type(operator)
    assert torch.equal(again.operator.forward(x), again.y)
    assert torch.equal(again.operator.adjoint(again.y), single.adjoint(again.y))


@every
def test_the_operators_run_on_a_gpu(operator):
    if not torch.cuda.is_available():
        pytest.skip("this machine has no CUDA device")
    there = operator.to("cuda")
    x, y = random((2, *operator.image_shape), 0), random((2, *operator.observation_shape), 1)
    torch.testing.assert_close(there.forward(x.cuda()).cpu(), operator.forward(x))
    torch.testing.assert_close(there.adjoint(y.cuda()).cpu(), operator.adjoint(y))
    torch.testing.assert_close(
        there.data_step(y.cuda(), x.cuda(), 2.0, 0.5).cpu(),
        operator.data_step(y, x, 2.0, 0.5),
        rtol=1e-6,
        atol=1e-6,
    )
    torch.testing.assert_close(there.estimate(y.cuda()).cpu(), operator.estimate(y))
    assert there.norm() == pytest.approx(operator.norm(), rel=2e-3)


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


@pytest.mark.slow
@given(operators(), seeds)
def test_float32_in_float32_out(operator, seed):
    operator = operator.to(dtype=torch.float32)
    x = random((1, *operator.image_shape), seed).float()
    y = operator.forward(x)
    results = [y, operator.adjoint(y), operator.data_step(y, x, 2.0, 1.0), operator.estimate(y)]
    assert {result.dtype for result in results} == {torch.float32}


@pytest.mark.slow
@given(operators(("identity", "mask", "difference", "projection")), seeds)
def test_the_first_estimate_is_an_image_that_explains_consistent_data(operator, seed):
    x = torch.rand(
        (1, *operator.image_shape),
        generator=torch.Generator().manual_seed(seed),
        dtype=torch.float64,
    )
    y = operator.forward(x)
    estimate = operator.estimate(y)
    assert estimate.shape == x.shape
    assert (operator.forward(estimate) - y).norm() <= 0.05 * (1 + y.norm())


@pytest.mark.slow
@given(operators(), seeds)
def test_an_operator_is_rebuilt_from_its_name_and_arguments(operator, seed):
    operator = operator.to(dtype=torch.float32)
    again = operator_class(operator.name)(**operator.arguments())
    x = random((1, *operator.image_shape), seed).float()
    assert again.image_shape == operator.image_shape
    assert torch.equal(again.forward(x), operator.forward(x))


@pytest.mark.parametrize(
    "operator", [Identity((1, 2, 2)), Mask(torch.ones(1, 2, 2, dtype=torch.bool))]
)
@pytest.mark.parametrize(
    ("fidelity", "penalty", "culprit"),
    [
        (-1.0, 1.0, "fidelity"),
        (float("nan"), 1.0, "fidelity"),
        (1.0, 0.0, "penalty"),
        (1.0, -1.0, "penalty"),
    ],
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
        precondition=lambda residual: residual,
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
    found = conjugate_gradients(
        double,
        2 * start,
        start=start,
        precondition=lambda residual: residual,
        tolerance=1e-6,
        iterations=50,
    )
    assert torch.equal(found, start)
    assert len(calls) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1.0, 1e8])
@pytest.mark.parametrize("size", [1, 6, 30])
def test_conjugate_gradients_find_zero_from_anywhere(size, scale, dtype):
    """Nothing is small in relation to a right-hand side of 0, and products of small numbers are 0."""
    square = random((size, size), 0)
    matrix = (square.T @ square / size + 0.01 * torch.eye(size, dtype=torch.float64)).to(dtype)
    found = conjugate_gradients(
        lambda x: matrix @ x,
        torch.zeros(size, dtype=dtype),
        start=scale * torch.ones(size, dtype=dtype),
        precondition=lambda residual: residual,
        tolerance=1e-6,
        iterations=200,
    )
    assert found.isfinite().all()
    smallest = torch.finfo(dtype).tiny ** 0.5  # Its square is 0.
    assert found.norm() <= (1e-3 * scale + smallest) * size**0.5


def test_to_converts_floats_and_leaves_masks_bool():
    class Gain(Identity):
        name = "test-gain"

        def __init__(self, gain: Tensor, known: Tensor) -> None:
            super().__init__((1, 1, 1))
            self.gain, self.known = gain, known

        def arguments(self) -> dict[str, Any]:
            return {"gain": self.gain, "known": self.known}

    converted = Gain(torch.ones(1), torch.ones(1, dtype=torch.bool)).to(
        device="meta", dtype=torch.float64
    )
    assert isinstance(converted, Gain)
    assert (converted.gain.dtype, converted.gain.device.type) == (torch.float64, "meta")
    assert (converted.known.dtype, converted.known.device.type) == (torch.bool, "meta")
