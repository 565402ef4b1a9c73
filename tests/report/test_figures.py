from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.text import Annotation
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from priorbench.figures.canvas import new_figure
from priorbench.figures.cost import draw_cost
from priorbench.figures.differences import draw_differences
from priorbench.figures.dots import Row, draw_rows, near, rank_priors
from priorbench.figures.gallery import Panel, draw_gallery, find_detail
from priorbench.figures.labels import label_points
from priorbench.figures.marks import (
    PALETTE,
    SHAPES,
    Mark,
    contrast_to_white,
    linear_rgb,
    prior_marks,
)
from priorbench.figures.observation import shown_as
from priorbench.figures.scores import draw_scores
from priorbench.figures.style import GRAY, LINE, save
from priorbench.results import Catalogue
from priorbench.results.statistics import summarise
from priorbench.tasks.inpaint import Inpaint
from priorbench.tasks.sense import Sense
from priorbench.tasks.superresolve import SuperResolve


def gallery(observed_scale=1, channels=1):
    random = np.random.default_rng(0)
    clean = random.random((40, 60, channels))
    observed = clean[::observed_scale, ::observed_scale]
    panels = [
        Panel("first", clean * 0.9, "20.00 dB"),
        Panel("second", None, "timeout"),
        Panel("third", clean, "∞ dB"),
    ]
    return draw_gallery(clean, observed, panels, title="denoise σ = 25")


def smaller(experiment):
    tasks = {
        task: label for task, label in experiment.catalogue.tasks.items() if task != "denoise-15"
    }
    return replace(experiment.catalogue, datasets=("bsd68",), tasks=tasks)


FIGURES = {
    "scores": lambda e: draw_scores(e.scores, smaller(e), "psnr"),
    "differences": lambda e: draw_differences(e.scores, smaller(e), "ssim"),
    "cost": lambda e: draw_cost(e.scores, e.runs, smaller(e), "psnr"),
    "gallery": lambda e: gallery(),
}


