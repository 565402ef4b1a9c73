from __future__ import annotations

import io
import struct
import subprocess
import sys

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageOps

from priorbench.data.decoders import MOST_PIXELS
from priorbench.data.images import read_image, write_image
from tests.data.image_files import png, saved, tiff

# Pillow warns about damaged metadata before it fails, or reads the image nevertheless.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

RNG = np.random.default_rng(0)
GRAY8, RGB8, RGBA8, LA8 = (
    RNG.integers(0, 256, (5, 7, *c), np.uint8) for c in ((), (3,), (4,), (2,))
)
GRAY16, RGB16, RGBA16, LA16 = (
    RNG.integers(0, 65536, (5, 7, *c), np.uint16) for c in ((), (3,), (4,), (2,))
)

shapes = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
)


def over_white(array: np.ndarray, peak: int) -> np.ndarray:
    colour, alpha = array[..., :-1] / peak, array[..., -1:] / peak
    result = colour * alpha + (1 - alpha)
    return result[..., 0] if result.shape[2] == 1 else result


def read(folder, content: bytes) -> np.ndarray:
    # The suffix is wrong on purpose: the content decides.
    path = folder / "image.xyz"
    path.write_bytes(content)
    return read_image(path)


PALETTE = Image.fromarray(RGB8).quantize(16)
TRANSPARENT_PALETTE = saved(PALETTE, "PNG", transparency=int(np.asarray(PALETTE)[0, 0]))
ONE_BIT = Image.fromarray(GRAY8).convert("1", dither=Image.Dither.NONE)
CMYK = Image.fromarray(RGBA8, "CMYK")
EXACT = {
    "png gray": (saved(Image.fromarray(GRAY8), "PNG"), GRAY8 / 255),
    "png rgb": (saved(Image.fromarray(RGB8), "PNG"), RGB8 / 255),
    "png rgba": (saved(Image.fromarray(RGBA8), "PNG"), over_white(RGBA8, 255)),
    "png la": (saved(Image.fromarray(LA8), "PNG"), over_white(LA8, 255)),
    "png palette": (saved(PALETTE, "PNG"), np.asarray(PALETTE.convert("RGB")) / 255),
    "png palette transparent": (
        TRANSPARENT_PALETTE,
        over_white(np.asarray(Image.open(io.BytesIO(TRANSPARENT_PALETTE)).convert("RGBA")), 255),
    ),
    "png 1 bit": (saved(ONE_BIT, "PNG"), GRAY8 >= 128),
    "png gray transparent": (
        png(2, 1, 8, 0, b"\0\x40\x80", (b"tRNS", b"\0\x40")),
        [[1, 128 / 255]],
    ),
    "png 16 gray": (imagecodecs.png_encode(GRAY16), GRAY16 / 65535),
    "png 16 rgb": (imagecodecs.png_encode(RGB16), RGB16 / 65535),
    "png 16 rgba": (imagecodecs.png_encode(RGBA16), over_white(RGBA16, 65535)),
    "png 16 la": (imagecodecs.png_encode(LA16), over_white(LA16, 65535)),
    "png 16 gray transparent": (
        png(2, 1, 16, 0, b"\0\1\0\2\0", (b"tRNS", b"\1\0")),
        [[1, 512 / 65535]],
    ),
    "bmp gray": (saved(Image.fromarray(GRAY8), "BMP"), GRAY8 / 255),
    "bmp rgb": (saved(Image.fromarray(RGB8), "BMP"), RGB8 / 255),
    "bmp 1 bit": (saved(ONE_BIT, "BMP"), GRAY8 >= 128),
    "tiff gray": (tiff(GRAY8), GRAY8 / 255),
    "tiff rgb": (tiff(RGB8, compression="zlib", predictor=True), RGB8 / 255),
    "tiff rgba": (
        tiff(RGBA8, photometric="rgb", extrasamples=["unassalpha"]),
        over_white(RGBA8, 255),
    ),
    "tiff palette": (saved(PALETTE, "TIFF"), np.asarray(PALETTE.convert("RGB")) / 255),
    "tiff 1 bit": (saved(ONE_BIT, "TIFF", compression="group4"), GRAY8 >= 128),
    "tiff cmyk": (saved(CMYK, "TIFF"), np.asarray(CMYK.convert("RGB")) / 255),
    "tiff 16 gray": (tiff(GRAY16), GRAY16 / 65535),
    "tiff 16 gray big-endian": (tiff(GRAY16, byteorder=">"), GRAY16 / 65535),
    "tiff 16 gray bigtiff": (tiff(GRAY16, bigtiff=True, compression="lzw"), GRAY16 / 65535),
    "tiff 16 rgb": (tiff(RGB16, photometric="rgb"), RGB16 / 65535),
    "tiff 16 rgb planar": (
        tiff(np.moveaxis(RGB16, 2, 0), photometric="rgb", planarconfig="separate"),
        RGB16 / 65535,
    ),
    "tiff 16 rgba": (
        tiff(RGBA16, photometric="rgb", extrasamples=["unassalpha"]),
        over_white(RGBA16, 65535),
    ),
    "tiff 16 unnamed fourth sample": (
        tiff(RGBA16, photometric="rgb", extrasamples=["unspecified"]),
        RGBA16[..., :3] / 65535,
    ),
    "tiff 16 white is 0": (tiff(GRAY16, photometric="miniswhite"), 1 - GRAY16 / 65535),
    "tiff 16 two pages": (
        tiff(np.stack([GRAY16, GRAY16 // 2]), photometric="minisblack"),
        GRAY16 / 65535,
    ),
    "tiff float32": (tiff((GRAY16 / 65535).astype(np.float32)), GRAY16 / 65535),
    "tiff float64 rgb": (tiff(RGB16 / 65535, photometric="rgb"), RGB16 / 65535),
}


@pytest.mark.parametrize("case", EXACT)
def test_lossless_formats_are_read_exactly_with_all_their_bits(tmp_path, case):
    content, expected = EXACT[case]
    image = read(tmp_path, content)
    expected = np.asarray(expected, dtype=np.float64)
    assert image.dtype == np.float32
    assert image.shape == expected.shape
    np.testing.assert_allclose(image, expected, atol=1e-6)
    assert 0 <= image.min() <= image.max() <= 1


@pytest.mark.parametrize(("mode", "channels"), [("L", 2), ("RGB", 3), ("CMYK", 3)])
def test_jpeg_is_read_as_pillow_decodes_it(tmp_path, mode, channels):
    content = saved(Image.fromarray(RGB8).convert(mode), "JPEG")
    image = read(tmp_path, content)
    decoded = Image.open(io.BytesIO(content))
    np.testing.assert_allclose(
        image, np.asarray(decoded.convert("RGB") if mode == "CMYK" else decoded) / 255, atol=1e-6
    )
    assert image.ndim == channels


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_is_turned_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    eight = Image.open(io.BytesIO(saved(Image.fromarray(GRAY8), "PNG", exif=exif)))
    expected = np.asarray(ImageOps.exif_transpose(eight))
    shallow = read(tmp_path, saved(Image.fromarray(GRAY8), "PNG", exif=exif))
    np.testing.assert_allclose(shallow, expected / 255, atol=1e-6)
    sixteen = GRAY8.astype(np.uint16) * 257
    deep_png = png(
        7,
        5,
        16,
        0,
        b"".join(b"\0" + row.astype(">u2").tobytes() for row in sixteen),
        (b"eXIf", exif.tobytes()[6:]),
    )
    deep_tiff = tiff(sixteen, extratags=[(274, 3, 1, orientation, True)])
    for content in (deep_png, deep_tiff):
        np.testing.assert_allclose(read(tmp_path, content), expected / 255, atol=1e-6)


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), float("inf")])
def test_floats_outside_the_range_are_refused_with_their_range(tmp_path, value):
    array = np.full((4, 4), 0.5, np.float32)
    array[1, 2] = value
    with pytest.raises(ValueError, match=r"image\.xyz.*must lie on \[0, 1\]"):
        read(tmp_path, tiff(array))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"this is no image", "is not PNG, JPEG, TIFF"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"II*\0", "image"),
        (saved(Image.fromarray(RGB8), "PPM"), "is not PNG, JPEG, TIFF"),
        (b"%!PS-Adobe-3.0\n", "is not PNG, JPEG, TIFF"),
        (tiff(GRAY16.astype(np.uint32)), "32 bits a sample are not supported"),
        (tiff(GRAY16.astype(np.int16)), "16 signed bits a sample are not supported"),
        (tiff(RGB16.astype(np.complex64)[..., 0]), "64 complex bits a sample are not supported"),
        (
            tiff(
                np.zeros((16, 16, 16), np.uint16),
                volumetric=True,
                photometric="minisblack",
                tile=(16, 16, 16),
            ),
            "not supported",
        ),
    ],
    ids=[
        "empty",
        "text",
        "png signature",
        "tiff signature",
        "ppm",
        "postscript",
        "uint32",
        "int16",
        "complex",
        "volume",
    ],
)
def test_what_is_no_image_is_named_with_the_reason(tmp_path, content, reason):
    with pytest.raises(ValueError, match=rf"image\.xyz.*{reason}") as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)


