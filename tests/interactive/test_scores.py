"""Scores and figures by the protocol of the task, and the lists of what there is."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import priorbench as pb
from priorbench.data.tensors import to_tensor
from priorbench.figures.canvas import ShownFigure
from priorbench.interactive.progress import progress_of
from priorbench.metrics.consistency import residual
from priorbench.metrics.fidelity import psnr, psnr_y, ssim
from priorbench.tasks import Denoise, SuperResolve

RANDOM = np.random.default_rng(0)
GRAY, COLOUR = 0.2 + 0.6 * RANDOM.random((32, 40)), 0.2 + 0.6 * RANDOM.random((32, 40, 3))
WORSE = COLOUR + RANDOM.normal(0, 0.1, COLOUR.shape)


def test_a_score_is_the_metric_s() -> None:
    assert pb.score(WORSE, COLOUR) == pytest.approx(psnr(WORSE, COLOUR), abs=1e-4)
    assert pb.score(WORSE, COLOUR, metric="ssim") == pytest.approx(ssim(WORSE, COLOUR), abs=1e-5)
    both = pb.score(WORSE, COLOUR, metric=["psnr", "ssim"])
    assert list(both) == ["psnr", "ssim"]
    assert both["psnr"] == pb.score(WORSE, COLOUR)


def test_containers_do_not_matter() -> None:
    tensor = torch.from_numpy(WORSE).permute(2, 0, 1)
    assert pb.score(tensor, COLOUR) == pb.score(WORSE, COLOUR)
    levels = np.rint(255 * COLOUR).astype(np.uint8)
    assert pb.score(levels, levels / 255) == 120


def test_super_resolution_is_scored_on_the_luma_without_a_border() -> None:
    problem = pb.corrupt(COLOUR[:31, :39], SuperResolve(factor=2))
    restored = WORSE[:30, :38]
    inside = np.s_[2:-2, 2:-2]
    expected = psnr_y(restored[inside], COLOUR[:30, :38][inside])
    assert pb.score(restored, COLOUR[:31, :39], problem=problem) == pytest.approx(
        expected, abs=1e-3
    )
    with pytest.raises(ValueError, match=r"give problem=\.\.\. as well"):
        pb.score(restored, COLOUR[:31, :39])


def test_a_metric_of_the_problem_needs_no_clean_image() -> None:
    problem = pb.corrupt(COLOUR, Denoise(sigma=25))
    assert pb.score(COLOUR, problem=problem, metric="residual") == pytest.approx(1, abs=0.1)
    kept = np.clip(problem.observation, 0, 1)
    assert pb.score(problem.observation, problem=problem, metric="residual") == pytest.approx(
        residual(to_tensor(kept), problem)
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: pb.score(WORSE, COLOUR, metric="pnsr"), ["'pnsr'", "mean 'psnr'"]),
        (lambda p: pb.score(WORSE), ["psnr compares with the clean image"]),
        (lambda p: pb.score(WORSE, COLOUR, metric="residual"), ["give problem=..."]),
        (lambda p: pb.score(GRAY, COLOUR), ["32 × 40 × 1", "32 × 40 × 3"]),
        (lambda p: pb.score(GRAY, COLOUR, problem=p), ["that of the problem 32 × 40 × 3"]),
        (lambda p: pb.score(255 * WORSE, COLOUR), ["the restored image has values", "[0, 1]"]),
        (lambda p: pb.score(WORSE, np.nan * COLOUR), ["the clean image holds NaN"]),
        (lambda p: pb.show(p, GRAY), ["'restored'", "(3, 32, 40)"]),
        (lambda p: pb.show(COLOUR), ["a problem is shown, not an object of type ndarray"]),
    ],
)
def test_what_cannot_be_scored_or_shown_is_one_message(call: Any, words: list[str]) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        call(pb.corrupt(COLOUR, Denoise(sigma=25)))
    for word in words:
        assert word in str(caught.value)


def titles(figure: Any) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def test_a_figure_shows_what_there_is_with_its_psnr() -> None:
    problem = pb.corrupt(COLOUR, Denoise(sigma=25))
    figure = pb.show(problem, {"one": WORSE, "two": COLOUR}, COLOUR, title="A photograph")
    observed = pb.score(problem.observation, COLOUR)
    assert titles(figure) == [
        "clean\n",
        f"corrupted\n{observed:.2f} dB",
        f"one\n{pb.score(WORSE, COLOUR):.2f} dB",
        "two\n120.00 dB",
    ]
    assert figure.texts[0].get_text() == "A photograph"


@pytest.mark.parametrize("image", [GRAY, COLOUR], ids=["gray", "colour"])
@pytest.mark.parametrize("restored", [None, "one"])
def test_a_figure_without_the_clean_image(image: np.ndarray, restored: str | None) -> None:
    problem = pb.observe(image, Denoise(sigma=25))
    figure = pb.show(problem, None if restored is None else image)
    assert titles(figure) == ["corrupted\n", *([] if restored is None else ["restored\n"])]


def test_a_figure_of_a_smaller_observation_and_of_a_cut_image() -> None:
    problem = pb.corrupt(COLOUR[:31, :39], SuperResolve(factor=2))
    shown = titles(pb.show(problem, WORSE[:30, :38], COLOUR[:31, :39]))
    assert len(shown) == 3
    assert shown[1].endswith("dB, interpolated")


def test_a_notebook_shows_a_figure_without_pyplot() -> None:
    figure = pb.show(pb.corrupt(GRAY, Denoise(sigma=25)), clean=GRAY)
    assert isinstance(figure, ShownFigure)
    picture = Image.open(BytesIO(figure._repr_png_()))
    shown = figure.get_size_inches()
    assert picture.width / picture.height == pytest.approx(shown[0] / shown[1], rel=0.02)


def test_the_lists_are_tables(bench: Any) -> None:
    bench.image("one", GRAY)
    bench.plugin(
        "kinds",
        """
        from priorbench import Parameters, PriorSpec, hookimpl
        from priorbench.priors import Denoiser

        class Sizes(Parameters):
            size: int = 3

        class Same(Denoiser):
            def __init__(self, size):
                pass

            def denoise(self, image, sigma):
                return image

        @hookimpl
        def register_priors():
            yield PriorSpec(name="same", factory=Same, parameters=Sizes, summary="nothing")
            yield PriorSpec(name="broken", factory=".nowhere:Same", summary="broken")
        """,
    )
    settings = {"same": {"parameters": {"size": [3, 5]}}}
    bench.plan(priors={"settings": settings})
    listed = pb.priors()
    assert isinstance(listed, pd.DataFrame)
    assert {"same-size3", "same-size5", "broken"} <= set(listed.index)
    assert listed.loc["same-size3", ["kind", "trained", "summary"]].tolist() == [
        "denoiser",
        "",
        "nothing",
    ]
    assert "failed to load" in str(listed.loc["broken", "kind"])
    tasks = pb.tasks()
    assert tasks.loc["denoise-0", "parameters"] == "sigma=0.0"
    assert tasks.loc["denoise", "parameters"] == "sigma=25"
    assert tasks.loc["inpaint-mask", "parameters"] == "sigma=0, mask=required"
    for name in tasks.index.drop("inpaint-mask"):
        assert pb.corrupt(GRAY, name).task


def test_a_bar_in_the_terminal_and_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of(True, "restoring by one") as told:
        told(0.5, loss=0.25)
    assert "restoring by one" in capsys.readouterr().err
    with progress_of(False, "restoring by one") as told:
        told(0.5)
    said = capsys.readouterr()
    assert said.out == said.err == ""
