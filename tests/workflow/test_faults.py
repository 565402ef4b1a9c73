"""What happens to runs on one machine, with real processes: nothing finished is done again, nothing
half is counted.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from priorbench.data.images import read_image
from priorbench.store.files import read_rows

RUNS = "results/faults/runs/photos/traced/0.jsonl"
PRIOR = """
    import os
    import signal
    import time
    from pathlib import Path

    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration


    HERE = Path(__file__).parents[1]


    def die(temporary, target):
        # In the middle of writing: the content is in the temporary file, which has not got its name
        # yet.
        (HERE / "die").unlink()
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


    class Traced(Prior):
        def restore(self, problem, context):
            with open(HERE / "calls", "a") as file:
                file.write(f"{round(255 * float(problem.y[0, 0, 0, 0]))}\\n")
            while (HERE / "hold").exists():
                time.sleep(0.05)
            if (HERE / "die").exists():
                os.replace = die
            return Restoration(problem.y)


    @hookimpl
    def register_priors():
        yield PriorSpec(name="traced", factory=Traced, summary="for a test")
"""


@pytest.fixture
def small(project: Any) -> Any:
    """A project with an experiment of three noisy images, the first pixel of each being its number."""
    shutil.rmtree(project.root / "plugins")
    (project.root / "plugins").mkdir()
    (project.root / "plugins" / "traced.py").write_text(textwrap.dedent(PRIOR))
    (project.root / "photos").mkdir()
    for number in range(1, 4):
        pixels = np.random.default_rng(number).integers(0, 256, (200, 200), dtype=np.uint8)
        pixels[0, 0] = number
        Image.fromarray(pixels).save(project.root / "photos" / f"i{number}.png")
    experiment = {
        "experiment": "faults",
        "datasets": {"photos": {"source": "folder", "parameters": {"path": "photos"}}},
        "test": ["photos"],
        "tasks": {"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 0}}}},
        "priors": {"run": ["traced"]},
        "metrics": ["ssim"],
        "studies": [],
    }
    (project.root / "config.yaml").write_text(yaml.safe_dump(experiment))
    return project


def calls(project: Any) -> list[str]:
    path = project.root / "calls"
    return path.read_text().split() if path.exists() else []


def wait(ready: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.05)


def check(project: Any) -> None:
    rows = list(read_rows(project.root / RUNS))
    assert [(row["image"], row["status"]) for row in rows] == [
        (image, "ok") for image in ("i1", "i2", "i3")
    ]
    for row in rows:
        # Without noise the observation is the image.
        name = f"{row['image']}.png"
        restored = project.root / "results/faults/restored/photos/denoise-0/traced" / name
        original = project.root / "photos" / name
        np.testing.assert_allclose(read_image(restored), read_image(original), atol=1e-6)


@pytest.fixture
def started(small: Any) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Snakemake in a session of its own; what is left of it ends with the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments, "--", RUNS]
        process = subprocess.Popen(
            command,
            cwd=small.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.mark.fault("job killed (SIGKILL) in the middle of writing")
def test_a_job_killed_while_it_writes_is_sent_again_and_finishes(small: Any) -> None:
    (small.root / "die").touch()
    small.run("--cores", "1", "--", RUNS)
    check(small)
    # The image whose writing broke off is restored again, the others are not.
    assert calls(small) == ["1", "1", "2", "3"]
    # What it had written was never taken for a result.
    (left,) = small.root.glob("results/**/.*.partial")
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    repair = [sys.executable, "-m", "priorbench", "verify", "--repair"]
    subprocess.run(repair, cwd=small.root, check=True)
    assert not left.exists()
    # What is damaged after a run has ended is made again by the next run, and that alone.
    restored = small.root / "results/faults/restored/photos/denoise-0/traced/i2.png"
    content = restored.read_bytes()
    restored.write_bytes(content[:-1])
    subprocess.run(repair, cwd=small.root, check=True)
    small.run("--cores", "1", "--", RUNS)
    check(small)
    assert restored.read_bytes() == content
    assert calls(small) == ["1", "1", "2", "3", "2"]


@pytest.mark.fault("disk full")
def test_a_full_disk_loses_nothing_and_the_next_run_goes_on(small: Any, require: Any) -> None:
    results = small.root / "results"
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=500k", "none", str(results)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    require("tmpfs", mounted, "only root may mount a small file system")
    try:
        failed = small.run("--cores", "1", "--", RUNS, check=False)
        assert failed.returncode != 0
        assert "the disk of results/faults is full" in failed.stdout
        assert not (small.root / RUNS).exists()
        rows = [row for path in results.rglob("*.jsonl") for row in read_rows(path)]
        assert all(row["status"] == "ok" for row in rows), "no failures that are the disk's"
        before = calls(small)
        subprocess.run(["mount", "-o", "remount,size=50m", str(results)], check=True)
        small.run("--cores", "1", "--", RUNS)
        check(small)
        assert len(calls(small)) <= len(before) + 3
    finally:
        subprocess.run(["umount", "--lazy", str(results)], check=True)


@pytest.mark.fault("two runs at once in one folder")
def test_a_second_run_in_the_folder_is_refused_and_the_first_goes_on(
    small: Any, started: Any
) -> None:
    (small.root / "hold").touch()
    first = started()
    wait(lambda: len(calls(small)) == 1)
    second = started()
    told, _ = second.communicate(timeout=120)
    assert second.returncode != 0
    assert "cannot be locked" in told
    # With the lock taken away both work at the same chunk: one waits for the other, and computes
    # nothing.
    third = started("--nolock")
    log = small.root / "results/faults/logs/restore/photos/traced/0.log"
    # Snakemake removes the first one's log before it starts the second.
    wait(lambda: log.exists() and "holds the lock" in log.read_text())
    (small.root / "hold").unlink()
    for process in (first, third):
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0, told
    check(small)
    assert calls(small) == ["1", "2", "3"]


@pytest.mark.fault("Snakemake killed (SIGKILL) and started again, on one machine")
def test_what_was_finished_when_a_run_was_killed_is_not_done_again(
    small: Any, started: Any
) -> None:
    first = started()
    restored = small.root / "results/faults/restored/photos/denoise-0/traced"
    wait(lambda: len(list(restored.glob("i*.json"))) >= 1)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    small.run("--unlock")
    small.run("--cores", "1", "--", RUNS)
    check(small)
    # At most the image in work is done twice.
    assert len(calls(small)) <= 4