NOISE = RNG.integers(0, 65536, (24, 24, 3), np.uint16)
WHOLE = {
    "png": saved(Image.fromarray((NOISE >> 8).astype(np.uint8)), "PNG"),
    "png 16": imagecodecs.png_encode(NOISE),
    "jpeg": saved(Image.fromarray((NOISE >> 8).astype(np.uint8)), "JPEG"),
    "bmp": saved(Image.fromarray((NOISE >> 8).astype(np.uint8)), "BMP"),
    "tiff": tiff((NOISE >> 8).astype(np.uint8), photometric="rgb"),
    "tiff 16": tiff(NOISE, photometric="rgb", compression="zlib"),
}


@pytest.mark.parametrize("form", WHOLE)
def test_a_file_cut_off_anywhere_in_its_image_is_named(tmp_path, form):
    whole = WHOLE[form]
    assert read(tmp_path, whole).shape == (24, 24, 3)
    # The last bytes may be padding or an end marker that decoders don't need.
    for length in np.linspace(1, len(whole) - 60, 40, dtype=int):
        with pytest.raises(ValueError, match=r"image\.xyz can't be read"):
            read(tmp_path, whole[:length])


def bomb_tiff() -> bytes:
    """A header that claims 60 000 × 60 000 pixels of 16 bits in a file of a few hundred bytes."""
    entries = [
        (256, 4, 60000),
        (257, 4, 60000),
        (258, 3, 16),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 200),
        (278, 4, 60000),
        (279, 4, 8),
    ]
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return (b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + b"\0" * 4).ljust(300, b"\0")


