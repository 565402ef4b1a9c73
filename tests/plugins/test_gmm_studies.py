import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from plugins.studies.mixtures.sweep import claims as module
from priorbench.plugins.manager import load_plugins
from priorbench.results import Catalogue
from priorbench.results.statistics import mean_interval
from priorbench.specs import MetricSpec
from tests.plugins.experiments import GivenExperiment

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
sweep = REGISTRY.studies["gmm-sweep"].load()
PRIORS = {"gmm-K1": 1, "gmm-K10": 10, "gmm-K50": 50, "gmm-K200": 200}
COLUMNS = (
    "experiment",
    "dataset",
    "image",
    "task",
    "prior",
    "metric",
    "value",
    "status",
    "reason",
    "source",
    "note",
)


IMAGES = {name: torch.full((1, 1, 16, 16), level) for name, level in (("a", 0.0), ("b", 1.0))}


def prior(count, likelihood):
    """Return a mixture of which half of the components have no weight.

    The patches of :data:`IMAGES` have that likelihood, two nats more in the second image.
    """
    weights = torch.cat([torch.ones(-(-count // 2)), torch.zeros(count // 2)])
    return SimpleNamespace(
        mixture=SimpleNamespace(weights=weights / weights.sum()),
        patch_size=8,
        log_prob=lambda patches: likelihood - 1 + 2 * patches.mean(1),
    )


def results(
    fail: bool = False, likelihoods=(151.0, 152.0, 153.0, 154.0), slope: float = 1.0, priors=PRIORS
) -> GivenExperiment:
    rows = [
        (
            "e",
            "set",
            image,
            task,
            name,
            metric,
            30 + slope * math.log10(k) + shift,
            "ok",
            "",
            "measured",
            "",
        )
        for name, k in priors.items()
        for task in ("denoise-25", "inpaint-50")
        for metric in ("psnr", "ssim")
        for image, shift in (("a", 0.0), ("b", 2.0))
    ] + [("e", "set", "a", "denoise-25", "observed", "psnr", 20.0, "ok", "", "measured", "")]
    scores = pd.DataFrame(rows, columns=list(COLUMNS))
    if fail:
        failed = (
            (scores["prior"] == "gmm-K10")
            & (scores["image"] == "b")
            & (scores["task"] == "denoise-25")
        )
        scores.loc[failed, ["value", "status"]] = [math.nan, "failed"]
    return GivenExperiment(
        scores=scores,
        training={
            name: pd.DataFrame({"held_out_log_likelihood": [100.0, best, best - 1]})
            for name, best in zip(priors, likelihoods, strict=False)
        },
        parameters={"observed": {}, **{name: {"n_components": k} for name, k in priors.items()}},
        names={"observed": "observed", **dict.fromkeys(priors, "gmm")},
        priors={
            name: prior(k, nats)
            for (name, k), nats in zip(priors.items(), likelihoods, strict=False)
        },
        images={"set": IMAGES},
        catalogue=Catalogue(
            priors={"observed": "observed", **{name: name for name in priors}},
            tasks={"denoise-25": "denoise σ=25", "inpaint-50": "inpaint 50%"},
            datasets=("set",),
            metrics={"psnr": MetricSpec(name="psnr", factory=".m:f", summary="", unit="dB")},
        ),
    )


class TestSweep:
    def test_the_table_has_a_row_for_each_mixture(self):
        table = sweep(results()).table
        assert table["n_components"].tolist() == [1, 10, 50, 200]
        assert table["log_likelihood"].tolist() == [151.0, 152.0, 153.0, 154.0]
        assert table["effective_components"].tolist() == pytest.approx([1, 5, 25, 100], rel=1e-5)
        assert table["psnr_db set denoise-25"].tolist() == pytest.approx(
            [31 + math.log10(k) for k in PRIORS.values()]
        )

    def test_means_are_over_the_images_that_all_restored(self):
        table = sweep(results(fail=True)).table
        assert table["psnr_db set denoise-25"].tolist() == pytest.approx(
            [30 + math.log10(k) for k in PRIORS.values()]
        )
        assert table["psnr_db set inpaint-50"].tolist() == pytest.approx(
            [31 + math.log10(k) for k in PRIORS.values()]
        )

    def test_the_figure_shows_every_number_against_k(self, assert_legible):
        findings = sweep(results())
        assert_legible(findings.figure)
        panels = [axes for axes in findings.figure.axes if axes.get_visible()]
        assert len(panels) == 4
        for axes, column in zip(panels, findings.table.columns[2:], strict=True):
            assert axes.get_xscale() == "log"
            line = axes.lines[0]
            assert line.get_xdata().tolist() == [1, 10, 50, 200]
            assert line.get_ydata().tolist() == findings.table[column].tolist()

    def test_it_holds_where_all_rises(self):
        likelihood, *psnr = sweep(results()).claims
        assert likelihood.holds is True
        assert "K=200: 154.0" in likelihood.evidence
        assert likelihood.number.value == pytest.approx(1.0)
        assert psnr[0].number.unit == "dB for each doubling"
        assert [claim.holds for claim in psnr] == [True, True]
        assert "+0.301 [+0.301, +0.301] dB for each doubling over 2 images" in psnr[0].evidence

    def test_one_step_down_is_enough_against_the_likelihood(self):
        assert sweep(results(likelihoods=(151.0, 153.0, 152.0, 154.0))).claims[0].holds is False

    @pytest.mark.parametrize(("slope", "holds"), [(-1.0, False), (0.0, None)])
    def test_psnr_that_does_not_rise_is_told(self, slope, holds):
        assert [claim.holds for claim in sweep(results(slope=slope)).claims[1:]] == [holds, holds]

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_few_mixtures_decide_little(self, count):
        likelihood, *psnr = sweep(results(priors=dict(list(PRIORS.items())[:count]))).claims
        assert likelihood.holds is (True if count > 1 else None)
        assert all(claim.holds is (True if count > 1 else None) for claim in psnr)

    def test_variants_are_compared_with_their_own_kind(self):
        names = ["random-1", "split-1", "random-10", "split-10"]
        table = pd.DataFrame({"prior": names, "n_components": [1, 1, 10, 10]})
        variants = ["start=random", "start=split"] * 2
        shifts = np.array([-1.0, 0.0, 1.0])
        values = dict(zip(names, np.array([10.0, 50.0, 20.0, 60.0])[:, None] + shifts, strict=True))
        assert module.likelihood_rises(table, variants, values).holds is True
        values["split-10"] = 40.0 + shifts
        claim = module.likelihood_rises(table, variants, values)
        assert claim.holds is False
        assert "start=split, K=1: 50.0, K=10: 40.0 (-10.0" in claim.evidence

    def test_a_step_that_differs_between_images_decides_nothing(self):
        table = pd.DataFrame({"prior": ["a", "b"], "n_components": [1, 10]})
        values = {"a": np.zeros(3), "b": np.array([-1.0, 1.0, 2.0])}
        assert module.likelihood_rises(table, ["", ""], values).holds is None

    def test_a_slope_that_differs_between_images_decides_nothing(self):
        table = pd.DataFrame({"prior": ["a", "b"], "n_components": [1, 2]})
        values = pd.DataFrame({"a": [30.0, 31.0, 32.0], "b": [29.0, 32.0, 33.0]})
        claim = module.psnr_rises(table, values, "here")
        assert claim.holds is None
        low, high = mean_interval([-1.0, 1.0, 1.0])
        assert f"+0.333 [{low:+.3f}, {high:+.3f}] dB" in claim.evidence

    def test_one_image_decides_nothing(self):
        table = pd.DataFrame({"prior": ["a", "b"], "n_components": [1, 2]})
        values = pd.DataFrame({"a": [30.0], "b": [31.0]})
        claim = module.psnr_rises(table, values, "here")
        assert claim.holds is None
        assert "(no interval)" in claim.evidence and "nan" not in claim.evidence
