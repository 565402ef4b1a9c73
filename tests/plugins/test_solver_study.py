"""The study ``solver``: what is restored again, and what it takes to turn an order."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import avg_pool2d

from plugins.studies.solver import claims, measure, variations
from priorbench.data.tensors import to_array
from priorbench.metrics.fidelity import psnr
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context, Denoiser, Prior, Restoration
from priorbench.results import Catalogue
from priorbench.solvers import restore
from priorbench.specs import MetricSpec
from priorbench.specs.solver_settings import SolverSettings, SplittingSettings
from priorbench.tasks import Denoise, Inpaint
from tests.plugins.experiments import GivenExperiment

STUDY = load_plugins([Path(__file__).parents[2] / "plugins"]).studies["solver"].load()
TASKS = {"denoise": Denoise(25), "inpaint": Inpaint(50)}
SETTINGS = SolverSettings(missing={"first": 0.2, "steps": 6})


class Smooth(Denoiser):
    def denoise(self, image, sigma):
        return image.lerp(
            avg_pool2d(image, 3, stride=1, padding=1, count_include_pad=False), min(5 * sigma, 1)
        )


class Own(Prior):
    def restore(self, problem, context):
        return Restoration(problem.estimate())


@dataclass(frozen=True, kw_only=True)
class Solved(GivenExperiment):
    """Three smooth images, and two priors of which one is split."""

    asked: list[str] = field(default_factory=list)

    def prior(self, prior, changed=None):
        self.asked.append(prior)
        return super().prior(prior, changed)

    def solver(self, prior, task):
        return SETTINGS if prior == "smooth" else SolverSettings()

    def psnr(self, task, restored, clean):
        return psnr(to_array(restored), to_array(clean))


def smooth_images() -> dict[str, Any]:
    rows, columns = torch.meshgrid(
        torch.linspace(0, 3, 16), torch.linspace(0, 3, 16), indexing="ij"
    )
    return {
        f"image-{number}": (0.5 + 0.4 * torch.sin(rows + number) * torch.cos(2 * columns))[
            None, None
        ]
        for number in range(3)
    }


def results() -> Solved:
    images = smooth_images()
    solved = Solved(
        catalogue=Catalogue(
            priors={"smooth": "smooth mean", "own": "own"},
            tasks={"denoise": "denoise", "inpaint": "inpaint 50%"},
            datasets=("set",),
            metrics={"psnr": MetricSpec(name="psnr", factory=".m:m", summary="for a test")},
        ),
        priors={"smooth": Smooth(), "own": Own()},
        images={"set": images},
        made={
            name: {
                image: task.corrupt(clean, torch.Generator().manual_seed(0))
                for image, clean in images.items()
            }
            for name, task in TASKS.items()
        },
    )
    scores, runs = [], []
    for task in TASKS:
        for image, (problem, clean) in solved.problems("set", task).items():
            for prior, model in solved.priors.items():
                context = Context.seeded(0, solver=solved.solver(prior, task))
                restored = restore(model, problem, context)
                cell = {"dataset": "set", "task": task, "image": image, "prior": prior}
                value = solved.psnr(task, restored.image, clean)
                scores.append(cell | {"metric": "psnr", "source": "measured", "value": value})
                runs.append(cell | {"solver_origin": "prior" if restored.solver else ""})
    return replace(solved, scores=pd.DataFrame(scores), runs=pd.DataFrame(runs))


def test_what_is_split_is_restored_again_with_each_variation() -> None:
    made = results()
    measured = measure.measure(made)
    assert set(measured["task"]) == {"inpaint"}
    assert made.asked == ["smooth"]
    assert len(measured) == 2 * 3 * 4
    own = measured[measured["prior"] == "own"]
    assert own.groupby("image")["psnr"].nunique().eq(1).all()
    problem, clean = made.problems("set", "inpaint")["image-1"]
    ran = restore(Smooth(), problem, Context.seeded(0, solver=SETTINGS)).solver
    assert ran.steps == 6 and ran.first == pytest.approx(0.2)
    for variation, changes in (
        ("three quarters of the steps", {"steps": 4}),
        ("twice the steps", {"steps": 12}),
        ("no acceleration", {"momentum": 0.0, "dual": False}),
    ):
        settings = SolverSettings(missing=ran.model_copy(update=changes))
        again = restore(Smooth(), problem, Context.seeded(0, solver=settings)).image
        expected = psnr(to_array(again), to_array(clean))
        row = measured[
            (measured["prior"] == "smooth") & (measured["variation"] == variation) & (measured["image"] == "image-1")
        ]  # fmt: skip
        assert row["psnr"].item() == pytest.approx(expected, abs=1e-9)
    findings = STUDY(made)
    assert len(findings.table) == 2 * 4
    [panel] = [axes for axes in findings.figure.axes if axes.get_visible()]
    drawn = [line for line in panel.lines if line.get_marker() not in ("None", None)]
    assert len(drawn) == 2 * 4
    assert findings.table.query("variation == 'as it ran'")["change_db"].eq(0).all()


def test_nothing_that_is_split_is_no_verdict() -> None:
    made = results()
    made.runs["solver_origin"] = ""
    findings = STUDY(made)
    assert findings.table.empty
    assert [claim.holds for claim in findings.claims] == [None, None]


def frame(leads: dict[str, float], spread: float = 0.1, images: int = 8) -> pd.DataFrame:
    """Return measurements in which ``gmm-K2`` leads ``tv`` by so much in each variation."""
    noise = spread * np.sin(np.arange(images))
    noise -= noise.mean()
    rows = []
    for variation in (variations.AS_RUN, *variations.VARIATIONS):
        for image in range(images):
            lead = leads.get(variation, leads[variations.AS_RUN]) + noise[image]
            for prior, value in (("tv", 30.0), ("gmm-K2", 30.0 + lead)):
                rows.append(("set", "inpaint", f"i{image}", prior, variation, value))
    return pd.DataFrame(rows, columns=list(measure.Row._fields))


@pytest.mark.parametrize(
    ("leads", "order", "settled"),
    [
        ({variations.AS_RUN: 1.0}, True, None),
        ({variations.AS_RUN: 1.0, variations.FEWER: 0.4}, True, None),
        ({variations.AS_RUN: 1.0, variations.PLAIN: -1.0}, False, None),
        ({variations.AS_RUN: 1.0, variations.PLAIN: -0.001}, None, None),
        ({variations.AS_RUN: 0.0}, None, None),
        ({variations.AS_RUN: 1.0, variations.TWICE: 1.02}, True, True),
        ({variations.AS_RUN: 1.0, variations.TWICE: 1.5}, True, False),
    ],
)
def test_an_order_is_turned_where_a_pair_is_told_apart_the_other_way(
    leads: dict[str, float], order: bool | None, settled: bool | None
) -> None:
    found: list[Any] = claims.claims(frame(leads), results())
    assert [claim.holds for claim in found] == [order, settled]
    if order is False:
        assert "no acceleration" in found[0].evidence
        # The pair that is told apart the other way, in the order that it had.
        assert found[0].number.interval[1] < 0
    if order:
        assert found[0].number.value > 0 and found[0].number.unit == "dB"
    if found[1].number:
        assert found[1].number.within(-0.05, 0.05) is settled


def test_variations_of_one_step_have_one_step() -> None:
    settings = SplittingSettings(first=0.1, last=0.1, steps=1, trust=2.0, momentum=0.3, dual=True)
    assert variations.varied(settings, variations.FEWER).steps == 1
    plain = variations.varied(settings, variations.PLAIN)
    assert (plain.momentum, plain.dual, plain.first) == (0.0, False, 0.1)
