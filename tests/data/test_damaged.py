"""Files that are cut off, whose metadata are damaged, or that are mutated at random."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from priorbench.data import decoders
from tests.data.image_files import every_format, exif, png, png_of, rows, saved, tiff


def decode(content: bytes) -> np.ndarray:
    return np.ascontiguousarray(decoders.decode(content).on_white())


HERE = Path(__file__).parent
PHOTO = Image.fromarray(np.random.default_rng(2).integers(0, 256, (64, 80, 3), np.uint8))


@pytest.mark.slow
def test_mutated_files_of_every_format_give_an_image_or_one_error_in_bounded_memory():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(HERE / "fuzz.py"), "600", "0"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    read, refused, megabytes = map(int, result.stdout.split())
    assert read > 50 and refused > 50
    assert megabytes < 1024


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_a_png_whose_stream_ends_early_tells_how_many_rows_there_are(bits):
    array = np.zeros((9, 9, 1), np.uint16)
    pixels = rows(array[:5], bits)
    whole = png(9, 9, bits, 0, rows(array, bits))
    stream = zlib.compress(rows(array, bits), 0)
    start = struct.pack(">I", len(stream)) + b"IDAT"
    # The stream ends by itself, or is cut off with the file.
    for content in (
        png(9, 9, bits, 0, pixels),
        whole[: whole.index(b"IDAT") - 4] + start + stream[: 2 + 5 + len(pixels)],
    ):
        with pytest.raises(ValueError, match="its data ends after 5 of 9 rows"):
            decode(content)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"restart_marker_rows": 1},
        {"restart_marker_blocks": 1},
        {"progressive": True, "restart_marker_blocks": 3},
        {"subsampling": 0, "quality": 95},
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_cut_anywhere_in_its_pixels_is_refused_though_an_end_marker_stands_behind(
    mode, options
):
    whole = saved(PHOTO.convert(mode), "JPEG", **options)
    shape = (64, 80) if mode == "L" else (64, 80, 3)
    assert decode(whole).shape == shape
    scan = whole.index(b"\xff\xda") + 20
    for place in np.linspace(scan, len(whole) - 6, 25, dtype=int):
        with pytest.raises((ValueError, OSError), match=r"its data ends |truncated|broken"):
            decode(whole[:place] + b"\xff\xd9")


def test_the_rows_that_a_cut_jpeg_has_are_told():
    whole = saved(PHOTO, "JPEG")
    cut = whole[: len(whole) // 2] + b"\xff\xd9"
    with pytest.raises(ValueError) as caught:
        decode(cut)
    told = int(str(caught.value).split()[4])
    there = np.asarray(Image.open(_stream(cut)).convert("RGB"))
    expected = np.asarray(Image.open(_stream(whole)).convert("RGB"))
    # The rows before are those of the whole file; fancy upsampling looks one row ahead.
    np.testing.assert_array_equal(there[: told - 1], expected[: told - 1])
    assert 12 <= told <= 48


def _stream(content: bytes):
    import io

    return io.BytesIO(content)


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits", "zstd", "lzma"])
def test_a_tiff_whose_pixels_end_early_is_refused(compression):
    array = np.asarray(PHOTO)
    whole = tiff(array, photometric="rgb", rowsperstrip=8, compression=compression)
    assert decode(whole).shape == array.shape
    with pytest.raises(ValueError, match=r"the file ends after \d+ of 64 rows"):
        decode(whole[: len(whole) * 3 // 4])


@pytest.mark.parametrize("form", sorted(every_format()))
def test_a_file_cut_off_in_its_pixels_is_refused_in_every_format(form):
    whole = every_format()[form]
    for share in (0.2, 0.5, 0.8):
        with pytest.raises(Exception):  # noqa: B017 - read_image makes one message of whatever it is.
            decode(whole[: int(len(whole) * share)])


NOTES = {
    "garbage": b"garbage",
    "empty": b"",
    "endless": b"MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\3\xff\xff\xff\xff\0\0\0\6" * 100,
    "loop": b"II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0",
    "wrong type": b"MM\0*\0\0\0\x08\0\1\x01\x12\0\2\0\0\0\4abc\0\0\0\0\0",
}


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("note", NOTES)
def test_damaged_metadata_refuse_no_image(note, bits):
    array = np.random.default_rng(0).integers(0, 2**bits, (5, 7, 1), np.uint16)
    expected = array[..., 0] / (2**bits - 1)
    chunks = (
        (b"eXIf", NOTES[note]),
        (b"iCCP", NOTES[note]),
        (b"zTXt", b"key\0\0" + zlib.compress(bytes(2**21))),
        (b"zTXt", NOTES[note]),
        (b"iTXt", NOTES[note]),
        (b"pHYs", NOTES[note]),
        (b"gAMA", NOTES[note]),
    )
    for content in (png_of(array, bits, *chunks), png_of(array, bits, behind=chunks)):
        np.testing.assert_allclose(decode(content), expected, atol=1e-6)
    stored = array[..., 0].astype(f"uint{bits}")
    tags = [
        (code, 7, len(NOTES[note]) or 1, NOTES[note] or b"\0", True)
        for code in (270, 305, 700, 33723, 34675, 50839, 33628, 34412)
    ]
    content = tiff(stored, photometric="minisblack", extratags=tags, metadata=None)
    np.testing.assert_allclose(decode(content), expected, atol=1e-6)


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_damaged_metadata_of_other_formats_refuse_no_image(form, note):
    plain = saved(PHOTO, form)
    content = saved(PHOTO, form, exif=b"Exif\0\0" + NOTES[note])
    if form == "JPEG":
        segments = b"".join(
            b"\xff" + bytes([code]) + struct.pack(">H", len(text) + 2) + text
            for code, text in (
                (0xE2, b"MPF\0" + NOTES[note]),
                (0xE2, b"ICC_PROFILE\0\1\1" + NOTES[note]),
                (0xED, b"Photoshop 3.0\0" + NOTES[note]),
                (0xFE, NOTES[note]),
            )
        )
        content = content[:2] + segments + content[2:]
    np.testing.assert_array_equal(decode(content), decode(plain))


def test_metadata_of_two_megabytes_in_a_jpeg_and_an_orientation_behind_them():
    comment = b"\xff\xfe" + struct.pack(">H", 65535) + b"x" * 65533
    content = saved(PHOTO, "JPEG", exif=exif(6))
    padded = content[:2] + comment * 32 + content[2:]
    assert decode(padded).shape == (80, 64, 3)
    np.testing.assert_array_equal(decode(padded), decode(content))
