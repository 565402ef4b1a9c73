"""The readers against known pixels and other readers: bits, channels, alpha, orientation,
compression.
"""

from __future__ import annotations

import io
import itertools

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from priorbench.data import decoders
from tests.data.image_files import every_format, exif, png, png_of, saved, tiff, tiff_fields


def decode(content: bytes) -> np.ndarray:
    return np.ascontiguousarray(decoders.decode(content).on_white())


RANDOM = np.random.default_rng(1)
SHAPE = (13, 18)
KINDS = {"gray": 1, "gray and alpha": 2, "rgb": 3, "rgb and alpha": 4}


def levels(bits: int, channels: int) -> np.ndarray:
    return RANDOM.integers(0, 2**bits, (*SHAPE, channels), np.uint16)


def shown(
    array: np.ndarray, peak: float, orientation: int = 1, *, premultiplied: bool = False
) -> np.ndarray:
    """What an image file of these levels shows, by Pillow's notion of an orientation."""
    array = array.astype(np.float64) / peak
    if array.shape[2] in (2, 4):
        colour, alpha = array[..., :-1], array[..., -1:]
        array = (colour if premultiplied else colour * alpha) + 1 - alpha
        array = array.clip(0, 1)
    planes = [
        Image.fromarray(array[..., index].astype(np.float32)) for index in range(array.shape[2])
    ]
    for plane in planes:
        plane.getexif()[274] = orientation
    turned = np.stack([np.asarray(ImageOps.exif_transpose(plane)) for plane in planes], axis=-1)
    return turned[..., 0] if turned.shape[2] == 1 else turned


def check(content: bytes, expected: np.ndarray, atol: float = 1e-6) -> None:
    image = decode(content)
    assert image.dtype == np.float32 and image.flags["C_CONTIGUOUS"]
    assert image.shape == expected.shape
    np.testing.assert_allclose(image, expected, atol=atol)


