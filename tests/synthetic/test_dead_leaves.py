"""The statistics are tested against theory; seeds are fixed, and tolerances are 4 standard errors
or named.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from scipy.stats import binomtest, kstest, kurtosis

from priorbench.config import ConfigError
from priorbench.data.embedded import file_of
from priorbench.data.images import read_image, write_image
from priorbench.data.tensors import to_tensor
from priorbench.numerics.patches import draw_patches
from priorbench.plan.variants import validate_parameters
from priorbench.plugins.manager import load_plugins
from priorbench.specs import NAME
from priorbench.synthetic import sources
from priorbench.synthetic.dead_leaves import Scene, dead_leaves, load_dead_leaves
from priorbench.synthetic.leaves import (
    BARE,
    POLYGON,
    Leaves,
    cover,
    draw_leaves,
    power_law,
    power_law_integral,
)
from priorbench.synthetic.mini_dead_leaves import load_mini_dead_leaves, mini_dead_leaves
from priorbench.synthetic.paint import PHOTOGRAPHS
from priorbench.synthetic.sources import DeadLeavesParameters, MiniDeadLeavesParameters
from priorbench.synthetic.textures import exponential_textures, power_law_texture

SMALL = {"height": 48, "width": 64, "antialias": 2}


def parameters(**values) -> DeadLeavesParameters:
    return DeadLeavesParameters(**values)


def some(leaves: Leaves, which: np.ndarray | slice) -> Leaves:
    return Leaves(*(value[..., which] if value.size else value for value in vars(leaves).values()))


@cache
def drawn(count: int, **values) -> list[np.ndarray]:
    return [dead_leaves(parameters(**values), number) for number in range(count)]


def gradients(images: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(
        [np.diff(image, axis=axis).ravel() for image in images for axis in (0, 1)]
    )


def halved(image: np.ndarray) -> np.ndarray:
    return image.reshape(image.shape[0] // 2, 2, -1, 2).mean((1, 3))


def spectral_slope(image: np.ndarray) -> float:
    """The slope of log power over log frequency, from the radially averaged periodogram under a
    Hann window.
    """
    side = len(image)
    window = np.hanning(side)
    power = abs(np.fft.fft2((image - image.mean()) * window[:, None] * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    edges = np.geomspace(0.02, 0.25, 13)
    ring = np.digitize(frequency, edges)
    mean = [power[ring == number].mean() for number in range(1, len(edges))]
    return np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(mean), 1)[0]


def within(values: list[float], expected: float, errors: float = 4) -> bool:
    return abs(np.mean(values) - expected) < errors * np.std(values, ddof=1) / math.sqrt(
        len(values)
    )


# The leaves


@pytest.mark.parametrize("exponent", [-3, -2, -1, -1 + 1e-12, 0, 1.5, -20])
def test_radii_follow_the_power_law(exponent):
    def distribution(radius):
        return np.array(
            [power_law_integral(exponent, 1, each) for each in radius]
        ) / power_law_integral(exponent, 1, 50)

    radii = power_law(np.random.default_rng(0).random(20000), exponent, 1, 50)
    assert kstest(radii, distribution).pvalue > 1e-3
    other = power_law(np.random.default_rng(0).random(20000), exponent - 0.3, 1, 50)
    assert exponent == -20 or kstest(other, distribution).pvalue < 1e-6


@given(st.floats(-5, 3), st.floats(0.1, 10), st.floats(1.01, 1000))
def test_the_integral_of_a_power_law_is_that_of_quadrature(exponent, low, ratio):
    logarithm = np.linspace(math.log(low), math.log(low * ratio), 20001)
    assert power_law_integral(exponent, low, low * ratio) == pytest.approx(
        np.trapezoid(np.exp((exponent + 1) * logarithm), logarithm), rel=1e-4
    )


@pytest.mark.parametrize(("alpha", "depth"), [(1.0, 3000), (3.0, 200)])
def test_leaves_centred_in_the_image_have_the_density_that_was_asked_for(alpha, depth):
    leaves = draw_leaves(
        parameters(alpha=alpha, r_max=100), 64, 48, depth, np.random.default_rng(1)
    )
    inside = (leaves.x > 0) & (leaves.x < 48) & (leaves.y > 0) & (leaves.y < 64)
    assert inside.sum() > 1000

    def distribution(radius):
        return np.array(
            [power_law_integral(-alpha, 1, each) for each in radius]
        ) / power_law_integral(-alpha, 1, 100)

    assert kstest(leaves.radius[inside], distribution).pvalue > 1e-3
    assert kstest(leaves.x[inside] / 48, "uniform").pvalue > 1e-3
    # Those outside are there to be seen: each bounding square meets the image.
    assert (
        np.all((leaves.x + leaves.radius > 0) & (leaves.y - leaves.radius < 64))
        and not inside.all()
    )


@pytest.mark.parametrize("shapes", ["disc", "polygon", "both"])
def test_a_point_is_covered_as_often_as_was_asked_for(shapes):
    bare = []
    for seed in range(300):
        leaves = draw_leaves(
            parameters(shapes=shapes, r_max=5), 32, 32, 1.0, np.random.default_rng(seed)
        )
        labels = np.full((32, 32), BARE, np.int32)
        cover(labels, leaves, 0, 0, 1)
        bare.append((labels == BARE).mean())
    assert within(bare, math.exp(-1))


def brute_force(leaves: Leaves, height: int, width: int, samples: int) -> np.ndarray:
    """The leaf in front, found by asking every leaf at every sample."""
    y, x = ((np.arange(side * samples) + 0.5) / samples for side in (height, width))
    labels = np.full((len(y), len(x)), BARE, np.int32)
    for number in reversed(range(len(leaves))):
        dy, dx = y[:, None] - leaves.y[number], x[None] - leaves.x[number]
        inside = dx**2 + dy**2 < leaves.radius[number] ** 2
        if leaves.polygon[number]:
            for slope, left, right in zip(
                *(edges[:, number] for edges in (leaves.slope, leaves.left, leaves.right)),
                strict=True,
            ):
                inside &= (dx - slope * dy >= left) & (dx - slope * dy < right)
        labels[inside] = number
    return labels


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(1, 4),
    st.sampled_from(["disc", "polygon", "both"]),
    st.floats(0.3, 4),
    st.floats(1.1, 20),
)
def test_the_map_is_that_of_a_search_over_all_leaves(
    seed, height, width, samples, shapes, smallest, ratio
):
    law = parameters(shapes=shapes, r_min=smallest, r_max=smallest * ratio)
    leaves = draw_leaves(law, height, width, 2, np.random.default_rng(seed))
    labels = np.full((height * samples, width * samples), BARE, np.int32)
    for top in range(0, height, 7):
        cover(labels[top * samples : (top + 7) * samples], leaves, 0, top * samples, samples)
    # Rounding decides whether a sample that lies exactly on an outline is inside.
    assert (labels != brute_force(leaves, height, width, samples)).mean() < 0.003


def test_polygons_are_convex_and_their_corners_lie_on_the_circle():
    leaves = draw_leaves(
        parameters(shapes="polygon", r_min=80, r_max=81), 100, 100, 60, np.random.default_rng(0)
    )
    ratios, corners = [], set()
    for number in range(80):
        alone = some(leaves, slice(number, number + 1))
        alone.x[:] = alone.y[:] = 100
        labels = np.full((200, 200), BARE, np.int32)
        cover(labels, alone, 0, 0, 1)
        place = np.argwhere(labels == 0)
        hull = ConvexHull(place)
        sides = np.diff(place[[*hull.vertices, hull.vertices[0]]], axis=0)
        # Pick's theorem: as many points of the grid as lie in their convex hull.
        assert len(place) == pytest.approx(hull.volume + np.gcd(*sides.T).sum() / 2 + 1)
        distance = np.hypot(*(place + 0.5 - 100).T)
        assert distance.max() == pytest.approx(80, abs=2.5)
        ratios.append(len(place) / (math.pi * 80.5**2))
        corners.add(len({*np.unwrap(alone.slope[:, 0])}))
    assert within(ratios, POLYGON)
    assert corners >= {4, 5, 6}


def test_leaves_that_are_too_many_are_refused_before_they_are_drawn():
    with pytest.raises(
        ValueError,
        match=r"4096 × 4096 pixels with r_min = 0\.1 .*need \d+ leaves; make r_min larger",
    ):
        dead_leaves(parameters(height=4096, width=4096, r_min=0.1), 0)


# The model


def lens(radius: np.ndarray, distance: float) -> np.ndarray:
    """The area common to two discs of equal radius."""
    half = np.minimum(distance / (2 * radius), 1)
    return 2 * radius**2 * (np.arccos(half) - half * np.sqrt(1 - half**2))


def test_two_points_see_the_same_leaf_as_often_as_theory_says():
    """P = K(d) / (2K(0) − K(d)), K(d) the mean area of a leaf that holds both points; Matheron
    1968.
    """
    radius = np.geomspace(1, 64, 5001)
    law = parameters(shapes="disc", height=96, width=96, antialias=1, r_max=64)
    maps = [Scene(law, 96, 96, number).labels(0, 96) for number in range(60)]
    for distance in (1, 2, 4, 8, 16, 32):
        both, one = (
            np.trapezoid(radius**-3 * lens(radius, each), radius) for each in (distance, 0.0)
        )
        same = [(labels[:, distance:] == labels[:, :-distance]).mean() for labels in maps]
        assert within(same, both / (2 * one - both)), distance


@pytest.mark.slow
def test_the_border_is_like_the_inside():
    def visible(leaves: Leaves) -> np.ndarray:
        labels = np.full((32, 32), BARE, np.int32)
        cover(labels, leaves, 0, 0, 1)
        assert labels.max() < BARE
        return np.log(leaves.radius)[labels]

    law = parameters(shapes="disc", r_max=64)
    differences, without = [], []
    for seed in range(300):
        leaves = draw_leaves(law, 32, 32, 100, np.random.default_rng(seed))
        shown = visible(leaves)
        differences.append(shown[:4].mean() - shown[14:18].mean())
        inside = (abs(leaves.x - 16) < 16) & (abs(leaves.y - 16) < 16)
        shown = visible(some(leaves, inside))
        without.append(shown[:4].mean() - shown[14:18].mean())
    assert within(differences, 0)
    # The same test finds the fault of centres inside the image only.
    assert not within(without, 0)


@settings(max_examples=30)
@given(
    st.floats(0, 6),
    st.floats(0.5, 30),
    st.floats(1.001, 1000),
    st.sampled_from(["disc", "polygon", "both"]),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(1, 3),
)
def test_every_sample_is_covered(alpha, smallest, ratio, shapes, shape, samples):
    height, width = shape
    law = parameters(
        alpha=alpha, r_min=smallest, r_max=smallest * ratio, shapes=shapes, antialias=samples
    )
    labels = Scene(law, height, width, 0).labels(0, height)
    assert labels.shape == (height * samples, width * samples)
    assert labels.min() >= 0 and labels.max() < BARE


def test_what_the_first_leaves_leave_bare_gets_leaves_behind_them(monkeypatch):
    law = parameters(**SMALL)
    whole = Scene(law, 48, 64, 0)
    front = whole.labels(0, 48)
    assert len(whole.batches) == 1
    monkeypatch.setattr(math, "log", lambda value: -1.0)
    thin = Scene(law, 48, 64, 0)
    bands = np.concatenate([thin.labels(top, top + 8) for top in range(0, 48, 8)])
    assert len(thin.batches) > 2 and bands.max() < BARE
    assert np.array_equal(bands, thin.labels(0, 48))
    assert not np.array_equal(bands, front)


FLAT = {"shapes": "disc", "colours": "uniform", "height": 256, "width": 256, "antialias": 2}


@pytest.mark.slow
def test_the_power_spectrum_falls_with_the_square_of_the_frequency():
    """Over 12 images the slope has a standard error of 0.06; the finite range of radii shifts it by
    about 0.1.
    """
    slopes = [spectral_slope(image) for image in drawn(12, **FLAT)]
    assert np.mean(slopes) == pytest.approx(-2, abs=0.3)
    small = [spectral_slope(image) for image in drawn(3, **FLAT, alpha=4.5)]
    large = [spectral_slope(image) for image in drawn(3, **FLAT, alpha=1.5)]
    assert np.mean(small) > -1.4 and np.mean(large) < -2.6


def test_gradients_have_heavy_tails():
    """Each image for itself; a Gaussian image of the same spectrum has 3, by 131 000 correlated
    values.
    """
    generator = np.random.default_rng(0)
    for image in drawn(12, **FLAT):
        spectrum = abs(np.fft.fft2(image - image.mean()))
        gaussian = np.fft.ifft2(spectrum * np.fft.fft2(generator.standard_normal(image.shape))).real
        assert kurtosis(gradients([image]), fisher=False) > 7
        assert kurtosis(gradients([gaussian]), fisher=False) == pytest.approx(3, abs=0.3)


@pytest.mark.slow
def test_gradients_stay_what_they_are_when_the_image_is_halved():
    """Where radii go far below a pixel and far beyond the image, up to a factor that is logarithmic
    in their range.
    """

    def change(**law) -> tuple[float, float]:
        images = drawn(4, **{**FLAT, "height": 128, "width": 128, "antialias": 4} | law)
        whole, half = gradients(images), gradients([halved(image) for image in images])
        return np.var(half) / np.var(whole), kurtosis(half, fisher=False) / kurtosis(
            whole, fisher=False
        )

    variance, tails = change(r_min=0.25, r_max=1000)
    assert 0.8 < variance < 1.15 and 0.75 < tails < 1.1
    variance, tails = change(r_min=4, r_max=4.5)
    assert variance > 1.4 and tails < 0.7
    variance, tails = change(alpha=2, r_min=0.25, r_max=1000)
    assert variance > 1.4 and tails < 0.7
    variance, _ = change(alpha=4, r_min=0.4)
    assert variance < 0.7


# The images


def test_an_image_depends_on_its_seed_and_number_alone():
    law = parameters(**SMALL, colour=True, texture=0.1, gradient=0.1)
    image = dead_leaves(law, 7)
    dead_leaves(law, 6)
    np.random.default_rng(0)
    assert np.array_equal(dead_leaves(law, 7), image)
    assert np.array_equal(load_dead_leaves(law.model_copy(update={"count": 8}), "00007"), image)
    assert np.array_equal(dead_leaves(law.model_copy(update={"count": 1}), 7), image)
    others = [dead_leaves(law, 8), dead_leaves(law.model_copy(update={"seed": 1}), 7)]
    for other in others:
        assert abs(other - image).mean() > 0.05


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("colours", ["natural", "uniform"])
def test_the_image_is_what_a_data_set_promises(colour, colours, tmp_path):
    law = parameters(**SMALL, colour=colour, colours=colours, texture=0.5, gradient=0.5, blur=0.7)
    image = dead_leaves(law, 0)
    assert image.shape == ((48, 64, 3) if colour else (48, 64))
    assert image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1
    write_image(tmp_path / "image.png", image)
    assert read_image(tmp_path / "image.png") == pytest.approx(image, abs=1 / 65535)


def codes(image: np.ndarray) -> np.ndarray:
    return np.rint(255 * image.reshape(-1, 3)).astype(int) @ [1, 256, 65536]


@pytest.mark.slow
def test_colours_are_uniform_or_those_of_a_photograph():
    law = {**SMALL, "antialias": 1, "height": 128, "width": 128, "shapes": "disc"}
    for number in range(3):
        image = dead_leaves(parameters(**law, colour=True), number)
        known = [read_image(file_of(name)) for name in PHOTOGRAPHS[True]]
        assert any(np.isin(codes(image), codes(photograph)).all() for photograph in known)
    flat = dead_leaves(parameters(**law, colours="uniform", r_max=3), 0)
    assert kstest(np.unique(flat), "uniform").pvalue > 1e-3
    red, green, _ = (
        dead_leaves(parameters(**law, colours="uniform", colour=True, r_max=3), 0).reshape(-1, 3).T
    )
    assert abs(np.corrcoef(red, green)[0, 1]) < 0.1


def inside_leaves(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Differences between neighbours that show the same leaf."""
    same = labels[:, 1:] == labels[:, :-1]
    return np.diff(image, axis=1)[same]


