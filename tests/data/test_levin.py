from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from priorbench.data import download, levin
from priorbench.data.catalogue import entries
from priorbench.data.levin import levin_kernel
from priorbench.store.files import cache_folder

SIZES = [19, 17, 15, 27, 13, 21, 23, 23]
DIGEST = "cf41e9d1ec7acc8080208ce835254c4f5c893d8c59321e75604a989bcc34637e"
"""Of the eight kernels one after another, as MATLAB shows them."""
FORMS = {"levin09-mat": "the MATLAB file", "levin09": "the NumPy file"}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two forms in which the kernels may be had, alone in a folder; skipped where it is
    not at hand.
    """
    file = entries("kernels")[request.param].file
    for folder in (download.data_folder(), cache_folder()):
        if folder and (folder / file).is_file():
            (tmp_path / "kernels").mkdir()
            (tmp_path / file).symlink_to(folder / file)
            monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path))
            return FORMS[request.param]
    pytest.skip(f"{FORMS[request.param]} {file} is neither below PRIORBENCH_DATA nor in the cache")


def test_both_forms_give_the_same_kernels(form: str) -> None:
    found = [levin_kernel(index) for index in range(1, levin.COUNT + 1)]
    assert [kernel.shape for kernel in found] == [(size, size) for size in SIZES]
    for kernel in found:
        assert kernel.dtype == np.float64 and kernel.flags.c_contiguous and kernel.flags.writeable
        assert kernel.min() >= 0
        assert abs(kernel.sum() - 1) < 1e-12
    assert hashlib.sha256(b"".join(kernel.tobytes() for kernel in found)).hexdigest() == DIGEST, (
        form
    )


def test_an_altered_file_is_named(form: str, tmp_path: Path) -> None:
    (file,) = (tmp_path / "kernels").iterdir()
    file.unlink()
    file.write_bytes(b"altered")
    with pytest.raises(ValueError, match=rf"{file.name} was altered"):
        levin_kernel(1)


def test_without_any_form_the_download_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path))
    with pytest.raises(
        ValueError,
        match=r"holds no kernels/Levin09\.mat: .*Get it from https://.*/kernels/Levin09\.mat",
    ):
        levin_kernel(1)


@pytest.mark.parametrize("index", [0, 9, -1])
def test_there_are_eight(index: int) -> None:
    with pytest.raises(ValueError, match=f"index must be between 1 and 8, not {index}"):
        levin_kernel(index)


def test_a_matlab_file_is_read_with_rows_as_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a file made like MATLAB's: a cell of references to arrays whose columns come first."""
    stored = [np.arange(15.0).reshape(3, 5) / 105 + index for index in range(levin.COUNT)]
    known = entries("kernels")["levin09-mat"]
    path = tmp_path / known.file
    path.parent.mkdir()
    with h5py.File(path, "w") as file:
        cell = file.create_dataset("kernels", (levin.COUNT, 1), dtype=h5py.ref_dtype)
        for index, kernel in enumerate(stored):
            cell[index, 0] = file.create_dataset(f"#refs#/{'abcdefgh'[index]}", data=kernel.T).ref
    made = dataclasses.replace(known, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(levin, "needed", lambda name: [made])
    monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path))
    for index, kernel in enumerate(stored, start=1):
        np.testing.assert_array_equal(levin_kernel(index), kernel)
