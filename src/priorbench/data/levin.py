"""The blur kernels of Levin et al. 2009, recorded from the shake of a camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from priorbench.data.download import fetch, needed

COUNT = 8


def levin_kernel(index: int) -> np.ndarray:
    """Return one of the eight kernels, as it is stored: neither turned nor centred.

    In the folder of ``PRIORBENCH_DATA`` the kernels may lie as ``kernels/Levin09.mat``, which is
    what is downloaded, or as ``kernels/levin09.npz``.

    Args:
        index: 1 to 8.

    Returns:
        float64, h × w with h and w odd, at least 0, with the sum 1.

    Raises:
        ValueError: there is no such kernel, or the file is missing, altered or can't be downloaded.
    """
    if index not in range(1, COUNT + 1):
        raise ValueError(f"index must be between 1 and {COUNT}, not {index}")
    (entry,) = needed("kernels")
    path = fetch(entry)
    kernel = _from_mat(path, index) if path.suffix == ".mat" else _from_npz(path, index)
    return np.ascontiguousarray(kernel, dtype=np.float64)


def _from_npz(path: Path, index: int) -> np.ndarray:
    with np.load(path, allow_pickle=False) as arrays:
        return np.asarray(arrays[f"k{index}"])


def _from_mat(path: Path, index: int) -> np.ndarray:
    # The file is of MATLAB 7.3, that is HDF5, which scipy.io.loadmat does not read.
    import h5py

    with h5py.File(path) as file:
        cell = file["kernels"][()].ravel()
        # MATLAB's columns come first in memory, so HDF5 holds the transpose.
        return np.asarray(file[cell[index - 1]]).T
