from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st

from priorbench.seeds import derive_seed, seed_everything, seeded

names = st.lists(
    st.text(st.characters(exclude_characters="\x1f", exclude_categories=("Cs",))), max_size=4
)
seeds = st.integers(-(2**63), 2**63)


@given(seeds, names, seeds, names)
def test_different_names_or_seeds_give_different_seeds(seed, first, other, second):
    assume((seed, first) != (other, second))
    assert derive_seed(seed, *first) != derive_seed(other, *second)


@given(seeds, names)
def test_every_seed_fits_a_torch_generator(seed, parts):
    derived = derive_seed(seed, *parts)
    assert torch.Generator().manual_seed(derived).initial_seed() == derived


def test_where_names_are_divided_matters():
    assert (
        len(
            {
                derive_seed(0, "ab", "c"),
                derive_seed(0, "a", "bc"),
                derive_seed(0, "abc"),
                derive_seed(0, "c", "ab"),
            }
        )
        == 4
    )


def test_another_process_with_another_hash_seed_derives_the_same():
    code = "from priorbench.seeds import derive_seed; print(derive_seed(1, 'bsd68', 'test001', 'denoise-25'))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": salt},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for salt in ("1", "2")
    }
    assert printed == {f"{derive_seed(1, 'bsd68', 'test001', 'denoise-25')}\n"}


def draws() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
@example(0, 2**32)
def test_every_global_generator_follows_the_seed(seed, other):
    assume(seed != other)
    seed_everything(seed)
    first = draws()
    seed_everything(other)
    python, numpy, torchs = (a != b for a, b in zip(first, draws(), strict=True))
    assert python and numpy
    # The generator of torch on the CPU reads the low 32 bits of a seed.
    assert torchs == ((seed - other) % 2**32 != 0)
    seed_everything(seed)
    assert draws() == first


def test_the_callers_generators_go_on_as_if_nothing_had_been():
    seed_everything(1)
    expected = [draws(), draws()]
    seed_everything(1)
    first = draws()
    with pytest.raises(ArithmeticError), seeded(2):
        inside = draws()
        raise ArithmeticError
    assert [first, draws()] == expected
    seed_everything(2)
    assert inside == draws()