def words(figure):
    texts = [text.get_text() for axes in figure.axes for text in (*axes.texts, axes.title)]
    texts += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return texts + [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_drawn_twice_is_the_same_file(experiment, tmp_path, name):
    for attempt in ("a", "b"):
        save(FIGURES[name](experiment), tmp_path / attempt / "figure.svg")
    for suffix in ("svg", "png"):
        first, second = (
            (tmp_path / attempt / f"figure.{suffix}").read_bytes() for attempt in ("a", "b")
        )
        assert first == second
    assert Image.open(tmp_path / "a" / "figure.png").width > 600


def test_drawing_leaves_matplotlib_as_it_was(experiment):
    before, open_figures = dict(mpl.rcParams), pyplot.get_fignums()
    draw_scores(experiment.scores, experiment.catalogue, "psnr")
    gallery()
    assert dict(mpl.rcParams) == before and pyplot.get_fignums() == open_figures


@pytest.mark.parametrize("path", ["figure.png", "denoise-0.5"])
def test_a_path_without_svg_is_an_error(tmp_path, path):
    with pytest.raises(ValueError, match=r"must end in \.svg"):
        save(gallery(), tmp_path / path)


@pytest.mark.slow
def test_failures_are_words_in_the_figures(experiment):
    for name in ("scores", "differences"):
        shown = words(FIGURES[name](experiment))
        assert "timeout" in shown and "diverged" in shown and "can't do this" in shown
    assert "10/12" in words(FIGURES["scores"](experiment))
    shown = words(gallery())
    assert "no image" in shown and "second\ntimeout" in shown


def test_a_task_that_the_metric_is_not_defined_for_has_no_column(experiment):
    scores, tasks = experiment.scores.copy(), list(experiment.catalogue.tasks)
    undefined = scores["task"] == tasks[0]
    scores.loc[undefined, "status"] = "unsupported"
    scores.loc[undefined, "value"] = float("nan")
    titles = {
        axes.get_title() for axes in draw_scores(scores, experiment.catalogue, "psnr").axes
    } - {""}
    assert titles == {experiment.catalogue.tasks[task] for task in tasks[1:]}


def test_no_scores_give_a_figure_that_says_so(experiment):
    nothing = experiment.scores.iloc[:0]
    for figure in (
        draw_scores(nothing, experiment.catalogue, "psnr"),
        draw_differences(nothing, experiment.catalogue, "psnr"),
        draw_cost(nothing, experiment.runs.iloc[:0], experiment.catalogue, "psnr"),
    ):
        assert [text.get_text() for text in figure.texts] == ["no restoration has a score"]


def test_an_experiment_with_the_observation_only_can_be_drawn(experiment):
    catalogue = replace(
        experiment.catalogue,
        priors={"observed": "observation, interpolated"},
        datasets=("bsd68",),
    )
    scores = experiment.scores[experiment.scores["prior"] == "observed"]
    runs = experiment.runs[experiment.runs["prior"] == "observed"]
    for figure in (
        draw_scores(scores, catalogue, "psnr"),
        draw_differences(scores, catalogue, "psnr"),
        draw_cost(scores, runs, catalogue, "psnr"),
    ):
        assert any("observation" in word for word in words(figure))


@pytest.mark.slow
def test_points_of_the_cost_have_the_names_of_their_priors(experiment):
    figure = draw_cost(experiment.scores, experiment.runs, experiment.catalogue, "psnr")
    summary = summarise(experiment.scores, {"psnr": experiment.catalogue.metrics["psnr"]})
    done = summary[(summary["n"] > 0) & (summary["prior"] != "observed")]
    panels = [axes for axes in figure.axes if axes.get_visible()]
    cells = [
        (dataset, task)
        for dataset in experiment.catalogue.datasets
        for task in experiment.catalogue.tasks
    ]
    for axes, (dataset, task) in zip(panels, cells, strict=True):
        own = done[(done["dataset"] == dataset) & (done["task"] == task)]
        names = sorted(text.get_text() for text in axes.texts if text.get_text())
        expected = sorted(experiment.catalogue.prior_label(prior) for prior in own["prior"])
        assert [name.split(" ▾")[0].split(" ▴")[0] for name in names] == expected


@pytest.mark.slow
def test_the_line_of_the_cost_is_explained_and_joins_complete_priors_only(experiment):
    figure = draw_cost(experiment.scores, experiment.runs, experiment.catalogue, "psnr")
    assert any("Pareto front" in word for word in words(figure))
    assert "without training" in figure.get_supxlabel()
    incomplete = 0
    for axes in figure.axes:
        line, *points = axes.lines
        hollow = [own for own in points if own.get_markerfacecolor() == "white"]
        incomplete += len(hollow)
        for point in hollow:
            assert point.get_xdata()[0] not in line.get_xdata()
    assert incomplete, "some prior failed on an image"


def drawn_costs(figure):
    """Return the costs that are drawn in the first panel."""
    _, *points = figure.axes[0].lines
    return sorted(float(point.get_xdata()[0]) for point in points)


@pytest.mark.slow
def test_the_cost_is_in_processor_seconds_or_by_the_clock_of_a_gpu(experiment):
    runs = experiment.runs
    first = runs[
        (runs["dataset"] == "bsd68")
        & (runs["task"] == "denoise-15")
        & (runs["prior"] != "observed")
    ]
    for memory, name, label in (
        (np.nan, "processor_seconds", "processor seconds per image"),
        (100.0, "seconds", "seconds per image on a GPU"),
    ):
        own = runs.assign(device_memory_mb=memory)
        figure = draw_cost(experiment.scores, own, experiment.catalogue, "psnr")
        assert drawn_costs(figure) == pytest.approx(sorted(first.groupby("prior")[name].mean()))
        assert figure.get_supxlabel() == f"{label}, without training"
        assert not any("GPU" in word for word in words(figure))


@pytest.mark.slow
def test_costs_of_processors_and_of_a_gpu_are_told_apart_and_not_compared(experiment):
    on_gpu = ["gmm-K10", "gmm-K50", "gmm-K200"]
    memory = experiment.runs["prior"].map(lambda prior: 100 if prior in on_gpu else np.nan)
    runs = experiment.runs.assign(device_memory_mb=memory)
    figure = draw_cost(experiment.scores, runs, experiment.catalogue, "psnr")
    assert "GPU where it says so" in figure.get_supxlabel()
    axes = figure.axes[0]
    names = [text.get_text() for text in axes.texts]
    named = {name.removesuffix(" (GPU)") for name in names if name.endswith(" (GPU)")}
    assert named == {experiment.catalogue.priors[prior] for prior in on_gpu}
    own = runs[(runs["dataset"] == "bsd68") & (runs["task"] == "denoise-15")]
    walls = set(own[own["prior"].isin(on_gpu)].groupby("prior")["seconds"].mean())
    fronts = [set(line.get_xdata()) for line in axes.lines[:2]]
    assert [front & walls for front in fronts] == [set(), fronts[1]]
    assert all(len(front) > 1 for front in fronts)


@pytest.mark.slow
@pytest.mark.parametrize("length", [3, 30, 200])
def test_long_names_stay_inside_the_cost_figure(experiment, length):
    named = {
        prior: label.ljust(length, "x") for prior, label in experiment.catalogue.priors.items()
    }
    figure = draw_cost(
        experiment.scores, experiment.runs, replace(experiment.catalogue, priors=named), "psnr"
    )
    for axes in figure.axes:
        if axes.get_visible():
            assert axes.get_window_extent().height > 100
            frame = axes.get_window_extent()
            for text in axes.texts:
                box = text.get_window_extent()
                assert box.x0 >= frame.x0 - 1 and box.x1 <= frame.x1 + 1


def test_priors_are_ranked_in_the_direction_of_the_metric(experiment):
    summary = summarise(experiment.scores, experiment.catalogue.metrics)
    order = rank_priors(summary[summary["metric"] == "psnr"], experiment.catalogue, "psnr")
    lower = {"psnr": replace(experiment.catalogue.metrics["psnr"], higher_is_better=False)}
    reverse = rank_priors(
        summary[summary["metric"] == "psnr"], replace(experiment.catalogue, metrics=lower), "psnr"
    )
    assert order[0] == "gmm-K200" and order[-1] == reverse[-1] == "observed"
    assert order[:-1] == reverse[-2::-1]


SIZES = [f"gmm-K{size}" for size in (2, 10, 50, 100, 150, 200)]
DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
PROTANOPIA = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
)
"""Of linear light, severity 1: Machado, Oliveira and Fernandes, DOI 10.1109/TVCG.2009.113."""
VISION = {"normal": np.eye(3), "deuteranopia": DEUTERANOPIA, "protanopia": PROTANOPIA}


