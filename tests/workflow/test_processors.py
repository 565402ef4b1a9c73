"""How many jobs compute at a time, by real Snakemake."""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

PLUGIN = """
    import time
    from pathlib import Path

    from priorbench import PriorSpec, Resources, hookimpl
    from priorbench.priors import Prior, Restoration

    SPANS = Path(__file__).parents[1] / "spans"


    class Timed(Prior):
        def restore(self, problem, context):
            begin = time.time()
            time.sleep(2)
            with SPANS.open("a") as file:
                file.write(f"{begin} {time.time()}\\n")
            return Restoration(problem.y)


    @hookimpl
    def register_priors():
        # It asks for more than the machine may have.
        yield PriorSpec(
            name="timed",
            factory=Timed,
            summary="for a test",
            resources=Resources(threads=4),
            restorations_per_job=1,
        )
"""


@pytest.fixture
def timed(project: Any) -> Any:
    """A project with two restorations of two seconds, each a job."""
    shutil.rmtree(project.root / "plugins")
    (project.root / "plugins").mkdir()
    (project.root / "plugins" / "timed.py").write_text(textwrap.dedent(PLUGIN))
    (project.root / "photos").mkdir()
    for number in range(2):
        pixels = np.full((16, 16), number, dtype=np.uint8)
        Image.fromarray(pixels).save(project.root / "photos" / f"i{number}.png")
    experiment = {
        "experiment": "timed",
        "datasets": {"photos": {"source": "folder", "parameters": {"path": "photos"}}},
        "test": ["photos"],
        "tasks": {"run": ["denoise"]},
        "priors": {"run": ["timed"]},
        "metrics": ["psnr"],
        "studies": [],
    }
    (project.root / "config.yaml").write_text(yaml.safe_dump(experiment))
    return project


def most_at_a_time(project: Any) -> int:
    """Return how many restorations went on at the same time at most."""
    spans = np.loadtxt(project.root / "spans", ndmin=2)
    assert len(spans) == 2
    return max(int(((spans[:, 0] <= begin) & (begin < spans[:, 1])).sum()) for begin in spans[:, 0])


def test_jobs_that_compute_share_the_machines_processors_whatever_cores_says(timed: Any) -> None:
    runs = [f"results/timed/runs/photos/timed/{number}.jsonl" for number in range(2)]
    # The library that counts them can be told of fewer.
    told = timed.run("--cores", "8", "--", *runs, LOKY_MAX_CPU_COUNT="1")
    assert re.search(r"Provided resources: .*processors\b.*\b1\b", told.stdout + told.stderr)
    assert most_at_a_time(timed) == 1