def test_texture_and_gradient_change_leaves_inside_and_no_outline():
    law = {**SMALL, "antialias": 1, "colours": "uniform", "r_min": 4.0, "r_max": 20.0}
    labels = Scene(parameters(**law), 48, 64, 0).labels(0, 48)
    assert not inside_leaves(dead_leaves(parameters(**law), 0), labels).any()
    for option, strong in (("texture", 0.2), ("gradient", 0.6)):
        weak, much = (
            inside_leaves(dead_leaves(parameters(**law, **{option: size}), 0), labels).std()
            for size in (strong / 4, strong)
        )
        assert 0 < 2 * weak < much
    # A gradient is a plane: second differences vanish where nothing is clipped.
    ramp = dead_leaves(parameters(**law, gradient=0.3), 0)
    for plane, label in ((ramp, labels), (ramp.T, labels.T)):
        unclipped = (plane > 0) & (plane < 1)
        triple = (label[:, 2:] == label[:, :-2]) & (label[:, 1:-1] == label[:, 2:])
        triple &= unclipped[:, 2:] & unclipped[:, :-2]
        assert triple.sum() > 500 and abs(np.diff(plane, 2, axis=1)[triple]).max() < 1e-5
        assert abs(inside_leaves(plane, label)).max() <= 0.3 / (2 * 4) + 1e-6


