"""A fresh SLURM for each test that asks for one, and an experiment whose prior waits for a test's
word.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from slurm import Slurm, Unavailable, running

from priorbench.store.files import read_rows

IMAGES = ("i1", "i2", "i3")
RUNS = "results/gated/runs/tiny/gated/0.jsonl"
PLUGIN = """
import os
import time
from pathlib import Path

from priorbench import PriorSpec, Resources, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="gated", factory=".model:Gated", summary="for a test", resources=Resources(memory_mb=1500, minutes=5)
    )
"""
MODEL = '''
import os
import time
from pathlib import Path

import torch

from priorbench.priors import Prior, Restoration

GATES = Path(__file__).parents[2] / "gates"


class Gated(Prior):
    """Goes through ten steps for an image, waits where a test holds it, and tells what it does."""

    def restore(self, problem, context):
        image = f"i{round(float(problem.y.mean()) * 255)}"
        context.checkpoint._every = 0
        saved = context.checkpoint.load()
        for step in range(int(saved["step"]) + 1 if saved else 1, 11):
            with (GATES / "steps").open("a") as file:
                file.write(f"{image} {step} {os.getpid()} {os.environ.get('SLURMD_NODENAME', 'local')}\\n")
            if step == 6:
                while (GATES / f"hold-{image}").exists():
                    time.sleep(0.05)
                if (GATES / f"greedy-{image}").exists():
                    hoard = torch.ones(300_000_000)
                    time.sleep(10)
            context.checkpoint.save(lambda: {"step": torch.tensor(step)})
        return Restoration(problem.y)
'''


@dataclass
class Gated:
    """An experiment of three images whose restorations a test can hold."""

    project: Any
    started: list[subprocess.Popen] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.project.root

    def release(self, image: str) -> None:
        """Let it go on."""
        (self.root / "gates" / f"hold-{image}").unlink()

    def be_greedy(self, image: str) -> None:
        """Let it take 1200 MB more than it should."""
        (self.root / "gates" / f"greedy-{image}").touch()

    def steps(self) -> pd.DataFrame:
        """Return the steps that were done: image, step, pid and node."""
        path = self.root / "gates" / "steps"
        # The last line may be half-written.
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        frame = pd.DataFrame(
            [line.split() for line in lines], columns=["image", "step", "pid", "node"]
        )
        return frame.astype({"step": int, "pid": int})

    def wait_until_held(self, image: str, times: int = 1) -> None:
        """Wait until the restoration of an image has come to its held step so many times."""

        def is_held() -> bool:
            steps = self.steps()
            return ((steps.image == image) & (steps.step == 6)).sum() >= times

        self.wait(is_held)

    def wait(self, ready: Callable[[], bool], seconds: float = 120) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < end, self.told()
            time.sleep(0.05)

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start Snakemake on SLURM, in a session of its own, with its words in a file."""
        command = [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm"]
        # A look at the queue every few seconds, for tests that wait for it.
        command += [
            "--slurm-init-seconds-before-status-checks",
            "2",
            "--latency-wait",
            "5",
            *arguments,
            "--",
            RUNS,
        ]
        with (self.root / "told").open("ab") as told:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def start_and_hold(self, image: str) -> subprocess.Popen:
        """Start Snakemake and wait until the restoration of an image has come to its sixth step,
        where it stays.
        """
        (self.root / "gates" / f"hold-{image}").touch()
        process = self.start()
        self.wait_until_held(image)
        return process

    def told(self) -> str:
        """Return what Snakemake and the jobs have said."""
        logs = [path.read_text() for path in sorted((self.root / "results").rglob("logs/**/*.log"))]
        return "\n".join(
            [(self.root / "told").read_text() if (self.root / "told").exists() else "", *logs]
        )

    def finish(self, process: subprocess.Popen) -> None:
        """Wait for Snakemake to end well."""
        try:
            code = process.wait(timeout=180)
        except subprocess.TimeoutExpired:
            pytest.fail(f"Snakemake has not ended within 180 s:\n{self.told()}")
        assert code == 0, self.told()

    def check(self, *, repeated: tuple[str, ...] = ()) -> None:
        """Assert that all images are restored, and none twice but those in the middle of which
        something happened.
        """
        rows = read_rows(self.root / RUNS)
        assert [(row["image"], row["status"]) for row in rows] == [
            (image, "ok") for image in IMAGES
        ], self.told()
        steps = self.steps()
        for image in IMAGES:
            done = steps[steps.image == image].step.tolist()
            assert sorted(set(done)) == list(range(1, 11))
            # A step that was not yet saved is done again, and none before it.
            extra = [step for step in set(done) if done.count(step) > 1]
            assert extra == ([6] if image in repeated else []), steps.to_string()
        assert not list(self.root.glob("results/**/*.partial")), "nothing half-written is left"
        assert not list(self.root.glob("results/**/*.checkpoint.safetensors")), (
            "no checkpoint is left"
        )


def _make_gated(project: Any) -> None:
    """Write the experiment and make its problems, once for all tests."""
    root: Path = project.root
    shutil.rmtree(root / "plugins")
    plugin = root / "plugins" / "gated"
    plugin.mkdir(parents=True)
    (plugin / "plugin.py").write_text(PLUGIN)
    (plugin / "model.py").write_text(MODEL)
    (root / "photos").mkdir()
    (root / "gates").mkdir()
    for number, name in enumerate(IMAGES, start=1):
        Image.fromarray(np.full((16, 16), number, dtype=np.uint8)).save(
            root / "photos" / f"{name}.png"
        )
    experiment = {
        "experiment": "gated",
        "datasets": {"tiny": {"source": "folder", "parameters": {"path": "photos"}}},
        "test": ["tiny"],
        "tasks": {"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 0}}}},
        "priors": {"run": ["gated"]},
        "metrics": ["psnr"],
        "studies": [],
    }
    (root / "config.yaml").write_text(yaml.safe_dump(experiment))
    project.run("--cores", "2", "--", "data")


@pytest.fixture
def gated(share, tmp_path: Path) -> Iterator[Gated]:
    """A copy of the experiment, with its problems made; what is left of its processes ends with the
    test.
    """
    made = share("gated", _make_gated)
    root = tmp_path / "gated"
    shutil.copytree(made.root, root)
    gated = Gated(type(made)(root))
    yield gated
    for process in gated.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def slurm(require, request) -> Iterator[Slurm]:
    """A SLURM of two nodes; with ``@pytest.mark.parametrize("slurm", ["accounting"],
    indirect=True)`` slurmdbd too.
    """
    with_accounting = getattr(request, "param", "") == "accounting"
    try:
        with running(accounting=with_accounting) as started:
            yield started
    except Unavailable as error:
        require("slurm", False, str(error))