@pytest.mark.parametrize("interlaced", [False, True], ids=["rows", "interlaced"])
@pytest.mark.parametrize(
    ("bits", "kind"),
    [(bits, kind) for bits in (1, 2, 4, 8, 16) for kind in KINDS if bits > 4 or kind == "gray"],
)
def test_png(bits, kind, interlaced):
    channels = KINDS[kind]
    array = levels(bits, channels)
    for orientation in range(1, 9):
        note = ((b"eXIf", exif(orientation).tobytes()[6:]),)
        before = png_of(array, bits, *note, interlaced=interlaced)
        behind = png_of(array, bits, behind=note, interlaced=interlaced)
        for content in (before, behind):
            check(content, shown(array, 2**bits - 1, orientation))
    if bits <= 8:
        second = Image.open(io.BytesIO(behind))
        second = second.convert("L") if kind == "gray" else second
        np.testing.assert_array_equal(
            np.asarray(second).reshape(array.shape), array * (255 // (2**bits - 1))
        )


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_transparent_level_of_a_gray_png_is_compared_as_it_is_stored(bits):
    array = levels(bits, 1)
    level = array[3, 4, 0]
    content = png_of(array, bits, (b"tRNS", int(level).to_bytes(2, "big")))
    expected = shown(array, 2**bits - 1)
    expected[array[..., 0] == level] = 1
    check(content, expected)


@pytest.mark.parametrize("bits", [8, 16])
def test_the_transparent_colour_of_a_png_is_white(bits):
    array = levels(bits, 3)
    content = png_of(array, bits, (b"tRNS", array[3, 4].astype(">u2").tobytes()))
    expected = shown(array, 2**bits - 1)
    expected[(array == array[3, 4]).all(axis=2)] = 1
    check(content, expected)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_of_png(bits):
    index = levels(bits, 1)
    table = RANDOM.integers(0, 256, (2**bits, 4), np.uint8)
    # Each row has its filter before it; the colour type of a palette is 3.
    plain = bytearray(png_of(index, bits))
    content = png(
        SHAPE[1],
        SHAPE[0],
        bits,
        3,
        b"".join(_inflated(bytes(plain))),
        (b"PLTE", table[:, :3].tobytes()),
        (b"tRNS", table[:, 3].tobytes()),
    )
    check(content, shown(table[index[..., 0]], 255))
    np.testing.assert_array_equal(
        np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")), table[index[..., 0]]
    )


def _inflated(content: bytes) -> list[bytes]:
    import zlib

    start = content.index(b"IDAT")
    return [zlib.decompress(content[start + 4 : content.index(b"IEND") - 8])]


COMPRESSIONS = (None, "lzw", "zlib", "packbits", "lzma", "zstd")
LAYOUTS = ({}, {"tile": (16, 16)}, {"rowsperstrip": 4}, {"byteorder": ">"}, {"bigtiff": True})


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [None, "unassalpha", "assocalpha", "unspecified"])
@pytest.mark.parametrize("colours", [1, 3], ids=["gray", "rgb"])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float16", "float32", "float64"])
def test_tiff(kind, colours, alpha):
    dtype = np.dtype(kind)
    peak = 1 if dtype.kind == "f" else np.iinfo(dtype).max
    channels = colours + bool(alpha)
    array = levels(8 if dtype == np.uint8 else 16, channels).astype(np.float64)
    array = (array / (1 if dtype.kind == "u" else 65535)).astype(dtype)
    written = array if channels > 1 else array[..., 0]
    seen = array[..., :colours] if alpha == "unspecified" else array
    options = {
        "photometric": "rgb" if colours == 3 else "minisblack",
        "extrasamples": [alpha] if alpha else None,
        "metadata": None,
    }
    turns = itertools.cycle(range(1, 9))
    for compression, layout in itertools.product(COMPRESSIONS, LAYOUTS):
        orientation = next(turns)
        content = tiff(
            written,
            compression=compression,
            predictor=compression in ("lzw", "zlib", "lzma", "zstd") and dtype != np.float16,
            planarconfig="contig" if channels > 1 else None,
            extratags=[(274, 3, 1, orientation, True)],
            **layout,
            **options,
        )
        np.testing.assert_array_equal(
            tifffile.imread(io.BytesIO(content)).reshape(array.shape), array
        )
        check(content, shown(seen, peak, orientation, premultiplied=alpha == "assocalpha"))
    separate = np.moveaxis(array, 2, 0)
    if len(separate) > 1:
        check(
            tiff(separate, planarconfig="separate", **options),
            shown(seen, peak, premultiplied=alpha == "assocalpha"),
        )


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 10, 12, 14, 16])
def test_every_number_of_bits_of_a_gray_tiff(bits):
    array = levels(bits, 1)[..., 0]
    for photometric in ("minisblack", "miniswhite"):
        stored = array.astype(bool if bits == 1 else np.uint8 if bits <= 8 else np.uint16)
        content = tiff(stored, photometric=photometric, bitspersample=bits)
        expected = array / (2**bits - 1)
        check(content, 1 - expected if photometric == "miniswhite" else expected)
        np.testing.assert_array_equal(tifffile.imread(io.BytesIO(content)), stored)


@pytest.mark.parametrize("compression", [None, "group3", "group4", "packbits", "tiff_lzw"])
def test_a_tiff_of_one_bit_as_pillow_reads_it(compression):
    content = saved(Image.fromarray(levels(1, 1)[..., 0] > 0), "TIFF", compression=compression)
    check(content, np.asarray(Image.open(io.BytesIO(content)), dtype=np.float64))


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "P"])
def test_other_colours_of_tiff_are_converted_as_pillow_does(mode):
    photo = Image.fromarray(levels(8, 3).astype(np.uint8))
    if mode == "LAB":
        stored = Image.merge("LAB", photo.split())
    else:
        stored = photo.quantize(16) if mode == "P" else photo.convert(mode)
    content = saved(stored, "TIFF")
    check(content, np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) / 255)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"restart_marker_blocks": 1},
        {"progressive": True, "restart_marker_blocks": 2},
        {"subsampling": 0},
        {"subsampling": 1, "restart_marker_rows": 1},
        {"optimize": True, "quality": 5},
    ],
    ids=str,
)
def test_jpeg(mode, options):
    smooth = Image.fromarray(levels(8, 3).astype(np.uint8)).resize((75, 53)).convert(mode)
    for orientation in (1, 6, 7):
        content = saved(smooth, "JPEG", exif=exif(orientation), **options)
        image = Image.open(io.BytesIO(content))
        expected = ImageOps.exif_transpose(image).convert("L" if mode == "L" else "RGB")
        check(content, np.asarray(expected) / 255)
        if mode != "CMYK":
            second = imagecodecs.jpeg8_decode(content)
            np.testing.assert_allclose(np.asarray(image), second, atol=1)


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
def test_bmp_and_gif(mode):
    photo = Image.fromarray(levels(8, 3).astype(np.uint8))
    photo = photo.quantize(16) if mode == "P" else photo.convert(mode)
    for form in ("BMP", "GIF"):
        content = saved(photo, form)
        expected = (
            np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=np.float64) / 255
        )
        image = decode(content)
        np.testing.assert_allclose(
            image if image.ndim == 3 else image[..., None],
            expected[..., : 3 if image.ndim == 3 else 1],
            atol=1e-6,
        )
        if form == "GIF":
            second = imagecodecs.gif_decode(content)
            np.testing.assert_array_equal(second[0] if second.ndim == 4 else second, expected * 255)


