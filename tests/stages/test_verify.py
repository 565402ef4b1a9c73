import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.config import load_experiment
from priorbench.errors import StorageError
from priorbench.monitor.verify import damages, remove
from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.stages.train import train
from priorbench.store.cell import Cell
from tests.conftest import BUILT_IN_PLUGINS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

LEARNER = """
    from pathlib import Path

    import torch

    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Learned, Prior, Restoration


    HERE = Path(__file__).parents[1]


    class Mean(Prior, Learned):
        def fit(self, images, context):
            with open(HERE / "fits", "a") as file:
                file.write("x")
            self.mean = torch.stack([image.mean() for image in images]).mean()
            yield {"iteration": 0, "loss": 0.5}

        def state_dict(self):
            return {"mean": self.mean.reshape(1)}

        def load_state_dict(self, state):
            self.mean = state["mean"][0]

        def restore(self, problem, context):
            with open(HERE / "restorations", "a") as file:
                file.write("x")
            return Restoration(torch.full_like(problem.y, float(self.mean)))


    @hookimpl
    def register_priors():
        yield PriorSpec(name="mean", factory=Mean, summary="for a test", learns=True)
"""


CONFIGURATION = {
    "experiment": "tiny",
    "plugins": {"disable": BUILT_IN_PLUGINS},
    "datasets": {
        name: {"source": "folder", "parameters": {"path": name}} for name in ("photos", "more")
    },
    "test": ["photos"],
    "train": "more",
    "tasks": {"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 0}}}},
    "metrics": ["psnr"],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an experiment that was run to its tables' rows."""
    folder = tmp_path_factory.mktemp("made")
    for number, name in enumerate(["photos/a.png", "photos/b.png", "more/c.png"]):
        (folder / name).parent.mkdir(exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (16, 20), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    (folder / "plugins").mkdir()
    (folder / "plugins" / "mine.py").write_text(textwrap.dedent(LEARNER))
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIGURATION))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(Plan(load_experiment(Path("config.yaml"))))
    return folder


@pytest.fixture
def plan(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan of a copy of it, in the current folder."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return Plan(load_experiment(Path("config.yaml")))


def run(plan: Plan) -> None:
    """Make what is missing as Snakemake does: it looks from the end, and makes what something that
    it makes needs.
    """
    layout, chunk = plan.layout, plan.chunk("photos", "mean", 0)
    work: list[tuple[list[str], list[str], Callable[[], object]]] = [
        ([layout.result("runs"), layout.result("scores")],
         [layout.runs(chunk), layout.scores(chunk)], lambda: gather(plan)),
        ([layout.scores(chunk)], [layout.runs(chunk)], lambda: score(plan, chunk)),
        ([layout.runs(chunk)],
         [layout.problems("photos", "denoise-0"), layout.training("mean")], lambda: restore(plan, chunk)),
        ([layout.training("mean"), layout.curve("mean")], [layout.images("more")], lambda: train(plan, "mean")),
        ([layout.problems("photos", "denoise-0")],
         [layout.images("photos")], lambda: corrupt(plan, "photos", "denoise-0")),
        ([layout.images("photos")], [], lambda: prepare(plan, "photos")),
        ([layout.images("more")], [], lambda: prepare(plan, "more")),
    ]  # fmt: skip
    needed, waiting = set(work[0][0]), []
    for outputs, inputs, make in work:
        if needed.intersection(outputs) and not all(Path(path).exists() for path in outputs):
            needed.update(inputs)
            waiting.append((outputs, make))
    for outputs, make in reversed(waiting):
        for path in outputs:
            Path(path).unlink(missing_ok=True)
        make()


def every_file(plan: Plan) -> dict[str, str]:
    """Return the files with a checksum by a word for them."""
    layout = plan.layout
    return {
        "training image": layout.image("more", "c"),
        "image": layout.image("photos", "a"),
        "problem": layout.problem("photos", "denoise-0", "a"),
        "model": layout.model("mean"),
        "restoration": layout.restored(Cell("photos", "denoise-0", "mean"), "a.png"),
        "runs": layout.runs(plan.chunk("photos", "mean", 0)),
        "scores": layout.scores(plan.chunk("photos", "mean", 0)),
        "all runs": layout.result("runs"),
        "all scores": layout.result("scores"),
    }


def test_what_is_whole_is_called_so(plan: Plan) -> None:
    assert list(damages(plan)) == []
    result = CliRunner().invoke(app, ["verify"])
    # 3 images, 2 problems and 3 lists of them; a model; 2 restorations; the record of each of the
    # last three;
    # the rows of runs and of scores, of the job and of all jobs.
    assert (result.exit_code, result.output) == (0, "18 files checked, all whole and up to date\n")


def test_an_experiment_that_has_not_begun_has_nothing_to_verify(plan: Plan) -> None:
    shutil.rmtree(plan.layout.root)
    result = CliRunner().invoke(app, ["verify"])
    assert (result.exit_code, result.output) == (
        0,
        "nothing has been written yet in results/tiny\n",
    )


def damage(path: Path, way: str) -> None:
    content = path.read_bytes()
    if way == "cut off":
        path.write_bytes(content[: len(content) // 2])
    elif way == "flipped":
        path.write_bytes(content[:40] + bytes([content[40] ^ 4]) + content[41:])
    else:
        path.unlink()


def test_every_damage_is_found(plan: Plan) -> None:
    for word, name in every_file(plan).items():
        path, content = Path(name), Path(name).read_bytes()
        for way in ("cut off", "flipped", "removed"):
            damage(path, way)
            found = [found.path for found in damages(plan)]
            assert set(found) == {path}, (word, way)
            result = CliRunner().invoke(app, ["verify"])
            assert result.exit_code == bool(found)
            assert all(str(path) in result.output for path in found)
            path.write_bytes(content)


@pytest.mark.fault("a result cut off, changed or removed")
def test_exactly_what_is_damaged_is_made_again(plan: Plan) -> None:
    before = {word: Path(path).read_bytes() for word, path in every_file(plan).items()}
    for word, name in every_file(plan).items():
        damage(Path(name), "flipped")
        Path("restorations").unlink(missing_ok=True)
        Path("fits").unlink(missing_ok=True)
        assert CliRunner().invoke(app, ["verify", "--repair"]).exit_code == 0
        run(plan)
        assert list(damages(plan)) == []
        assert Path("fits").exists() == (word == "model")
        again = Path("restorations").read_text() if Path("restorations").exists() else ""
        assert again == ("x" if word == "restoration" else ""), word
    for word, name in every_file(plan).items():
        # Rows hold the time that a restoration took.
        if word not in ("runs", "all runs"):
            assert Path(name).read_bytes() == before[word], word


@pytest.mark.parametrize("word", ["training image", "problem", "model"])
def test_a_job_that_reads_what_is_damaged_fails_and_says_what_to_do(plan: Plan, word: str) -> None:
    path = Path(every_file(plan)[word])
    path.write_bytes(path.read_bytes()[:-1])
    plan.layout.restored(Cell("photos", "denoise-0", "mean"), "a.json").unlink()
    plan.layout.fit("mean").unlink()
    with pytest.raises(StorageError, match=f"{path} is damaged.*priorbench verify --repair"):
        if word == "training image":
            train(plan, "mean")
        else:
            restore(plan, plan.chunk("photos", "mean", 0))


def test_what_a_killed_process_has_left_is_found_and_removed(plan: Plan) -> None:
    left = plan.layout.restored(Cell("photos", "denoise-0", "mean"), ".x1y2.partial")
    left.write_bytes(b"half a picture")
    assert list(damages(plan)) == [], "a process may be writing it"
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    (damage,) = damages(plan)
    assert damage.path == left
    remove(damage)
    assert list(damages(plan)) == []


def test_nothing_is_repaired_while_a_job_works(plan: Plan) -> None:
    damage(plan.layout.model("mean"), "flipped")
    path = plan.layout.lock("restore", plan.chunk("photos", "mean", 0))
    code = "import sys; from pathlib import Path; from priorbench.store.locks import locked\n"
    code += "with locked(Path(sys.argv[1])): print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        result = CliRunner().invoke(app, ["verify", "--repair"])
        holder.communicate("\n")
    assert isinstance(result.exception, ValueError)
    assert "1 jobs of this experiment are still running" in str(result.exception)
    assert plan.layout.model("mean").exists()
