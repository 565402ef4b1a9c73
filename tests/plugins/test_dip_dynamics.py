import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.axes import Axes
from scipy.stats import t as student
from skimage import data

from plugins.studies.dip_dynamics import (
    bands,
    claims,
    comparison,
    curves,
    figure,
    fitting,
    networks,
    runs,
)
from plugins.studies.dip_dynamics import study as dynamics
from priorbench import Diverged
from priorbench.data.tensors import to_array, to_tensor
from priorbench.metrics.fidelity import EXACT, psnr
from priorbench.plugins.manager import load_plugins

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
TINY = runs.Scale(size=32, iterations=11, comparison=2, repeats=1, runs=3)


def photograph(side: int = 32):
    return to_tensor(
        np.ascontiguousarray(
            data.camera()[100 : 100 + side, 200 : 200 + side] / 255, dtype=np.float32
        )
    )


def smooth(side: int = 32):
    place = torch.linspace(0, 3, side)
    return (0.5 + 0.4 * torch.sin(place)[:, None] * torch.cos(2 * place))[None, None]


@pytest.fixture(scope="module")
def measured():
    return dynamics.measure(photograph(), TINY)


class TestRuns:
    def test_holes_are_left_out_of_the_observation_and_are_what_is_judged(self):
        image = photograph(40)
        problem = runs.problem_of(runs.HOLES, image)
        known = problem.linear_operator.known[0]
        assert (~known).sum() == 4 * 8**2
        assert (problem.y[0, 0][~known] == 0).all()
        wrong = image + 0.1 * known
        assert runs.quality(wrong, image, problem) == EXACT
        assert runs.quality(image + 0.1 * ~known, image, problem) == pytest.approx(20, abs=1)

    def test_without_a_prior_missing_pixels_are_the_mean_of_the_others(self):
        image = photograph()
        problem = runs.problem_of(runs.PIXELS, image)
        known = problem.linear_operator.known
        plain = runs.without_prior(problem)
        assert torch.equal(plain[0][known], image[0][known])
        torch.testing.assert_close(plain[0][~known], image[0][known].mean().expand(32 * 32 // 2))
        noisy = runs.problem_of(runs.DENOISING, image)
        assert runs.without_prior(noisy) is noisy.y
        assert runs.quality(noisy.y, image, noisy) == psnr(to_array(noisy.y), to_array(image))

    @pytest.mark.slow
    def test_early_iterations_looks_and_the_last_are_recorded(self):
        run = runs.start(
            runs.problem_of(runs.DENOISING, photograph()), 22, stopping="fixed", scales=2
        )
        assert [step.iteration for step in runs.descend(run)] == [*range(1, 11), 20, 22]


class TestBands:
    def test_a_wave_lies_in_its_band(self):
        place = torch.arange(64.0)
        for number, frequency in enumerate((1 / 64, 3 / 64, 6 / 64, 12 / 64, 24 / 64)):
            clean = smooth(64) + 0.05 * torch.randn(
                64, 64, generator=torch.Generator().manual_seed(0)
            )
            errors = bands.Bands(clean).errors(
                clean + 0.2 * torch.cos(2 * math.pi * frequency * place)
            )
            powers = torch.tensor(errors).square() * bands.Bands(clean).power
            assert int(powers.argmax()) == number
            assert powers[number] > 0.7 * powers.sum()

    def test_the_mean_alone_leaves_errors_of_one(self):
        clean = photograph(64)
        errors = bands.Bands(clean).errors(clean.mean().expand(1, 1, 64, 64))
        assert errors == pytest.approx([1] * len(bands.BANDS))
        assert bands.Bands(clean).errors(clean) == [0] * len(bands.BANDS)


@pytest.mark.slow
class TestMeasured:
    @pytest.mark.slow
    def test_every_part_has_its_curves(self, measured):
        table, pictures = measured
        found = {part: set(own["curve"]) for part, own in table.groupby("part")}
        assert found == {
            curves.IMPEDANCE: set(curves.TARGETS),
            curves.SPECTRUM: set(bands.BANDS),
            curves.STOPPING: {curves.TRAJECTORY, curves.ORACLE, *curves.RULES},
            networks.ARCHITECTURES: {networks.NO_PRIOR, *networks.NETWORKS},
            networks.SAMPLES: set(networks.NETWORKS),
            networks.SEEDS: {"1", "2", "3"},
        }
        assert table["value"].notna().all()
        assert {picture.shape for picture in pictures.values()} == {(32, 32)}
        assert set(table.loc[table["part"] == curves.SPECTRUM, "problem"]) == {
            runs.FIT,
            runs.DENOISING,
        }

    def test_all_rules_pick_from_one_trajectory_below_the_peak(self, measured):
        table, _ = measured
        stopping = table[table["part"] == curves.STOPPING]
        curve = stopping[
            (stopping["curve"] == curves.TRAJECTORY) & (stopping["quantity"] == curves.ESTIMATE)
        ]
        averages = curve.set_index("iteration")["value"]
        picked = curves.chosen(table)
        assert picked[curves.FIXED][0] == TINY.iterations
        assert picked[curves.ORACLE] == (averages.idxmax(), averages.max())
        for rule in curves.RULES:
            at, value = picked[rule]
            assert value == pytest.approx(averages[at])

    def test_averages_are_of_all_subsets(self, measured):
        table, _ = measured
        everything = table[table["part"] == networks.SEEDS]
        own = everything[everything["quantity"] == networks.PSNR]
        assert own["curve"].value_counts().to_dict() == {"1": 3, "2": 3, "3": 1}
        single, pairs, (of_all,) = (values for _, values in own.groupby("curve")["value"])
        assert single.std() > pairs.std() > 0
        assert of_all > single.min()
        summary = everything.set_index(["curve", "quantity"])["value"]
        assert summary["1", networks.MEAN] == pytest.approx(single.mean())
        assert summary["2", networks.DEVIATION] == pytest.approx(pairs.std())
        assert ("3", networks.DEVIATION) not in summary.index

    def test_the_figure_shows_every_part(self, measured, assert_legible):
        drawn = figure.draw(*measured)
        assert_legible(drawn)
        titles = {axes.get_title() for axes in drawn.findobj(Axes) if isinstance(axes, Axes)}
        assert {
            "Noise impedance",
            "Fitting the clean image",
            "Averages of runs",
            "ResNet",
            "U-Net",
        } <= titles

    def test_samples_are_smooth_unless_nothing_knows_of_neighbours(self):
        rows, pictures = networks.samples(64)
        alike = {row.curve: row.value for row in rows}
        assert alike[networks.NO_SKIPS] > 0.8
        assert abs(alike[networks.DENSE]) < 0.1
        assert all(0 <= picture.min() < picture.max() <= 1 for picture in pictures.values())

    @pytest.mark.slow
    def test_a_run_that_breaks_down_has_no_score(self, monkeypatch):
        def broken(run):
            raise Diverged("again")

        monkeypatch.setattr(networks, "restore", broken)
        table = pd.DataFrame(networks.architectures(photograph(), TINY))
        assert table.loc[table["curve"] != networks.NO_PRIOR, "value"].isna().all()


@pytest.mark.slow
def test_an_image_is_fitted_before_its_shuffled_pixels():
    table = pd.DataFrame(curves.impedance(smooth(), runs.Scale(iterations=20)))
    last = table[(table["part"] == curves.IMPEDANCE) & (table["iteration"] == 20)].set_index(
        "curve"
    )["value"]
    assert 2 * last[curves.IMAGE] < last[curves.NOISY] < last[curves.SHUFFLED]
    assert 4 * last[curves.IMAGE] < min(last[curves.SHUFFLED], last[curves.NOISE])


class TestStudy:
    def test_it_takes_the_centre_of_the_first_image_that_is_large_enough(
        self, measured, monkeypatch, experiment_of
    ):
        colour = photograph(50).repeat(1, 3, 1, 1)
        results = experiment_of(
            small={"tiny": photograph(16)}, large={"colour": colour, "other": photograph(64)}
        )
        sizes = iter((32, 64))
        monkeypatch.setattr(dynamics, "Scale", lambda: runs.Scale(size=next(sizes)))
        seen = []
        monkeypatch.setattr(dynamics, "measure", lambda image, _: seen.append(image) or measured)
        findings = dynamics.dynamics(results)
        torch.testing.assert_close(seen[0], photograph(50)[:, :, 9:41, 9:41])
        dynamics.dynamics(results)
        assert seen[1].shape == (1, 1, 50, 50)
        assert tuple(findings.table.columns) == runs.Row._fields
        assert [claim.statement for claim in findings.claims] == [
            statement for statement, _, _ in claims.CLAIMS
        ]
        assert {claim.source for claim in findings.claims} == {claims.PAPER, claims.GOAL}

    def test_without_an_image_nothing_is_decided(self, experiment_of):
        findings = dynamics.dynamics(experiment_of(small={"tiny": photograph(16)}))
        assert findings.table.empty
        assert {claim.holds for claim in findings.claims} == {None}
        assert all("no test image" in claim.evidence for claim in findings.claims)
        assert findings.figure.texts


def impedance_table(**fitted):
    """Return a table where each target is fitted at an iteration of 400, 0 for never."""
    names = dict(zip(("image", "noisy", "shuffled", "noise"), curves.TARGETS, strict=True))
    rows = [
        runs.Row(curves.IMPEDANCE, runs.FIT, names[name], iteration, curves.RELATIVE_LOSS, value)
        for name, at in fitted.items()
        for iteration, value in (
            (1, 1.0),
            (at or 400, 0.04 if at else 0.5),
            (400, 0.04 if at else 0.5),
        )
    ]
    return pd.DataFrame(rows)


class TestFitting:
    @pytest.mark.parametrize(
        ("fitted", "sooner", "impedance"),
        [
            ({"image": 50, "noisy": 100, "shuffled": 0, "noise": 0}, True, True),
            ({"image": 50, "noisy": 0, "shuffled": 160, "noise": 350}, True, True),
            ({"image": 50, "noisy": 50, "shuffled": 160, "noise": 140}, False, False),
            ({"image": 200, "noisy": 300, "shuffled": 0, "noise": 0}, True, None),
            ({"image": 0, "noisy": 300, "shuffled": 0, "noise": 0}, None, None),
        ],
    )
    def test_what_is_fitted_first(self, fitted, sooner, impedance):
        table = impedance_table(**fitted)
        assert fitting.sooner(table)[0] is sooner
        holds, evidence, *_ = fitting.noise_impedance(table)
        assert holds is impedance
        assert "not within 400" in evidence or all(fitted.values())

    def test_the_number_is_of_the_target_that_is_furthest_from_holding(self):
        table = impedance_table(image=50, noisy=100, shuffled=160, noise=140)
        assert fitting.sooner(table).number.value == 2.0
        assert fitting.noise_impedance(table).number.value == 2.8
        assert fitting.noise_impedance(table).number.unit.startswith("times")
        # What is not fitted in 400 iterations takes at least 400 / 50 times as many.
        table = impedance_table(image=50, noisy=0, shuffled=0, noise=0)
        for verdict in (fitting.sooner(table), fitting.noise_impedance(table)):
            assert math.isnan(verdict.number.value)
            assert verdict.number.interval == (8.0, math.inf) and verdict.holds

    @pytest.mark.parametrize(
        ("values", "holds"), [((15, 25, 20), True), ((15, 20, 25), False), ((25, 20, 15), False)]
    )
    def test_a_peak_lies_between_the_ends(self, values, holds):
        rows = [
            runs.Row(
                curves.STOPPING, runs.DENOISING, curves.TRAJECTORY, 10 * number, quantity, value
            )
            for number, value in enumerate(values, 1)
            for quantity in (curves.OUTPUT, curves.ESTIMATE)
        ]
        decided, evidence, number, _ = fitting.peak(pd.DataFrame(rows))
        assert decided is holds
        assert number.value == min(max(values) - values[0], max(values) - values[-1])
        assert f"{max(values):.2f} dB" in evidence

    @pytest.mark.parametrize(("best", "holds"), [(27.8, True), (27.6, False)])
    def test_the_best_rule_is_held_against_the_peak(self, best, holds):
        picked = dict.fromkeys(curves.RULES, 25.0) | {curves.ORACLE: 28.0, curves.HELD_OUT: best}
        rows = [
            runs.Row(curves.STOPPING, runs.DENOISING, rule, 100, curves.ESTIMATE, value)
            for rule, value in picked.items()
        ]
        decided, evidence, number, _ = fitting.best_rule(pd.DataFrame(rows))
        assert decided is holds
        assert number.value == pytest.approx(28 - best) and number.unit == "dB"
        assert f"held-out {28 - best:.2f} dB (iteration 100)" in evidence

    @pytest.mark.parametrize(
        ("when", "holds", "least"),
        [
            ((5, 10, 20, 40, 80), True, 2.0),
            ((5, 10, 10, 40, 0), True, 1.0),
            ((5, 20, 10, 40, 80), False, 0.5),
            ((5, 0, 0, 0, 0), True, None),
            ((0,) * 5, None, None),
        ],
    )
    def test_bands_are_fitted_in_order(self, when, holds, least):
        rows = [
            runs.Row(
                curves.SPECTRUM,
                problem,
                band,
                iteration,
                curves.BAND_ERROR,
                0.4 if iteration == at else 0.9,
            )
            for problem in (runs.FIT, runs.DENOISING)
            for band, at in zip(bands.BANDS, when, strict=True)
            for iteration in (1, 5, 10, 20, 40, 80, 100)
        ]
        verdict = fitting.spectral_bias(pd.DataFrame(rows))
        assert verdict.holds is holds
        assert (verdict.number and verdict.number.value) == least


CALLED = {
    "denoising": runs.DENOISING,
    "pixels": runs.PIXELS,
    "holes": runs.HOLES,
    "deep": networks.DEEP,
    "shallow": networks.SHALLOW,
    "bare": networks.NO_SKIPS,
    "resnet": networks.RESNET,
    "dense": networks.DENSE,
}


def network_table(spread: float = 0.05, **changed):
    """Return two scores for each architecture, ``spread`` above and below 28 dB or what ``changed``
    says.
    """
    scores = {
        (problem, network): 28.0
        for problem in runs.PROBLEMS
        for network in (*networks.NETWORKS, networks.NO_PRIOR)
    }
    for problem in runs.PROBLEMS:
        scores[problem, networks.NO_PRIOR] = scores[problem, networks.DENSE] = 20.0
    for key, value in changed.items():
        problem, network = (CALLED[part] for part in key.split("__"))
        scores[problem, network] = value
    return pd.DataFrame(
        runs.Row(networks.ARCHITECTURES, *key, 100, networks.PSNR, value + sign * spread)
        for key, value in scores.items()
        for sign in ((-1, 1) if key[1] != networks.NO_PRIOR else (0,))
    )


class TestComparison:
    def test_the_margin_is_that_of_the_difference_of_two_means(self):
        # Each network's two runs have the variance 2 · 0.3².
        margin = comparison.margin_of(network_table(0.3), runs.HOLES)
        freedom = len(networks.NETWORKS)
        assert margin == pytest.approx(student.isf(0.025, freedom) * math.sqrt(2 * 0.18 / 2))
        assert comparison.margin_of(network_table(0.0), runs.HOLES) == 0.1
        single = network_table().drop_duplicates(["problem", "curve"])
        assert math.isnan(comparison.margin_of(single, runs.HOLES))

    def test_without_repetitions_nothing_is_decided(self):
        single = network_table(denoising__bare=20, holes__shallow=20).drop_duplicates(
            ["problem", "curve"]
        )
        assert comparison.depth(single)[0] is None

    def test_the_mean_is_over_the_runs_that_did_not_break_down(self):
        table = network_table()
        first = table.index[(table["problem"] == runs.HOLES) & (table["curve"] == networks.DEEP)][0]
        table.loc[first, "value"] = math.nan
        assert comparison.means_of(table, runs.HOLES)[networks.DEEP] == pytest.approx(28.05)

    @pytest.mark.parametrize(
        ("bare", "filled", "spread", "holds"),
        [
            (27, 29, 0.05, True),
            (27, 27, 0.05, False),
            (29, 29, 0.05, False),
            (27, 29, 0.5, None),
            (27, 28, 0.05, None),
        ],
    )
    def test_skip_connections_must_help_and_harm(self, bare, filled, spread, holds):
        table = network_table(spread, denoising__bare=bare, holes__bare=filled)
        verdict = comparison.skip_connections(table)
        assert verdict.holds is holds
        # The number is that of the problem that decides, and its interval says the same.
        assert verdict.number.within(0) is holds

    @pytest.mark.parametrize(
        ("shallow", "holds"), [(26, True), (30, False), (27.95, None), (math.nan, None)]
    )
    def test_depth_is_judged_by_the_holes(self, shallow, holds):
        decided, evidence, *_ = comparison.depth(network_table(holes__shallow=shallow))
        assert decided is holds
        assert evidence.startswith(runs.HOLES)

    @pytest.mark.parametrize(
        ("resnet", "dense", "holds"),
        [(24, 21, True), (22, 21, False), (24, 24, False), (23, 21, None), (math.nan, 21, None)],
    )
    def test_a_resnet_works_where_it_gains(self, resnet, dense, holds):
        table = network_table(pixels__resnet=resnet, pixels__dense=dense)
        verdict = comparison.residual(table)
        assert verdict.holds is holds
        gain = {24: 24, 22: 22, 23: 23}.get(resnet, math.nan) if dense == 21 else dense
        bare = comparison.means_of(table, runs.PIXELS)[networks.NO_PRIOR]
        if holds is not True and not math.isnan(gain):
            assert verdict.number.value == pytest.approx(gain - bare, abs=0.2)
