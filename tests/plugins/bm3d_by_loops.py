"""BM3D written as its paper describes it: one group after the other."""

import numpy as np
import pywt
import scipy.fft

SIZE, STEP, REACH = 8, 3, 19


def positions(length):
    return sorted({*range(0, length - SIZE, STEP), length - SIZE})


def group(image, row, column, count):
    """The corners of the patches nearest to the one at a corner."""
    height, width = image.shape
    rows = range(max(row - REACH, 0), min(row + REACH, height - SIZE) + 1)
    columns = range(max(column - REACH, 0), min(column + REACH, width - SIZE) + 1)
    own = patch(image, (row, column))
    corners = sorted(
        ((i, j) for i in rows for j in columns),
        key=lambda corner: ((patch(image, corner) - own) ** 2).sum(),
    )
    return corners[:count]


def patch(image, corner):
    return image[corner[0] : corner[0] + SIZE, corner[1] : corner[1] + SIZE]


def unit_rows(matrix):
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def wavelet_matrix(name, size):
    """All levels of a periodic transform, from those of each unit vector."""
    columns = []
    for unit in np.eye(size):
        means, coefficients = unit, np.empty(0)
        while len(means) > 1:
            means, details = pywt.dwt(means, name, "periodization")
            coefficients = np.concatenate([details, coefficients])
        columns.append(np.concatenate([means, coefficients]))
    return unit_rows(np.array(columns).T)


def filtered(noisy, sigma, compared, pilot, count, line):
    """One step; it thresholds where there is no pilot."""
    back, along = np.linalg.inv(line), wavelet_matrix("haar", count)
    window = np.outer(np.kaiser(SIZE, 2.0), np.kaiser(SIZE, 2.0))
    total, weight = np.zeros_like(noisy), np.zeros_like(noisy)

    def spectrum(image, corners):
        flat = np.stack([line @ patch(image, corner) @ line.T for corner in corners])
        return np.tensordot(along, flat, 1)

    for row in positions(noisy.shape[0]):
        for column in positions(noisy.shape[1]):
            corners = group(compared, row, column, count)
            coefficients = spectrum(noisy, corners)
            if pilot is None:
                factor = (np.abs(coefficients) > 2.5 * sigma).astype(float)
            else:
                energy = spectrum(pilot, corners) ** 2
                factor = energy / (energy + sigma**2)
            factor[0, 0, 0] = 1
            share = 1 / (factor**2).sum()
            patches = np.tensordot(along.T, coefficients * factor, 1)
            for corner, each in zip(corners, patches, strict=True):
                patch(total, corner)[:] += share * window * (back @ each @ back.T)
                patch(weight, corner)[:] += share * window
    return total / weight


def bm3d(noisy, sigma):
    bior, dct = wavelet_matrix("bior1.5", SIZE), scipy.fft.dct(np.eye(SIZE), axis=0, norm="ortho")
    basic = filtered(noisy, sigma, noisy, None, 16, bior)
    return filtered(noisy, sigma, basic, basic, 32, dct)