def test_of_an_animation_the_first_frame_is_read():
    frames = [Image.fromarray(levels(8, 3).astype(np.uint8)) for _ in range(3)]
    for form, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("AVIF", {}), ("PNG", {})):
        content = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
        first = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) / 255
        check(content, first, atol=2 / 255 if form == "AVIF" else 1e-6)


@pytest.mark.parametrize("form", ["WEBP", "AVIF"])
@pytest.mark.parametrize("kind", KINDS)
def test_webp_and_avif(form, kind):
    array = levels(8, KINDS[kind]).astype(np.uint8)
    photo = Image.fromarray(array[..., 0] if kind == "gray" else array)
    options = {"lossless": True, "exact": True} if form == "WEBP" else {"quality": 100}
    for orientation in range(1, 9):
        content = saved(photo, form, exif=exif(orientation), **options)
        image = Image.open(io.BytesIO(content))
        if form == "WEBP":
            # Pillow writes gray as RGB.
            expected = array if KINDS[kind] > 2 else np.asarray(image)
            np.testing.assert_array_equal(imagecodecs.webp_decode(content), expected)
        else:
            expected = np.asarray(image)
        check(content, shown(expected.reshape(*SHAPE, -1), 255, orientation))


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["jpegxl", "jpeg2k"])
def test_jpeg_xl_and_jpeg_2000_keep_all_bits(form, kind, bits):
    array = levels(bits, KINDS[kind]).astype(np.uint8 if bits == 8 else np.uint16)
    array = array[..., 0] if kind == "gray" else array
    options = {"lossless": True} if form == "jpegxl" else {"level": 0}
    content = getattr(imagecodecs, f"{form}_encode")(array, bitspersample=bits, **options)
    check(content, shown(array.reshape(*SHAPE, -1), 2**bits - 1))


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (16, 256), (300, 300), (24, 32), (257, 2000)])
def test_the_size_in_the_header_of_jpeg_xl_is_found_however_it_is_written(size):
    array = np.arange(np.prod(size), dtype=np.uint32).reshape(size)
    check(
        imagecodecs.jpegxl_encode((array % 251).astype(np.uint8), lossless=True), array % 251 / 255
    )


def test_floats_of_jpeg_xl_lie_on_the_unit_interval():
    array = levels(16, 3).astype(np.float32) / 65535
    check(imagecodecs.jpegxl_encode(array, lossless=True), array)
    with pytest.raises(ValueError, match=r"must lie on \[0, 1\]"):
        decode(imagecodecs.jpegxl_encode(array * 3, lossless=True))


