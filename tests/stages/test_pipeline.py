"""Tasks whose problems differ from the image in shape, or have no operator, through all stages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from priorbench.data.images import read_image
from priorbench.metrics.fidelity import luma, psnr
from priorbench.plan import Plan
from priorbench.plugins.manager import load_plugins
from priorbench.specs import TaskSpec
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.stages.tabulate import tabulate
from priorbench.store.cell import Cell
from priorbench.store.files import read_rows
from priorbench.store.manifest import read_about, read_manifest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

DOCS = Path(__file__).parents[2] / "docs"
PRIORS = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Denoiser, PatchPrior, Prior, Restoration

    class Still(Denoiser):
        def denoise(self, image, sigma):
            return image

    class Flat(PatchPrior):
        patch_size = 4

        def log_prob(self, patches):
            return -((patches - patches.mean(dim=1, keepdim=True)) ** 2).sum(dim=1)

        def map_estimate(self, patches, noise_variance):
            mean = patches.mean(dim=1, keepdim=True)
            return mean + (patches - mean) * 0.05 / (0.05 + noise_variance)

    class Plain(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate())

    @hookimpl
    def register_priors():
        for factory in (Still, Flat, Plain):
            yield PriorSpec(name=factory.__name__.lower(), factory=factory, summary="for a test")
"""
KINDS = ("still", "flat", "plain")


def run(
    bench: Any,
    task: str,
    parameters: dict[str, Any],
    channels: int = 3,
    size: tuple[int, int] = (35, 38),
) -> Plan:
    """Take one image through the stages, from preparing to scoring."""
    pixels = gaussian_filter(np.random.default_rng(0).random((*size, channels)), (2, 2, 0))
    pixels = 0.1 + 0.8 * (pixels - pixels.min()) / np.ptp(pixels)
    bench.image("one", pixels[..., 0] if channels == 1 else pixels)
    bench.plugin("kinds", PRIORS)
    photos = {"source": "folder", "parameters": {"path": "photos"}, "gray": False}
    plan: Plan = bench.plan(
        datasets={"photos": photos},
        tasks={"run": [task], "settings": {task: {"parameters": parameters}}},
    )
    prepare(plan, "photos")
    [name] = plan.tasks
    corrupt(plan, "photos", name)
    for prior in KINDS:
        restore(plan, plan.chunk("photos", prior, 0))
        score(plan, plan.chunk("photos", prior, 0))
    return plan


def run_row(plan: Plan, prior: str) -> dict[str, Any]:
    [row] = read_rows(plan.layout.runs(plan.chunk("photos", prior, 0)))
    return row


def scores(plan: Plan, prior: str) -> dict[str, dict[str, Any]]:
    rows = read_rows(plan.layout.scores(plan.chunk("photos", prior, 0)))
    return {row["metric"]: row for row in rows}


@pytest.mark.parametrize(("channels", "kernel"), [(1, "gaussian"), (3, "bicubic")])
def test_an_image_that_the_factor_does_not_divide_is_cut_restored_and_scored(
    bench, capsys, channels, kernel
):
    plan = run(bench, "sr", {"factor": 3, "kernel": kernel, "sigma": 2}, channels)
    [task] = plan.tasks
    assert (
        f"photos/{task}/one: cut from 35 × 38 to 33 × 36, which the task needs"
        in capsys.readouterr().err
    )
    problems = plan.layout.problems("photos", task)
    assert read_manifest(problems)["one"].shape == (channels, 33, 36)
    assert read_about(problems)["border"] == [3, 3]
    assert read_about(problems)["luminance"] is True
    clean = read_image(plan.layout.image("photos", "one")).reshape(35, 38, channels)
    for prior in KINDS:
        assert run_row(plan, prior)["status"] == "ok"
        restored = read_image(plan.layout.restored(Cell("photos", task, prior), "one.png")).reshape(
            33, 36, channels
        )
        found = scores(plan, prior)
        assert found["psnr"]["value"] == pytest.approx(
            psnr(luma(restored[3:-3, 3:-3]), luma(clean[3:30, 3:33])), abs=1e-9
        )
        assert found["psnr"]["value"] > 15
        assert {
            found[metric]["status"] for metric in ("psnr", "ssim", "psnr-y", "rmse", "residual")
        } == {"ok"}
        assert found["psnr-y"]["value"] == pytest.approx(found["psnr"]["value"])


