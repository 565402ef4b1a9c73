"""Stationary Gaussian textures. Heavy."""

from __future__ import annotations

import numpy as np


def power_law_texture(side: int, exponent: float, generator: np.random.Generator) -> np.ndarray:
    """Return a periodic Gaussian texture of power spectrum ∝ 1/f^exponent, mean 0, variance 1.

    Args:
        side: of the square in pixels, even.
        exponent: 0 is white noise; larger is smoother.
        generator: randomness.

    Returns:
        float32, side × side.
    """
    spectrum = np.fft.rfft2(generator.standard_normal((side, side), dtype=np.float32))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    frequency[0, 0] = np.inf
    texture: np.ndarray = np.fft.irfft2(spectrum * frequency ** (-exponent / 2), s=(side, side))
    texture /= texture.std()
    return texture.astype(np.float32)


def exponential_textures(
    count: int, side: int, correlation: float, generator: np.random.Generator
) -> np.ndarray:
    """Return patches of a stationary Gaussian field with the covariance exp(−d/correlation).

    Args:
        count: N.
        side: of a patch in pixels, p.
        correlation: length in pixels.
        generator: randomness.

    Returns:
        float32, N × p × p, of variance 1.
    """
    place = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 1, 2)
    distance = np.linalg.norm(place - place.swapaxes(0, 1), axis=2)
    factor = np.linalg.cholesky(np.exp(-distance / correlation) + 1e-9 * np.eye(side**2)).astype(
        np.float32
    )
    white = generator.standard_normal((count, side**2), dtype=np.float32)
    textures: np.ndarray = (white @ factor.T).reshape(count, side, side)
    return textures
