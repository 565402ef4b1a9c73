"""Read files that are mutated at random, in a process of its own: an image or one ValueError, in
bounded memory.

``python fuzz.py EXAMPLES SEED`` prints how many were read and refused, and how many MiB the process
grew by. A file that ends the process stays in its temporary folder.
"""

from __future__ import annotations

import faulthandler
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from priorbench.data.images import read_image
from tests.data.image_files import every_format

SPACE = 6 * 2**30
"""Bytes of address space beyond what the process begins with."""

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 10**8, 2**31 - 1, 2**31, 2**32 - 1)


@st.composite
def mutated(draw: st.DrawFn, files: dict[str, bytes]) -> tuple[str, bytes]:
    """A file of any format in which bytes are changed, numbers are made extreme, or parts go, move
    or come twice.
    """
    name = draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    for _ in range(draw(st.integers(1, 3))):
        # Headers are what most of the code reads.
        last = len(content) - 1
        at = draw(st.one_of(st.integers(0, min(120, last)), st.integers(0, last)))
        kind = draw(st.sampled_from(("byte", "number", "cut", "drop", "repeat", "end")))
        length = draw(st.integers(1, 40))
        if kind == "byte":
            content[at] = draw(st.integers(0, 255))
        elif kind == "number":
            size, order = (
                draw(st.sampled_from((1, 2, 4, 8))),
                draw(st.sampled_from(("little", "big"))),
            )
            number = draw(st.sampled_from(NUMBERS)) % 256**size
            content[at : at + size] = number.to_bytes(size, order)
        elif kind == "cut":
            content = content[: max(1, at)]
        elif kind == "drop":
            content = content[:at] + content[at + length :] or bytearray(b"\0")
        elif kind == "repeat":
            content = content[: at + length] + content[at:]
        else:
            content = content[: max(1, at)] + files[name][-2:]
    return name, bytes(content)


def main(examples: int, number: int) -> None:
    """Read mutated files and print the counts."""
    faulthandler.enable()
    files = every_format()
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "image.xyz")

        def read(content: bytes) -> str:
            path.write_bytes(content)
            try:
                image = read_image(path)
            except ValueError as error:
                message = str(error)
                assert str(path) in message and "\n" not in message, message
                assert "emory" not in message, message
                return "refused"
            assert (
                image.dtype == np.float32 and image.ndim in (2, 3) and image.shape[2:] in ((), (3,))
            )
            assert np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1
            return "read"

        for content in files.values():
            assert read(content) == "read"
        spaces = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (spaces + SPACE,) * 2)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(mutated(files))
        def every_outcome(file: tuple[str, bytes]) -> None:
            outcomes[read(file[1])] += 1

        every_outcome()
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(outcomes["read"], outcomes["refused"], grown)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