def test_a_valid_blur_is_restored_whole_and_scored_inside(bench):
    plan = run(bench, "deblur", {"kernel": "disk", "boundary": "valid"})
    clean = read_image(plan.layout.image("photos", "one"))
    for prior in KINDS:
        restored = read_image(
            plan.layout.restored(Cell("photos", "deblur-disk-2.55-boundaryvalid", prior), "one.png")
        )
        assert restored.shape == (35, 38, 3)
        expected = psnr(restored[3:-3, 3:-3], clean[3:-3, 3:-3])
        assert scores(plan, prior)["psnr"]["value"] == pytest.approx(expected)


def test_without_an_operator_the_solvers_say_so_and_the_tables_show_it(bench):
    plan = run(bench, "jpeg", {})
    for prior in ("still", "flat"):
        row = run_row(plan, prior)
        assert (row["status"], row["stage"]) == ("unsupported", "restore")
        assert re.search(
            r"needs a linear operator H, and JPEG compression at quality 10 has none", row["reason"]
        )
        assert {row["status"] for row in scores(plan, prior).values()} == {"unsupported"}
    assert run_row(plan, "plain")["status"] == "ok"
    assert scores(plan, "plain")["psnr"]["status"] == "ok"
    residual = scores(plan, "plain")["residual"]
    assert residual["status"] == "undefined" and "JPEG" in residual["reason"]
    gather(plan)
    tabulate(plan)
    table = _table(plan, "psnr.md")
    for prior in ("still", "flat"):
        assert re.search(rf"^\| {prior} \| cannot \|$", table, re.MULTILINE)
    assert re.search(r"^\| plain \| [*\d]", table, re.MULTILINE)
    assert re.search(r"^\| plain \| cannot \|$", _table(plan, "residual.md"), re.MULTILINE)


def _table(plan: Plan, name: str) -> str:
    return (plan.layout.table().parent / name).read_text(encoding="utf-8")


def test_photon_noise_is_restored_by_every_kind(bench):
    plan = run(bench, "denoise-poisson", {"peak": 60})
    for prior in KINDS:
        assert run_row(plan, prior)["status"] == "ok"
        found = scores(plan, prior)
        assert found["residual"]["status"] == "ok"
    assert scores(plan, "flat")["psnr"]["value"] > scores(plan, "plain")["psnr"]["value"]
    assert scores(plan, "plain")["residual"]["value"] < 1e-3


def test_the_page_s_plugin_runs_with_every_kind_of_prior(bench):
    folder = bench.root / "plugins" / "demosaic"
    folder.mkdir(parents=True)
    page = (DOCS / "how-to" / "own-task.md").read_text(encoding="utf-8")
    declaration, code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (folder / "plugin.py").write_text(declaration)
    (folder / "task.py").write_text(code)
    plan = run(bench, "demosaic", {})
    assert list(plan.tasks) == ["demosaic-5"]
    for prior in KINDS:
        assert run_row(plan, prior)["status"] == "ok", run_row(plan, prior)["traceback"]
        found = scores(plan, prior)
        assert found["residual"]["value"] < 2
        assert found["psnr"]["value"] > 10


def test_the_page_names_every_task_with_its_id_and_defaults():
    page = (DOCS / "reference" / "tasks.md").read_text(encoding="utf-8")
    table = page.partition("| task, id |")[2].partition("\n\n")[0]
    rows = {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}
    registered = {name: entry.spec for name, entry in load_plugins([]).tasks.items()}
    assert set(rows) == set(registered)
    for name, record in registered.items():
        assert isinstance(record, TaskSpec)
        fields = record.parameters.model_fields
        for parameter, field in fields.items():
            default = (
                "(no default)" if field.is_required() else str(field.default).removesuffix(".0")
            )
            assert f"`{parameter}` {default}" in rows[name]
        example = (
            record.id.format(**{key: field.default for key, field in fields.items()})
            if record.id
            else name
        )
        assert f"<br>`{example}` |" in rows[name]