@pytest.mark.parametrize(
    "content",
    [
        png(60000, 60000, 8, 0, b"\0" * 100),
        png(60000, 60000, 16, 2, b"\0" * 100),
        png(9500, 9500, 8, 0, b"\0"),
        bomb_tiff(),
    ],
    ids=["png 8", "png 16", "just above", "tiff 16"],
)
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, content):
    with pytest.raises(ValueError, match=rf"image\.xyz.*more than {MOST_PIXELS} pixels"):
        read(tmp_path, content)


def test_a_missing_file_is_an_error_of_the_machine(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "absent.png")


@pytest.mark.slow
@given(array=hnp.arrays(np.uint16, shapes), dtype=st.sampled_from([np.float32, np.float64]))
def test_what_is_read_is_written_back_exactly(tmp_path_factory, array, dtype):
    path = tmp_path_factory.mktemp("round") / "image.png"
    write_image(path, (array / 65535).astype(dtype))
    again = read_image(path)
    squeezed = array[..., 0] if array.shape[2:] == (1,) else array
    assert again.shape == squeezed.shape
    assert np.array_equal(np.rint(again * 65535), squeezed)
    first = path.read_bytes()
    write_image(path, again)
    assert path.read_bytes() == first


@given(hnp.arrays(np.float32, shapes, elements=st.floats(-2, 3, width=32)))
def test_any_image_comes_back_clipped_to_within_half_a_level(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("clip") / "image.png"
    write_image(path, array)
    expected = array.clip(0, 1)
    assert (
        np.abs(read_image(path) - (expected[..., 0] if array.shape[2:] == (1,) else expected)).max()
        <= 0.501 / 65535
    )


def test_other_programs_read_the_same(tmp_path):
    write_image(tmp_path / "gray.png", GRAY16 / 65535)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "gray.png")), GRAY16)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_is_not_written_and_the_old_file_stays(tmp_path, value):
    path = tmp_path / "image.png"
    write_image(path, np.zeros((2, 2)))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"image\.png.*NaN or infinite"):
        write_image(path, np.full((2, 2), value))
    assert path.read_bytes() == before


@pytest.mark.parametrize("shape", [(2,), (2, 2, 2), (2, 2, 4), (1, 2, 2, 3), (0, 2), (2, 0, 3)])
def test_what_is_no_image_is_not_written(tmp_path, shape):
    with pytest.raises(ValueError, match="an image must be"):
        write_image(tmp_path / "image.png", np.zeros(shape))
    assert not list(tmp_path.iterdir())


def test_listing_images_imports_nothing_heavy():
    code = (
        "import sys; from priorbench.plugins import builtin; from priorbench.data import embedded;"
        "list(embedded.images(None));"
        "heavy = {'torch', 'numpy', 'pandas', 'skimage', 'PIL', 'scipy'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