def catalogue_of(priors, baselines=()):
    return Catalogue(
        priors={prior: prior for prior in priors},
        tasks={},
        datasets=(),
        metrics={},
        baselines=frozenset(baselines),
    )


def seen(colours, vision):
    """Return the CIELAB colours that someone with this vision sees, N × 3."""
    linear = (np.stack([linear_rgb(colour) for colour in colours]) @ vision.T).clip(0, 1)
    encoded = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clip(1e-9) ** (1 / 2.4) - 0.055
    )
    return rgb2lab(encoded)


@pytest.mark.parametrize("vision", VISION)
def test_all_hues_are_told_apart_and_from_gray(vision):
    lab = seen([*PALETTE, to_rgb(GRAY)], VISION[vision])
    differences = deltaE_ciede2000(lab[:, None], lab[None])
    assert differences[~np.eye(len(lab), dtype=bool)].min() > 12


@pytest.mark.parametrize("family", range(len(PALETTE)))
@pytest.mark.parametrize("vision", VISION)
def test_the_sizes_of_a_mixture_are_told_apart(vision, family):
    before = [f"family{number}" for number in range(family)]
    marks = prior_marks(catalogue_of([*before, *SIZES]))
    sizes = [marks[prior] for prior in SIZES]
    assert len({mark.shape for mark in sizes}) == len(SIZES)
    lab = seen([mark.colour for mark in sizes], VISION[vision])
    assert (np.diff(lab[:, 0]) < -3).all(), "darker from size to size"
    assert deltaE_ciede2000(lab[1:], lab[:-1]).min() > 3


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_every_mark_stands_out_from_white_and_is_unique(sizes):
    priors = [f"f{family}-{member}" for family, size in enumerate(sizes) for member in range(size)]
    marks = prior_marks(catalogue_of([*priors, "floor"], {"floor"}))
    assert list(marks) == ["floor", *priors] and set(marks["floor"].colour) == {float(GRAY)}
    assert min(contrast_to_white(mark.colour) for mark in marks.values()) >= 3
    hues = [
        sum(sizes[lap] for lap in range(hue, len(sizes), len(PALETTE)))
        for hue in range(len(PALETTE))
    ]
    if max(hues) <= len(SHAPES):
        assert len(set(marks.values())) == len(marks)


@pytest.mark.slow
def test_a_baseline_is_whatever_its_record_says(experiment):
    catalogue = replace(experiment.catalogue, baselines=frozenset({"tv"}))
    assert prior_marks(catalogue)["tv"].colour != prior_marks(catalogue)["observed"].colour
    summary = summarise(experiment.scores, {"psnr": catalogue.metrics["psnr"]})
    assert rank_priors(summary, catalogue, "psnr")[-1] == "tv"
    names = words(draw_cost(experiment.scores, experiment.runs, catalogue, "psnr"))
    assert not any("total variation" in name for name in names)
    assert any("observation" in name for name in names)


