"""JPEG XL, by libjxl, which turns the image upright."""

from __future__ import annotations

import imagecodecs

from priorbench.data.formats.boxes import boxes
from priorbench.data.formats.common import Picture, check_floats, check_size, picture

SIGNATURES = (b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a")
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def decode(data: bytes) -> Picture:
    """Return the image of a file of JPEG XL, wrapped in boxes or not.

    The header's fields are those of ISO/IEC 18181-1, Annex D: the size, then what is known of the
    samples.
    """
    bits = _Bits(_codestream(data)[2:66])
    width, height = _size(bits)
    check_size(width, height)
    floating, depth = False, 8
    if not bits.take(1):
        if bits.take(1):
            bits.take(3)
            if bits.take(1):
                _size(bits)
            if bits.take(2):
                raise ValueError("an animation or a file with a preview is not supported")
        floating, choice = bool(bits.take(1)), bits.take(2)
        depth = (8, 10, 12)[choice] if choice < 3 else 1 + bits.take(6)
    if floating:
        return picture(check_floats(imagecodecs.jpegxl_decode(data)), 1)
    if depth > 16:
        raise ValueError(f"{depth} bits a sample are not supported: up to 16 are")
    return picture(imagecodecs.jpegxl_decode(data), 2**depth - 1)


class _Bits:
    """A header read bit by bit, the lowest of a byte first."""

    def __init__(self, data: bytes) -> None:
        self.value, self.left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        """Return the number in the next bits."""
        if count > self.left:
            raise ValueError("its header is cut off")
        number = self.value & ((1 << count) - 1)
        self.value >>= count
        self.left -= count
        return number


def _codestream(data: bytes) -> bytes:
    if data.startswith(SIGNATURES[1]):
        return data[:66]
    for kind, start, end in boxes(data):
        if kind in (b"jxlc", b"jxlp"):
            # A part is numbered by four bytes.
            return data[start + 4 * (kind == b"jxlp") : end][:66]
    raise ValueError("it holds no codestream")


def _size(bits: _Bits) -> tuple[int, int]:
    """Return width and height."""
    small = bits.take(1)

    def side() -> int:
        return 8 * (1 + bits.take(5)) if small else 1 + bits.take((9, 13, 18, 30)[bits.take(2)])

    height = side()
    ratio = bits.take(3)
    if not ratio:
        return side(), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height
