from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from priorbench.operators import Identity, Mask
from priorbench.problem import Problem


def masked_problem(
    seed: int = 0, channels: int = 1, height: int = 4, width: int = 5, sigma: float = 0.1
) -> Problem:
    generator = torch.Generator().manual_seed(seed)
    known = torch.rand((channels, height, width), generator=generator) < 0.5
    known[:, 0, 0] = True
    operator = Mask(known)
    return Problem(
        operator.forward(torch.randn((1, channels, height, width), generator=generator)),
        operator,
        sigma,
    )


@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
    sigma=st.floats(0, 10),
)
def test_what_was_saved_is_loaded_bit_by_bit(tmp_path_factory, seed, shape, sigma):
    problem = masked_problem(seed, *shape, sigma)
    path = tmp_path_factory.mktemp("problem") / "problem.npz"
    problem.save(path)
    again = Problem.load(path)
    assert torch.equal(again.y, problem.y)
    assert again.y.dtype == problem.y.dtype
    assert again.sigma == problem.sigma
    assert again.image_shape == problem.image_shape == shape
    assert isinstance(again.operator, Mask)
    assert torch.equal(again.operator.known, problem.operator.arguments()["known"])


def test_an_operator_without_tensors_is_saved_too(tmp_path):
    Problem(torch.ones(1, 3, 2, 4), Identity((3, 2, 4)), 0.0).save(tmp_path / "p.npz")
    again = Problem.load(tmp_path / "p.npz")
    assert isinstance(again.operator, Identity)
    assert again.image_shape == (3, 2, 4)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_guide_is_saved_too_and_goes_with_the_problem(tmp_path, channels):
    guide = torch.rand((1, channels, 4, 5), generator=torch.Generator().manual_seed(1))
    replace(masked_problem(), guide=guide).save(tmp_path / "p.npz")
    again = Problem.load(tmp_path / "p.npz")
    assert again.guide is not None and torch.equal(again.guide, guide)
    assert torch.equal(again.to("cpu").guide, guide)


def test_a_problem_without_a_guide_stays_so(tmp_path):
    masked_problem().save(tmp_path / "p.npz")
    again = Problem.load(tmp_path / "p.npz")
    assert again.guide is None and again.to("cpu").guide is None


def test_saving_twice_writes_the_same_bytes(tmp_path):
    for name in ("one.npz", "two.npz"):
        masked_problem().save(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_the_file_holds_no_pickle(tmp_path):
    masked_problem().save(tmp_path / "p.npz")
    with zipfile.ZipFile(tmp_path / "p.npz") as archive:
        for member in archive.namelist():
            array = np.lib.format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)
            assert array.dtype.kind in "fbU"


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


@pytest.mark.parametrize("member", [True, False], ids=["array", "file"])
def test_a_pickle_is_refused_without_running_it(tmp_path, member):
    path = tmp_path / "evil.npz"
    if member:
        masked_problem().save(path)
        with np.load(path) as file:
            arrays = dict(file)
        with path.open("wb") as stream:
            np.savez(stream, **{**arrays, "y": np.array([Bomb()], dtype=object)})
    else:
        path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match=r"evil\.npz is not a problem"):
        Problem.load(path)


def test_a_file_cut_off_anywhere_is_named(tmp_path):
    masked_problem().save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    path = tmp_path / "cut.npz"
    for length in range(0, len(whole), 23):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cut\.npz is not a problem"):
            Problem.load(path)


@given(st.data())
def test_a_changed_byte_is_noticed_or_harmless(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("flip") / "flipped.npz"
    problem = masked_problem()
    problem.save(path)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        again = Problem.load(path)
    except ValueError as error:
        assert "flipped.npz" in str(error)
    else:
        assert torch.equal(again.y, problem.y)
        assert again.sigma == problem.sigma


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"operator": {"name": "teleport", "arguments": {}}}, "unknown operator 'teleport'"),
        ({"format": 99}, "format 99"),
        ({"operator": {"name": "mask", "arguments": {"nonsense": 1}}}, "nonsense"),
        ({"sigma": -1}, "sigma"),
        ({"sigma": "25"}, r"changed\.npz"),
        ({"operator": {"name": None, "arguments": {}}}, "unknown operator None"),
        ({"operator": "mask"}, r"changed\.npz"),
        ({"peak": 0}, "peak"),
    ],
)
def test_a_header_that_makes_no_sense_here_is_answered_with_the_file_and_the_reason(
    tmp_path, change, message
):
    path = tmp_path / "changed.npz"
    masked_problem().save(path)
    with np.load(path) as file:
        arrays = dict(file)
    arrays["header"] = np.array(json.dumps({**json.loads(str(arrays["header"])), **change}))
    with path.open("wb") as stream:
        np.savez(stream, **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        Problem.load(path)
    assert "changed.npz" in str(caught.value)


def test_a_missing_file_is_an_error_of_the_machine(tmp_path):
    with pytest.raises(FileNotFoundError):
        Problem.load(tmp_path / "absent.npz")


@pytest.mark.parametrize("sigma", [-0.1, float("nan"), float("inf")])
def test_sigma_must_be_finite_and_not_negative(sigma):
    with pytest.raises(ValueError, match="sigma"):
        Problem(torch.zeros(1, 1, 2, 2), Identity((1, 2, 2)), sigma)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_an_observation_that_is_not_finite_is_refused(value):
    y = torch.zeros(1, 1, 2, 2)
    y[0, 0, 1, 1] = value
    with pytest.raises(ValueError, match="NaN or infinite"):
        Problem(y, Identity((1, 2, 2)), 0.1)


@pytest.mark.usefixtures("unchecked")
def test_an_observation_without_a_batch_is_refused():
    with pytest.raises(ValueError, match=r"1 × C × h × w.*\(1, 2, 2\)"):
        Problem(torch.zeros(1, 2, 2), Identity((1, 2, 2)), 0.1)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 4, 5), r"1 × 1 × H × W or 1 × 3 × H × W.*\(1, 4, 5\)"),
        ((2, 1, 4, 5), r"not of shape \(2, 1, 4, 5\)"),
        ((1, 2, 4, 5), r"not of shape \(1, 2, 4, 5\)"),
        ((1, 3, 5, 4), "the guide is 5 × 4 but the image 4 × 5"),
    ],
)
def test_a_guide_of_another_shape_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        replace(masked_problem(), guide=torch.zeros(shape))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_guide_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="guide holds NaN or infinite"):
        replace(masked_problem(), guide=torch.full((1, 1, 4, 5), value))