@pytest.mark.parametrize("name", ["scores", "differences", "cost"])
def test_every_line_and_mark_of_a_figure_stands_out_from_white(experiment, name):
    drawn = 0
    for axes in FIGURES[name](experiment).axes:
        for line in axes.lines:
            assert line.get_alpha() in (None, 1)
            for colour in (line.get_color(), line.get_markeredgecolor()):
                *rgb, opacity = to_rgba(colour)
                assert opacity == 1 and contrast_to_white(tuple(rgb)) >= 3
                drawn += 1
    assert drawn > 20 and contrast_to_white(to_rgb(LINE)) >= 3


def with_values(experiment, changes, metric="psnr"):
    """Return the scores with other values of some priors in one task."""
    scores = experiment.scores.copy()
    for prior, value in changes.items():
        chosen = (
            (scores["prior"] == prior)
            & (scores["task"] == "denoise-25")
            & (scores["metric"] == metric)
            & (scores["source"] == "measured")
        )
        scores.loc[chosen, "value"] = value
    return scores


@pytest.mark.slow
@pytest.mark.parametrize(("prior", "value"), [("nlm", 120.0), ("nlm", 3.0), ("gmm-K1", 11.0)])
def test_an_outlier_is_written_at_the_edge_whatever_its_prior(experiment, prior, value):
    scores = with_values(experiment, {prior: value})
    catalogue = smaller(experiment)
    place = list(catalogue.tasks).index("denoise-25")
    axes = draw_scores(scores, catalogue, "psnr").axes[place]
    low, high = axes.get_xlim()
    assert high - low < 20
    texts = [text.get_text() for text in axes.texts]
    assert any(f"{value:.2f}" in text and ("◂" in text or "▸" in text) for text in texts)
    axes = draw_differences(scores, catalogue, "psnr").axes[place]
    low, high = axes.get_xlim()
    assert high - low < 20
    assert any("◂" in text.get_text() or "▸" in text.get_text() for text in axes.texts)


def row_of(mean, half=0.1):
    return Row(mark=Mark(), mean=mean, low=mean - half, high=mean + half)


@pytest.mark.slow
@given(
    st.lists(st.floats(20, 40), min_size=1, max_size=25),
    st.lists(st.sampled_from([-300.0, 3.0, 120.0, np.inf]), max_size=2),
)
def test_every_mean_is_drawn_or_written_at_the_edge(usual, outliers):
    axes = new_figure(3, 3).subplots()
    rows = [row_of(mean) for mean in [*usual, *outliers]]
    beyond = draw_rows(axes, rows, decimals=2)
    low, high = axes.get_xlim()
    marks = [line for line in axes.lines if line.get_marker() == Mark().shape]
    arrows = [text for text in axes.texts if "◂" in text.get_text() or "▸" in text.get_text()]
    assert len(marks) + len(arrows) == len(rows)
    assert all(low <= mark.get_xdata()[0] <= high for mark in marks)
    assert beyond >= bool(arrows)
    # What is written at the edge would have made the axis a fifth longer, at least.
    room = 0.2 * (high - low)
    outside = [row.mean for row in rows if not low <= row.mean <= high]
    assert all(mean < low - room / 2 or mean > high + room / 2 for mean in outside)


def test_an_interval_that_goes_on_beyond_the_axis_has_an_arrowhead():
    axes = new_figure(3, 3).subplots()
    rows = [*map(row_of, (28.0, 28.5, 29.0, 29.5, 30.0, 30.5)), row_of(29.2, half=40.0)]
    assert draw_rows(axes, rows, decimals=2)
    low, high = axes.get_xlim()
    assert high - low < 10
    heads = {line.get_marker(): line for line in axes.lines if line.get_marker() in ("<", ">")}
    assert {head: float(line.get_xdata()[0]) for head, line in heads.items()} == {
        "<": low,
        ">": high,
    }
    assert not draw_rows(new_figure(3, 3).subplots(), rows[:-1], decimals=2)


