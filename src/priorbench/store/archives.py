"""Archives of arrays, ``.npz``, read without trust in their content."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from priorbench.store.files import read_at_most

MOST_BYTES = 2**32
"""What an archive may hold, unpacked: more than the largest images with their masks and guides
need.
"""


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an archive; no pickled object is loaded, and nothing larger than its
    limit unpacked.

    Raises:
        ValueError: the archive claims to hold more than ``MOST_BYTES``, or an array more than
            is there for it, or objects; or it is no such archive.
        OSError: the file can't be opened.
        Exception: whatever zipfile and NumPy raise for damaged bytes.
    """
    content = io.BytesIO(read_at_most(path, MOST_BYTES))
    with zipfile.ZipFile(content) as archive:
        # Unpacking stops at the size that the directory claims, so this bounds what comes out.
        size = sum(member.file_size for member in archive.infolist())
        if size > MOST_BYTES:
            raise ValueError(f"it holds {size} bytes, more than the limit of {MOST_BYTES}")
        for member in archive.infolist():
            _check(archive, member)
    content.seek(0)
    with np.load(content, allow_pickle=False) as file:
        return dict(file)


def _check(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise ValueError if an array claims more values than are stored: memory is taken as the
    array's header says.
    """
    with archive.open(member) as stream:
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        version = np.lib.format.read_magic(stream)
        if version not in read:
            raise ValueError(f"{member.filename} is no array of a format that is known")
        shape, _, dtype = read[version](stream)
    # Of Python's own integers, which don't overflow.
    claimed = dtype.itemsize
    for side in shape:
        claimed *= int(side)
    if claimed > member.file_size:
        raise ValueError(f"{member.filename} claims {claimed} bytes and has {member.file_size}")