@pytest.mark.slow
def test_a_blur_smooths_up_to_the_border():
    sharp, soft = (drawn(6, **SMALL, colours="uniform", blur=blur) for blur in (0.0, 1.5))
    assert np.var(gradients(soft)) < 0.1 * np.var(gradients(sharp))
    # A reflection at the border would average fewer leaves there, and leave a larger variance.
    images = drawn(60, height=24, width=256, r_max=6.0, antialias=1, colours="uniform", blur=2.0)
    border = [((image[0] - 0.5) ** 2).mean() - ((image[12] - 0.5) ** 2).mean() for image in images]
    assert within(border, 0)


def test_antialiasing_is_the_part_of_a_pixel_that_a_leaf_covers():
    fine = dead_leaves(parameters(height=32, width=32, colours="uniform", antialias=8), 0)
    errors = [
        abs(
            dead_leaves(parameters(height=32, width=32, colours="uniform", antialias=samples), 0)
            - fine
        ).mean()
        for samples in (1, 2, 4)
    ]
    assert errors[0] > 1.5 * errors[1] > 2 * errors[2] > 0


def test_shapes_are_what_they_are_called():
    discs, polygons, both = (
        draw_leaves(parameters(shapes=shapes), 64, 64, 10, np.random.default_rng(0)).polygon
        for shapes in ("disc", "polygon", "both")
    )
    assert not discs.any() and polygons.all()
    assert binomtest(int(both.sum()), len(both), 0.5).pvalue > 1e-3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"r_min": 0}, r"data\.r_min: .*greater than or equal to 0\.1"),
        ({"r_min": float("nan")}, r"data\.r_min: .*finite"),
        ({"r_min": 5, "r_max": 5}, r"data\.r_max: r_max = 5 must be larger than r_min = 5"),
        ({"r_min": 600}, r"data\.r_max: r_max = 512 must be larger than r_min = 600"),
        ({"r_max": float("inf")}, r"data\.r_max: .*finite"),
        ({"alpha": -1}, r"data\.alpha: "),
        ({"count": 0}, r"data\.count: "),
        ({"height": 0}, r"data\.height: "),
        ({"shapes": "square"}, r"data\.shapes: .*'disc', 'polygon' or 'both'"),
        ({"colours": "red"}, r"data\.colours: .*'natural' or 'uniform'"),
        ({"antialias": 0}, r"data\.antialias: "),
        ({"blur": -1}, r"data\.blur: "),
        ({"radius": 3}, "unknown key 'radius'"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(values, message):
    with pytest.raises(ConfigError, match=message):
        validate_parameters(DeadLeavesParameters, values, "data")


@pytest.mark.parametrize(
    "values", [{"patch": 1}, {"edges": 1.5}, {"correlation": 0}, {"size": 0}, {"contrast": -1}]
)
def test_what_makes_no_sense_for_patches_is_refused_by_name(values):
    with pytest.raises(ConfigError, match=rf"data\.{next(iter(values))}: "):
        validate_parameters(MiniDeadLeavesParameters, values, "data")


# The data sets


@pytest.mark.parametrize("name", ["dead-leaves", "mini-dead-leaves"])
def test_the_data_set_is_registered_and_lists_what_it_loads(name):
    entry = load_plugins([]).datasets[name]
    small = {"height": 16, "width": 16} if name == "dead-leaves" else {"size": 2}
    values = entry.spec.parameters(count=12, **small)
    names = entry.spec.images(values)
    assert list(names)[:2] == ["00000", "00001"] and len(names) == 12
    assert all(NAME.fullmatch(image) for image in names) and set(names.values()) == {None}
    images = [entry.load()(values, image) for image in names]
    assert {image.shape for image in images} == {(16, 16)}
    assert len({image.tobytes() for image in images}) == 12
    with pytest.raises(ValueError, match="unknown image '00012'"):
        entry.load()(values, "00012")


@pytest.mark.parametrize("name", ["dead-leaves", "mini-dead-leaves"])
def test_images_of_one_seed_count_as_the_same_whatever_else_differs(name):
    record = load_plugins([]).datasets[name].spec
    few, many, other = (
        record.origins(record.parameters(**values))
        for values in ({"count": 2}, {"count": 30}, {"seed": 1})
    )
    assert few.items() <= many.items()
    assert not set(other.values()) & set(many.values())
    assert few.keys() == sources.images(record.parameters(count=2)).keys()


# The patches


def patches_of(count: int, seed: int = 0, **values) -> tuple[np.ndarray, np.ndarray]:
    return mini_dead_leaves(count, MiniDeadLeavesParameters(**values), np.random.default_rng(seed))


@pytest.mark.parametrize("edges", [0.0, 0.2, 1.0])
def test_as_many_patches_are_edges_as_was_asked_for(edges):
    patches, edge = patches_of(3000, edges=edges, contrast=0)
    assert binomtest(int(edge.sum()), 3000, edges).pvalue > 1e-3
    spread = np.ptp(patches, axis=(1, 2))
    assert not spread[~edge].any()
    # Some lines only touch a corner or part equal means.
    assert edges == 0 or (spread[edge] > 0.01).mean() > 0.9


def test_an_edge_has_two_sides_with_a_straight_line_between():
    patches, _ = patches_of(2000, edges=1, contrast=0)
    rows, columns = (axis.ravel() - 3.5 for axis in np.mgrid[:8, :8])
    angles, offsets, checked = [], [], 0
    for patch in patches:
        low, high = np.unique(patch)[[0, -1]]
        share = (patch.ravel() - low) / max(high - low, 1e-9)
        if high - low < 0.1 or min((share == 0).sum(), (share == 1).sum()) < 12:
            continue
        # The mixed pixels are the line: no wider than a pixel, and a plane fits them.
        mixed = (share > 0.01) & (share < 0.99)
        assert mixed.sum() <= 16
        system = np.stack([columns, rows, np.ones(64)], 1)[mixed]
        if mixed.sum() < 5 or np.linalg.cond(system) > 100:
            continue
        plane, *_ = np.linalg.lstsq(system, share[mixed])
        assert np.hypot(*plane[:2]) == pytest.approx(1, abs=0.05)
        angles.append(math.atan2(plane[1], plane[0]))
        offsets.append(share.mean())
        checked += 1
    assert checked > 500
    assert kstest((np.array(angles) + math.pi) / (2 * math.pi), "uniform").pvalue > 1e-4
    assert np.mean(offsets) == pytest.approx(0.5, abs=0.03)


def test_the_two_sides_of_an_edge_are_independent():
    patches, _ = patches_of(4000, edges=1, contrast=0)
    corner, opposite = patches[:, 0, 0], patches[:, -1, -1]
    # Where the line is between the corners, and through neither.
    apart = (corner != opposite) & (corner == patches[:, 1, 1]) & (opposite == patches[:, -2, -2])
    assert abs(np.corrcoef(corner[apart], opposite[apart])[0, 1]) < 0.1
    flat, _ = patches_of(4000, edges=0, contrast=0)
    assert np.array_equal(flat[:, 0, 0], flat[:, -1, -1])
    assert kstest(flat[:, 0, 0], "uniform").pvalue > 1e-3


def test_contrast_is_the_mean_standard_deviation_and_varies():
    patches, _ = patches_of(4000, edges=0, contrast=0.02, correlation=0.1)
    middle = patches[abs(patches.mean((1, 2)) - 0.5) < 0.3]
    spread = middle.std(axis=(1, 2))
    assert spread.mean() == pytest.approx(0.02, rel=0.06)
    assert kstest(spread, "expon", args=(0, 0.02)).pvalue > 1e-4
    assert patches.min() >= 0 and patches.max() <= 1 and patches.dtype == np.float32


def test_textures_have_the_covariance_and_the_spectrum_that_they_are_named_after():
    textures = exponential_textures(20000, 4, 3.0, np.random.default_rng(0)).reshape(-1, 16)
    place = np.stack(np.mgrid[:4, :4], -1).reshape(16, 2)
    distance = np.linalg.norm(place[:, None] - place, axis=2)
    # The standard error of a covariance of 20 000 is at most 0.01.
    assert np.cov(textures.T) == pytest.approx(np.exp(-distance / 3), abs=0.04)
    for exponent in (0.5, 2.5):
        texture = power_law_texture(256, exponent, np.random.default_rng(0))
        assert texture.dtype == np.float32 and texture.std() == pytest.approx(1, abs=1e-3)
        power, frequency = (
            abs(np.fft.rfft2(texture)) ** 2,
            np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)),
        )
        inside = frequency > 0
        slope = np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0]
        assert slope == pytest.approx(-exponent, abs=0.1)


def test_a_prior_learns_the_patches_of_a_sheet_on_their_grid():
    values = MiniDeadLeavesParameters(size=6, edges=0, contrast=0)
    sheet = load_mini_dead_leaves(values, "00003")
    assert sheet.shape == (48, 48) and len(np.unique(sheet)) == 36
    generator = torch.Generator().manual_seed(0)
    on_grid, _ = draw_patches([to_tensor(sheet)], 8, 100, 0.1, generator, grid=8)
    assert not np.ptp(on_grid[:].numpy(), axis=1).any()
    anywhere, _ = draw_patches([to_tensor(sheet)], 8, 100, 0.1, generator)
    assert np.ptp(anywhere[:].numpy(), axis=1).any()
    assert np.array_equal(load_mini_dead_leaves(values, "00003"), sheet)
    assert not np.array_equal(
        load_mini_dead_leaves(values.model_copy(update={"seed": 1}), "00003"), sheet
    )
