import json
from typing import Any

import numpy as np
import pytest

from priorbench.data.images import read_image
from priorbench.errors import MachineError
from priorbench.plan import Plan
from priorbench.problem import Problem
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.train import train
from priorbench.store.cell import Cell
from priorbench.store.files import read_rows
from tests.stages.processes import gone

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

TASK = "denoise-0"
# What the prior does is told by the brightness of the image, in steps of 1/20.
BEHAVIOURS = [
    "fine", "raises", "nan", "shape", "exits", "vanishes", "nothing", "hangs", "text", "extras", "noisy", "late",
    "forks", "leaks", "reseeds",
]  # fmt: skip
PRIOR = """
    import os, random, signal, sys, time
    from pathlib import Path
    import numpy as np
    import torch
    from priorbench import PriorSpec, Resources, hookimpl
    from priorbench.priors import Prior, Restoration

    BEHAVIOURS = {behaviours!r}
    HERE = Path(__file__).parents[1]

    class Actor(Prior):
        def restore(self, problem, context):
            what = BEHAVIOURS[round(float(problem.y.mean()) * 20) - 1]
            with open(HERE / "calls.txt", "a") as file:
                file.write(what + "\\n")
            y = problem.y
            if what == "raises":
                raise ArithmeticError("two lines\\nof reason")
            if what == "nan":
                return Restoration(y / 0 - y / 0)
            if what == "shape":
                return Restoration(y[:, :, 1:])
            if what == "exits":
                sys.exit("enough")
            if what == "vanishes":
                os._exit(7)
            if what == "hangs":
                context.checkpoint._every = 0
                context.checkpoint.save(lambda: {{"y": y}})
                time.sleep(600)
            if what == "text":
                return "no restoration"
            if what == "nothing":
                return None
            if what == "extras":
                return Restoration(y, trace=[{{"iteration": 1, "loss": 0.5}}], maps={{"spread": y[0]}})
            if what == "noisy":
                print("x" * 100_000)
                print("y" * 100_000, file=sys.stderr)
            if what == "forks":
                if os.fork() == 0:
                    Path(HERE / "child.txt").write_text(str(os.getpid()))
                    time.sleep(600)
                while not Path(HERE / "child.txt").exists():
                    time.sleep(0.01)
            if what == "leaks":
                self.leak = torch.ones(50_000_000)
            if what == "reseeds":
                torch.manual_seed(0)
                np.random.seed(0)
                random.seed(0)
            if what == "late" and not Path(HERE / "repaired").exists():
                os.kill(os.getpid(), signal.SIGKILL)
            return Restoration(y)

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="actor", factory=Actor, summary="for a test", restorations_per_job=100, resources=Resources(minutes=0.15)
        )
"""


UNUSABLE = """
    from priorbench import PriorSpec, hookimpl
    {code}

    @hookimpl
    def register_priors():
        yield PriorSpec(name="actor", factory={factory}, summary="for a test", restorations_per_job=100)
"""


def rows_of(plan: Plan) -> dict[str, dict[str, Any]]:
    rows = read_rows(plan.layout.runs(plan.chunk("photos", "actor", 0)))
    return {row["image"]: row for row in rows}


def stage(bench: Any, names: list[str], **changes: Any) -> Plan:
    """Return a plan whose problems are ready, with one image for each behaviour."""
    for name in names:
        level = (BEHAVIOURS.index(name) + 1) / 20
        bench.image(name, np.full((12, 14), level))
    bench.plugin("actor", PRIOR.format(behaviours=BEHAVIOURS))
    plan = bench.plan(**changes)
    prepare(plan, "photos")
    corrupt(plan, "photos", TASK)
    return plan


def calls(bench: Any) -> list[str]:
    file = bench.root / "calls.txt"
    return file.read_text().split() if file.exists() else []