def test_openimageio_reads_the_same(tmp_path):
    oiio = pytest.importorskip("OpenImageIO", reason="a further reader, where it is installed")
    compared = set()
    for name, content in every_format().items():
        suffix = next(
            suffix
            for form, suffix in (("jpeg 2000", "jp2"), ("jpeg xl", "jxl"), ("", name.split()[0]))
            if name.startswith(form)
        )
        (tmp_path / f"image.{suffix}").write_bytes(content)
        file = oiio.ImageInput.open(str(tmp_path / f"image.{suffix}"))
        image = decode(content)
        if file and file.spec().get_int_attribute("Orientation", 1) == 1:
            pixels = file.read_image("float")
            if pixels.shape[2] in (1, 3):
                compared.add(name)
                other = image.reshape(pixels.shape)
                np.testing.assert_allclose(other, pixels, atol=3 / 255, err_msg=name)
    assert {"png 16", "tiff 16", "jpeg gray", "bmp"} <= compared


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of an ISO base media file."""
    inside = b"".join(content)
    return (8 + len(inside)).to_bytes(4, "big") + kind + inside


def heic(*sizes: tuple[int, int]) -> bytes:
    """The header of a HEIC file with parts of these widths and heights."""
    parts = [
        box(b"ispe", bytes(4), width.to_bytes(4, "big"), height.to_bytes(4, "big"))
        for width, height in sizes
    ]
    meta = box(b"meta", bytes(4), box(b"iprp", box(b"ipco", box(b"colr", b"nclx"), *parts)))
    return box(b"ftyp", b"heic", bytes(4), b"mif1", b"heic") + meta


def test_heic_is_named_where_imagecodecs_has_no_libheif(monkeypatch):
    monkeypatch.setattr(imagecodecs.HEIF, "available", False)
    with pytest.raises(ValueError, match="built without libheif here and reads no HEIC"):
        decode(heic((8, 8)))


def test_the_size_of_each_part_of_a_heic_is_checked_before_it_is_decoded(monkeypatch):
    pixels = levels(8, 3).astype(np.uint8)
    decoded = []
    monkeypatch.setattr(imagecodecs.HEIF, "available", True)
    monkeypatch.setattr(
        imagecodecs,
        "heif_decode",
        lambda data, index: decoded.append(data) or pixels,
        raising=False,
    )
    for content, reason in (
        (heic(), "tells no size"),
        (heic((8, 8), (60_000, 60_000)), "more than 89478485 pixels"),
        (heic((0, 8)), "0 × 8 pixels"),
    ):
        with pytest.raises(ValueError, match=reason):
            decode(content)
    assert not decoded
    check(heic((18, 13)), pixels / 255)


def _short(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "little") for value in values)


SMALL = {
    256: (3, 1, _short(8)),
    257: (3, 1, _short(8)),
    258: (3, 1, _short(8)),
    259: (3, 1, _short(1)),
    262: (3, 1, _short(1)),
    273: (3, 1, _short(1000)),
    277: (3, 1, _short(1)),
    278: (3, 1, _short(8)),
    279: (3, 1, _short(64)),
}


def small(changes: dict[int, tuple[int, int, bytes]]) -> bytes:
    return tiff_fields(*((tag, *value) for tag, value in sorted({**SMALL, **changes}.items())))


@pytest.mark.parametrize(
    "tag", [256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 338, 339]
)
@pytest.mark.parametrize(
    "value",
    [
        (3, 2, _short(8, 8)),
        (3, 0, b""),
        (2, 4, b"abc\0"),
        (5, 1, b"\1\0\0\0\1\0\0\0"),
        (11, 1, b"\0\0\x80\x3f"),
        (3, 60000, b"\x88\x13\0\0"),
        (4, 2**32 - 1, b"\0\0\0\0"),
        (99, 1, b"\1\0\0\0"),
    ],
    ids=["two", "none", "text", "rational", "float", "outside", "endless", "unknown type"],
)
def test_a_field_of_another_type_or_count_is_named_before_anything_is_computed_from_it(tag, value):
    assert decode(small({})).shape == (8, 8)
    huge = {257: (4, 1, (10**8).to_bytes(4, "little"))} if tag != 257 else {}
    with pytest.raises(ValueError, match=r"field|pixels|not supported|rows"):
        decode(small({**huge, tag: value}))
    # More strips than the image has are left out.
    if value[1] in (1, 2) and (tag, value[1]) not in ((273, 2), (279, 2)):
        with pytest.raises(ValueError, match=r"field|strips or tiles|not supported"):
            decode(small({tag: value}))


def test_a_field_that_is_there_twice_is_refused():
    fields = [(tag, *value) for tag, value in SMALL.items()]
    with pytest.raises(ValueError, match="ImageWidth is there twice"):
        decode(tiff_fields(fields[0], *fields))


@pytest.mark.parametrize("bits", [3, 5, 6, 7, 24])
def test_a_number_of_bits_that_is_not_read_is_named(bits):
    content = small({258: (3, 1, _short(bits))})
    with pytest.raises(ValueError, match=rf"^{bits} bits a sample are not supported: 1, 2, 4, 8"):
        decode(content)


def test_signed_samples_are_refused_whatever_their_bits():
    for kind in (np.int8, np.int16):
        with pytest.raises(ValueError, match="signed bits a sample are not supported"):
            decode(tiff(np.zeros((4, 4), kind)))
