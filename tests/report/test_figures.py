from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot
from matplotlib.text import Annotation
from PIL import Image

from priorbench.report.figures.canvas import new_figure
from priorbench.report.figures.cost import draw_cost
from priorbench.report.figures.differences import draw_differences
from priorbench.report.figures.dots import rank_priors
from priorbench.report.figures.gallery import Panel, draw_gallery, find_detail
from priorbench.report.figures.labels import label_points
from priorbench.report.figures.scores import draw_scores
from priorbench.report.figures.style import BASELINE, family_marks, save
from priorbench.results.statistics import summarise


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
        experiment.catalogue, priors={"observed": "observation"}, datasets=("bsd68",)
    )
    scores = experiment.scores[experiment.scores["prior"] == "observed"]
    runs = experiment.runs[experiment.runs["prior"] == "observed"]
    for figure in (
        draw_scores(scores, catalogue, "psnr"),
        draw_differences(scores, catalogue, "psnr"),
        draw_cost(scores, runs, catalogue, "psnr"),
    ):
        assert any("observation" in word for word in words(figure))


def test_points_of_the_cost_have_the_numbers_of_the_names(experiment):
    figure = draw_cost(experiment.scores, experiment.runs, experiment.catalogue, "psnr")
    (legend,) = figure.legends
    names = dict(text.get_text().split(maxsplit=1) for text in legend.get_texts())
    assert set(names.values()) == set(experiment.catalogue.priors.values()) - {"observation"}
    assert names["1"] == experiment.catalogue.priors["gmm-K200"], "the best has the first number"
    for axes in figure.axes:
        if axes.get_visible():
            numbers = [text.get_text() for text in axes.texts if text.get_text()]
            assert numbers and len(numbers) == len(set(numbers)) and set(numbers) <= set(names)


@pytest.mark.parametrize("length", [3, 30, 60, 200])
def test_long_names_stay_inside_the_cost_figure(experiment, length):
    named = {
        prior: label.ljust(length, "x") for prior, label in experiment.catalogue.priors.items()
    }
    figure = draw_cost(
        experiment.scores, experiment.runs, replace(experiment.catalogue, priors=named), "psnr"
    )
    (legend,) = figure.legends
    box, whole = legend.get_window_extent(), figure.bbox
    assert box.x0 >= whole.x0 or length == 200
    assert all(axes.get_window_extent().y1 <= box.y0 for axes in figure.axes if axes.get_visible())
    assert min(axes.get_window_extent().height for axes in figure.axes if axes.get_visible()) > 100


def test_priors_are_ranked_in_the_direction_of_the_metric(experiment):
    summary = summarise(experiment.scores, experiment.catalogue.metrics)
    order = rank_priors(summary[summary["metric"] == "psnr"], experiment.catalogue, "psnr")
    lower = {"psnr": replace(experiment.catalogue.metrics["psnr"], higher_is_better=False)}
    reverse = rank_priors(
        summary[summary["metric"] == "psnr"], replace(experiment.catalogue, metrics=lower), "psnr"
    )
    assert order[0] == "gmm-K200" and order[-1] == "observed"
    assert order == reverse[::-1]


def test_a_family_has_one_mark_whatever_its_members():
    marks = family_marks(["observed", "tv", "gmm-K1", "gmm-K200", "nlm"])
    assert marks["gmm-K1"] == marks["gmm-K200"]
    assert len(set(marks.values())) == 4
    assert family_marks(["tv", "gmm-K50"])["gmm-K50"] == marks["gmm-K1"]


def test_families_are_told_apart_where_there_are_more_than_colours():
    marks = family_marks([f"family{number}" for number in range(30)] + [BASELINE])
    assert len(set(marks.values())) == 31
    assert len({mark.colour for mark in marks.values()}) < 31


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


@pytest.mark.parametrize(("scale", "channels"), [(1, 1), (1, 3), (2, 1), (4, 3)])
def test_gallery_shows_gray_colour_and_smaller_observations(scale, channels):
    figure = gallery(scale, channels)
    for axes in figure.axes:
        for image in axes.images:
            assert list(image.get_extent()) == [0, 60, 40, 0]
    assert len([axes for axes in figure.axes if axes.images]) == 4


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