def test_a_metric_with_a_target_shows_it(experiment):
    metrics = {"psnr": replace(experiment.catalogue.metrics["psnr"], target=27.25)}
    catalogue = replace(smaller(experiment), metrics=metrics)
    figure = draw_scores(experiment.scores, catalogue, "psnr")
    assert any("clean image has on average: 27.25" in word for word in words(figure))
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert low < 27.25 < high
        assert any(list(line.get_xdata()) == [27.25, 27.25] for line in axes.lines)
    plain = words(draw_scores(experiment.scores, smaller(experiment), "psnr"))
    assert not any("clean image" in word for word in plain)


def test_a_metric_without_a_best_has_no_differences(experiment):
    metrics = {"psnr": replace(experiment.catalogue.metrics["psnr"], higher_is_better=None)}
    catalogue = replace(experiment.catalogue, metrics=metrics)
    figure = draw_differences(experiment.scores, catalogue, "psnr")
    assert [text.get_text() for text in figure.texts] == ["PSNR (dB) has no best"]


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=30),
    st.floats(0.01, 100),
    st.floats(-100, 100),
)
def test_what_is_near_does_not_depend_on_units(values, scale, shift):
    numbers = np.round(values, 3)
    found = near(numbers)
    assert 2 * found.sum() > len(numbers)
    moved = scale * numbers + shift
    differences = np.abs(numbers - np.median(numbers))
    if np.median(differences) > 0.01:
        assert near(moved).sum() == pytest.approx(found.sum(), abs=1)


def test_near_leaves_out_what_is_far_and_what_is_not_finite():
    usual = [27.0, 28.0, 28.5, 29.0, 29.5, 30.0]
    assert near(usual).all()
    assert list(near([*usual, 15.0, 120.0, np.inf, np.nan])) == [True] * 6 + [False] * 4
    assert near([30.0, 120.0]).all(), "of two, neither is far"
    assert near([30.0, 30.0, 30.0, 31.0]).all(), "most are equal"
    assert list(near([28.0, 29.0, 120.0])) == [True, True, False]
    assert not near([np.nan]).any()


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12, unique=True)
)
def test_labels_of_distinct_points_do_not_overlap(places):
    figure = new_figure(4, 3)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8), xlim=(-1, 10), ylim=(-1, 10))
    label_points(axes, [(x, y, f"prior {x} {y}") for x, y in places], line=np.empty((0, 2)))
    labels = [text for text in axes.texts if isinstance(text, Annotation) and text.get_text()]
    assert len(labels) == len(places)
    boxes = [label.get_window_extent() for label in labels]
    for i, box in enumerate(boxes):
        for other in boxes[:i]:
            width = min(box.x1, other.x1) - max(box.x0, other.x0)
            height = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert width < 1 or height < 1, "less than a pixel"
        for point in axes.transData.transform(places):
            assert not box.contains(*point)


@pytest.mark.parametrize(("scale", "channels"), [(1, 1), (1, 3), (2, 1), (4, 3)])
def test_gallery_shows_gray_colour_and_smaller_observations(scale, channels):
    figure = gallery(scale, channels)
    for axes in figure.axes:
        for image in axes.images:
            assert list(image.get_extent()) == [0, 60, 40, 0]
    assert len([axes for axes in figure.axes if axes.images]) == 4


@pytest.mark.parametrize(
    ("task", "called"),
    [
        (Inpaint(50), "corrupted"),
        (SuperResolve(factor=2), "corrupted"),
        (Sense(ratio=25), "corrupted (estimate)"),
    ],
)
def test_the_gallery_shows_what_was_observed(task, called):
    image = torch.rand(1, 1, 16, 24, generator=torch.Generator().manual_seed(0))
    problem = task.corrupt(image, torch.Generator().manual_seed(1))
    shown, label = shown_as(problem)
    assert label == called
    assert torch.equal(shown, problem.y if called == "corrupted" else problem.estimate())


def test_the_detail_is_where_the_restorations_differ():
    random = np.random.default_rng(0)
    clean = random.random((60, 80, 1))
    changed = clean.copy()
    changed[35:45, 50:60] = 1 - changed[35:45, 50:60]
    top, left, side = find_detail(clean, [clean, changed])
    assert top <= 36 and top + side >= 44 and left <= 51 and left + side >= 59


@given(st.integers(8, 40), st.integers(8, 40), st.integers(0, 3))
def test_the_detail_lies_inside_the_image(height, width, count):
    random = np.random.default_rng(count)
    top, left, side = find_detail(
        random.random((height, width, 1)), list(random.random((count, height, width, 1)))
    )
    assert 0 <= top <= height - side and 0 <= left <= width - side