@pytest.mark.fault(
    "a plugin that exits, crashes, hangs, forks, leaks, floods its output or sets global seeds"
)
def test_whatever_a_prior_does_to_an_image_is_a_row_and_the_others_are_restored(bench: Any) -> None:
    names = [name for name in BEHAVIOURS if name != "late"]
    (bench.root / "photos").mkdir()
    (bench.root / "photos" / "corrupt.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    (bench.root / "photos" / "empty.png").touch()
    plan = stage(bench, names)
    restore(plan, plan.chunk("photos", "actor", 0))
    rows = rows_of(plan)
    assert set(rows) == {*names, "corrupt", "empty"}
    status = {name: row["status"] for name, row in rows.items()}
    assert status == dict.fromkeys(rows, "failed") | {
        **dict.fromkeys(("fine", "extras", "noisy", "forks", "leaks", "reseeds"), "ok"),
        "nan": "diverged",
        "hangs": "timeout",
    }
    for name, word in {
        "raises": "ArithmeticError: two lines",
        "nan": "NaN",
        "shape": "shape (1, 1, 11, 14), not (1, 1, 12, 14)",
        "exits": "SystemExit: enough",
        "vanishes": "exited with code 7",
        "hangs": "time limit of 9 s",
        "text": "returned an object of type str",
        "nothing": "returned None",
        "corrupt": "corrupt.png",
        "empty": "empty.png is empty",
    }.items():
        assert word in rows[name]["reason"], name
    assert "two lines\nof reason" in rows["raises"]["traceback"]
    assert {rows[name]["stage"] for name in ("corrupt", "empty")} == {"prepare"}
    assert {rows[name]["stage"] for name in names} == {"restore"}
    # Each image was tried once, and only what succeeded left an image.
    assert sorted(calls(bench)) == sorted(names)
    folder = plan.layout.restored(Cell("photos", TASK, "actor"), "")
    assert {path.stem for path in folder.glob("*.png")} == {
        name for name, value in status.items() if value == "ok"
    }
    assert not list(folder.glob("*.safetensors"))
    assert gone(int((bench.root / "child.txt").read_text()))
    for name in ("fine", "noisy"):
        np.testing.assert_allclose(
            read_image(folder / f"{name}.png"), (BEHAVIOURS.index(name) + 1) / 20, atol=0.003
        )
        assert rows[name]["seconds"] > 0
        assert rows[name]["processor_seconds"] > 0
        assert rows[name]["device_memory_mb"] is None
        assert rows[name]["peak_memory_mb"] > 0
    assert (folder / "extras.csv").read_text() == "iteration,loss\n1,0.5\n"
    with np.load(folder / "extras.npz") as maps:
        assert maps["spread"].shape == (1, 12, 14)
    assert (
        json.loads(plan.layout.cell_spec(Cell("photos", TASK, "actor")).read_text())["prior"]["id"]
        == "actor"
    )


def test_a_finished_image_is_not_computed_again_unless_its_file_or_its_problem_has_changed(
    bench: Any,
) -> None:
    plan = stage(bench, ["fine", "extras", "noisy"])
    restore(plan, plan.chunk("photos", "actor", 0))
    first = rows_of(plan)
    restore(plan, plan.chunk("photos", "actor", 0))
    assert rows_of(plan) == first
    assert len(calls(bench)) == 3
    damaged = plan.layout.restored(Cell("photos", TASK, "actor"), "fine.png")
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    bench.image("noisy", np.full((10, 10), (BEHAVIOURS.index("noisy") + 1) / 20))
    prepare(plan, "photos")
    corrupt(plan, "photos", TASK)
    restore(plan, plan.chunk("photos", "actor", 0))
    assert sorted(calls(bench)[3:]) == ["fine", "noisy"]
    assert damaged.read_bytes() != bytes(content)
    assert {row["status"] for row in rows_of(plan).values()} == {"ok"}
    # Code that changed makes every image stale, and what fails then leaves nothing of the earlier
    # result.
    bench.plugin(
        "actor",
        UNUSABLE.format(code="def Model(): raise RuntimeError('no licence')", factory="Model"),
    )
    plan = bench.plan()
    restore(plan, plan.chunk("photos", "actor", 0))
    assert {row["reason"] for row in rows_of(plan).values()} == {"RuntimeError: no licence"}
    assert [path.name for path in damaged.parent.iterdir()] == ["_spec.json"]


def test_a_kill_fails_the_job_and_the_next_attempt_goes_on_from_there(bench: Any) -> None:
    plan = stage(bench, ["fine", "late", "noisy"])
    with pytest.raises(MachineError, match="signal 9"):
        restore(plan, plan.chunk("photos", "actor", 0), final=False)
    runs = plan.layout.runs(plan.chunk("photos", "actor", 0))
    assert not runs.exists()
    folder = plan.layout.restored(Cell("photos", TASK, "actor"), "")
    assert {path.name for path in folder.glob("[!.]*")} == {"fine.png", "fine.json"}
    restore(plan, plan.chunk("photos", "actor", 0), final=True)
    rows = rows_of(plan)
    assert {name: row["status"] for name, row in rows.items()} == {
        "fine": "ok",
        "late": "failed",
        "noisy": "ok",
    }
    assert "signal 9" in rows["late"]["reason"]
    (bench.root / "repaired").touch()
    restore(plan, plan.chunk("photos", "actor", 0))
    assert {row["status"] for row in rows_of(plan).values()} == {"ok"}
    assert calls(bench) == ["fine", "late", "late", "noisy", "late"]


@pytest.mark.parametrize(
    ("code", "factory", "reason"),
    [
        ("def Model(): import os; os._exit(9)", "Model", "exited with code 9"),
        ("class Model: pass", "Model", "Model is no prior"),
    ],
)
def test_a_prior_that_cannot_be_made_fails_every_image(
    bench: Any, code: str, factory: str, reason: str
) -> None:
    stage(bench, ["fine", "noisy"])
    bench.plugin("actor", UNUSABLE.format(code=code, factory=factory))
    plan = bench.plan()
    restore(plan, plan.chunk("photos", "actor", 0))
    for row in rows_of(plan).values():
        assert row["status"] == "failed"
        assert reason in row["reason"]


def test_the_seed_of_a_cell_depends_on_names_only_and_reaches_the_prior(bench: Any) -> None:
    bench.plugin(
        "random",
        """
        import torch
        from priorbench import PriorSpec, hookimpl
        from priorbench.priors import Prior, Restoration

        class Random(Prior):
            def restore(self, problem, context):
                noise = torch.rand(problem.y.shape, generator=context.generator) + torch.rand(problem.y.shape)
                return Restoration(noise / 2)

        @hookimpl
        def register_priors():
            yield PriorSpec(name="random", factory=Random, summary="for a test", restorations_per_job=3)
        """,
    )
    for name in ("a", "b", "c"):
        bench.image(name, np.full((12, 12), 0.5))
    results = []
    for names in (["a", "b", "c"], ["c", "a"]):
        source = {"source": "folder", "parameters": {"path": "photos"}, "images": names}
        plan = bench.plan(
            experiment=f"of-{len(names)}", datasets={"photos": source}, priors={"run": ["random"]}
        )
        prepare(plan, "photos")
        corrupt(plan, "photos", TASK)
        for chunk in plan.all_chunks(["random"]):
            restore(plan, chunk)
        results.append(
            {
                n: read_image(plan.layout.restored(Cell("photos", TASK, "random"), f"{n}.png"))
                for n in names
            }
        )
    for name in ("a", "c"):
        np.testing.assert_array_equal(results[0][name], results[1][name])
    assert (results[0]["a"] != results[0]["b"]).any()


def test_the_problem_holds_no_clean_image(bench: Any) -> None:
    bench.image("one", np.random.default_rng(0).random((16, 16)))
    plan = bench.plan(tasks={"run": ["denoise"]}, priors={"run": "all"})
    prepare(plan, "photos")
    corrupt(plan, "photos", "denoise-25")
    clean = read_image(plan.layout.image("photos", "one"))
    problem = Problem.load(plan.layout.problem("photos", "denoise-25", "one"))
    residual = problem.y[0, 0].numpy() - clean
    assert 0.5 < residual.std() / problem.sigma < 1.5
    with np.load(plan.layout.problem("photos", "denoise-25", "one")) as file:
        assert sorted(file.files) == ["header", "y"]


GLOBAL = """
    import random
    import numpy as np
    import torch
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Learned, Prior, Restoration

    NAMES = {"anisotropic", "bilinear", "cubic", "dual", "elastic", "fractal"}

    def draw():
        order = "".join(NAMES).index("bilinear") / 1000
        return order + random.random() / 4 + np.random.rand() / 4 + float(torch.rand(())) / 4

    class Draws(Prior, Learned):
        def __init__(self):
            self.made = draw()

        def fit(self, images, context):
            self.fitted = torch.tensor([draw()])
            yield {"iteration": 0}

        def state_dict(self):
            return {"fitted": self.fitted}

        def load_state_dict(self, state):
            self.fitted = state["fitted"]

        def restore(self, problem, context):
            return Restoration(0 * problem.y + (self.made + float(self.fitted) + draw()) / 3)

    @hookimpl
    def register_priors():
        yield PriorSpec(name="draws", factory=Draws, summary="for a test", learns=True)
"""


def test_an_image_does_not_depend_on_the_run_nor_on_what_was_restored_before(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.plugin("global", GLOBAL)
    bench.image("x", np.full((8, 8), 0.5), folder="training")
    for name in ("a", "b"):
        bench.image(name, np.full((8, 8), 0.5))
    changes: dict[str, Any] = {
        "datasets": {
            "photos": {"source": "folder", "parameters": {"path": "photos"}},
            "training": {"source": "folder", "parameters": {"path": "training"}},
        },
        "train": "training",
    }
    images = []
    for experiment, hash_seed in (("one", "5"), ("two", "6")):
        # Of the process that starts the jobs.
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
        plan = bench.plan(experiment=experiment, **changes)
        for dataset in ("photos", "training"):
            prepare(plan, dataset)
        corrupt(plan, "photos", TASK)
        train(plan, "draws")
        restore(plan, plan.chunk("photos", "draws", 0))
        rows = read_rows(plan.layout.runs(plan.chunk("photos", "draws", 0)))
        training = json.loads(plan.layout.training("draws").read_text())
        assert {row["n_parameters"] for row in rows} == {training["n_parameters"]} == {1}
        assert training["processor_seconds"] > 0
        for name in ("seconds", "processor_seconds", "device_memory_mb"):
            assert {row[f"training_{name}"] for row in rows} == {training[name]}
        images.append(plan.layout.restored(Cell("photos", TASK, "draws"), "b.png").read_bytes())
        (bench.root / "photos" / "a.png").unlink(missing_ok=True)
    assert len(rows) == 1
    assert images[0] == images[1]
