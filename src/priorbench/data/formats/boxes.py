"""The boxes of ISO base media files, which AVIF, HEIC, JPEG 2000 and JPEG XL are wrapped in."""

from __future__ import annotations

from collections.abc import Iterator


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, first byte and end of the content of each box that begins between two places.

    A box that claims to be longer than the file ends with it.
    """
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8]
        content = start + 8
        if size == 1:
            size, content = int.from_bytes(data[start + 8 : start + 16]), start + 16
        stop = min(start + size, end) if size else end
        if stop < content:
            return
        yield kind, content, stop
        start = stop


def inside(data: bytes, *path: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes inside the first box at a path of types, for example ``meta``, ``iprp``."""
    start, end = 0, len(data)
    for wanted in path:
        for kind, first, last in boxes(data, start, end):
            if kind == wanted:
                # A meta box begins with its version and flags.
                start, end = first + 4 * (kind == b"meta"), last
                break
        else:
            return
    yield from boxes(data, start, end)
