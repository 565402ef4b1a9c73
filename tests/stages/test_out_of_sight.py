"""What a plugin sees of the clean images, and what is said of one that gives them back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from priorbench.results.exact import exact_restorations
from priorbench.results.gather import read_table
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.stages.tabulate import tabulate
from priorbench.stages.train import train
from priorbench.stages.tune import tune
from priorbench.store.files import read_rows
from priorbench.store.status import EXACT_NOTE

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

PEEKING = """
    import json, os, sys
    from pathlib import Path

    import torch
    from priorbench import Parameters, PriorSpec, hookimpl
    from priorbench.priors import Learned, Prior, Restoration

    HERE = Path(__file__).parents[1]

    class Settings(Parameters):
        bias: float = 0.0
        notes: str

    class Peeking(Prior, Learned):
        def __init__(self, bias, notes):
            self.notes = Path(notes).read_text()  # Where the command is run.

        def look(self, where):
            seen = {
                "where": where,
                "images": [str(path) for path in Path().rglob("*")],
                "clean": Path("results/tiny/images/photos/one.png").exists(),
                "results": Path("results").exists(),
                "arguments": sys.argv[1:],
                "names": [name for name in ("PWD", "OLDPWD") if name in os.environ],
                "folder": os.getcwd(),
                "notes": self.notes,
            }
            with open(HERE / "seen.jsonl", "a") as file:
                file.write(json.dumps(seen) + "\\n")

        def fit(self, images, context):
            self.look("fit")
            yield {"iteration": 0}

        def state_dict(self):
            return {"nothing": torch.zeros(1)}

        def load_state_dict(self, state):
            self.look("load")

        def restore(self, problem, context):
            self.look("restore")
            Path("mine.txt").write_text("a plugin may write here")
            return Restoration(problem.y)

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="peeking", factory=Peeking, parameters=Settings, summary="for a test", learns=True,
            tunable={"bias": (0.0, 1.0)},
        )
"""


@pytest.mark.parametrize("absolute", [False, True])
def test_no_relative_path_leads_a_plugin_to_a_clean_image(bench: Any, absolute: bool) -> None:
    bench.image("one", np.random.default_rng(0).random((16, 16)))
    bench.image("two", np.random.default_rng(1).random((16, 16)), folder="others")
    bench.plugin("peeking", PEEKING)
    (bench.root / "notes.txt").write_text("relative to where the command is run")
    others = {"source": "folder", "parameters": {"path": "others"}}
    photos = {"source": "folder", "parameters": {"path": "photos"}}
    notes = str(bench.root / "notes.txt") if absolute else "notes.txt"
    plan = bench.plan(
        datasets={"photos": photos, "others": others},
        train="others",
        tasks={"run": ["denoise"]},
        priors={"settings": {"peeking": {"tune": True, "parameters": {"notes": notes}}}},
    )
    for dataset in ("photos", "others"):
        prepare(plan, dataset)
    corrupt(plan, "photos", "denoise-25")
    (prior,) = plan.priors
    assert train(plan, prior).ok
    assert tune(plan, "denoise-25", prior).ok
    restore(plan, plan.chunk("photos", prior, 0))
    assert read_rows(plan.layout.runs(plan.chunk("photos", prior, 0)))[0]["status"] == "ok"
    assert plan.layout.image("photos", "one").exists()
    seen = [json.loads(line) for line in (bench.root / "seen.jsonl").read_text().splitlines()]
    assert {row["where"] for row in seen} == {"fit", "load", "restore"}
    for row in seen:
        assert not row["clean"]
        assert not row["results"]
        assert row["arguments"] == row["names"] == []
        assert set(row["images"]) <= {"mine.txt"}
        assert not Path(row["folder"]).is_relative_to(bench.root)
        assert not Path(row["folder"]).exists()  # It is removed with the worker.
        assert row["notes"] == "relative to where the command is run"


COPYING = """
    from pathlib import Path

    from priorbench import PriorSpec, hookimpl
    from priorbench.data.tensors import read_tensor
    from priorbench.priors import Prior, Restoration

    IMAGES = Path(__file__).parents[1] / "results/tiny/images/photos"

    class Copying(Prior):
        def restore(self, problem, context):
            clean = [read_tensor(path) for path in sorted(IMAGES.glob("*.png"))]
            return Restoration(min(clean, key=lambda each: (each - problem.estimate()).norm()))

    class Observed(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate())

    @hookimpl
    def register_priors():
        yield PriorSpec(name="copying", factory=Copying, summary="for a test")
        yield PriorSpec(name="observed", factory=Observed, summary="for a test")
"""


def test_a_prior_that_returns_the_clean_image_is_pointed_out(bench: Any) -> None:
    random = np.random.default_rng(0)
    bench.image("one", random.random((16, 16)))
    bench.image("two", random.random((16, 16)))
    bench.image("plain", np.full((16, 16), 0.2))
    bench.plugin("copying", COPYING)
    settings = {
        "denoise": {"parameters": {"sigma": [0, 25]}},
        "inpaint": {"parameters": {"missing": 50}},
    }
    run = ["denoise", "inpaint", "sr"]
    plan = bench.plan(tasks={"run": run, "settings": settings}, metrics=["psnr", "ssim"])
    prepare(plan, "photos")
    for task in plan.tasks:
        corrupt(plan, "photos", task)
    for chunk in plan.all_chunks():
        restore(plan, chunk)
        score(plan, chunk)
    gather(plan)
    scores = read_table(plan.layout.result("scores"))
    found = {tuple(row) for row in exact_restorations(scores).to_numpy()}
    lossy = ("denoise-25", "inpaint-50", "sr-x2")
    copied = {
        ("photos", task, "copying", image) for task in lossy for image in ("one", "two", "plain")
    }
    # A constant image can be told from half of its pixels: it is pointed out, and the note says
    # that it may be so.
    told = {("photos", task, "observed", "plain") for task in ("inpaint-50", "sr-x2")}
    assert found == copied | told
    tabulate(plan)
    table = plan.layout.table("psnr", "md").read_text()
    assert "Equals the clean image" in table
    note = next(line for line in table.splitlines() if "Equals the clean image" in line)
    assert "copying" in note
    assert "one, plain, two" in note
    assert "denoise-0" not in note
    assert set(scores["note"]) == {"", EXACT_NOTE}
