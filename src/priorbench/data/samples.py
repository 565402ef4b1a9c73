"""Files of samples: several images of one size, the draws of one restoration."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from priorbench.store.archives import read_arrays
from priorbench.store.files import write_atomically

__all__ = ["read_samples", "write_samples"]

NAME = "samples"
LEVELS = 65535


def write_samples(path: Path, samples: Sequence[np.ndarray]) -> None:
    """Write images as one archive ``.npz`` of 16-bit numbers, atomically.

    As in a restored image, values are clipped to [0, 1] and rounded to multiples of 1/65535.

    Args:
        path: the file.
        samples: at least one, each H × W × C.

    Raises:
        ValueError: they differ in shape, or a value is NaN or infinite; nothing is written.
    """
    values = np.stack(samples)
    if not np.isfinite(values).all():
        raise ValueError(f"{path}: a sample holds NaN or infinite values")
    levels = np.rint(values.clip(0, 1).astype(np.float64) * LEVELS).astype(np.uint16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **{NAME: levels})
    # Its checksum is in a record.
    write_atomically(path, buffer.getvalue(), durable=False)


def read_samples(path: Path) -> np.ndarray:
    """Return the images of a file, S × H × W × C, float32 on [0, 1].

    Raises:
        ValueError: the file is damaged or no file of samples; the message names it.
        OSError: the file can't be opened.
    """
    try:
        levels = read_arrays(path)[NAME]
        if levels.dtype != np.uint16 or levels.ndim != 4:
            raise ValueError(f"it holds {levels.dtype} of shape {levels.shape}")
    except OSError:
        raise
    except Exception as error:
        # Damaged bytes can fail anywhere on the way.
        raise ValueError(f"{path} is no file of samples: {error}") from error
    return levels.astype(np.float32) / np.float32(LEVELS)
