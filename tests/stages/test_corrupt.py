import re
from typing import Any

import numpy as np
import pytest

from priorbench.plan import Plan
from priorbench.problem import Problem
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.store.files import file_sha256
from priorbench.store.manifest import read_manifest

IMAGES = ("a", "b", "c")
TASK = "from priorbench.tasks import Task\n\nclass Broken(Task):\n"
OBSERVE = "    def observe(self, image, mask=None): ..."


def problems(
    bench: Any,
    experiment: str,
    names: tuple[str, ...] = IMAGES,
    task: str = "denoise",
    **changes: Any,
) -> Plan:
    """Return the plan of an experiment whose problems are made."""
    for name in IMAGES:
        bench.image(name, np.full((16, 16), 0.5))
    source = {"source": "folder", "parameters": {"path": "photos"}, "images": list(names)}
    plan: Plan = bench.plan(
        experiment=experiment, datasets={"photos": source}, tasks={"run": [task]}, **changes
    )
    prepare(plan, "photos")
    [name] = plan.tasks
    corrupt(plan, "photos", name)
    return plan


def checksums(plan: Plan) -> dict[str, str]:
    [task] = plan.tasks
    return {
        name: file_sha256(plan.layout.problem("photos", task, name))
        for name in plan.datasets["photos"].images
    }


@pytest.mark.parametrize("task", ["denoise", "inpaint"])
def test_a_problem_depends_on_its_own_names_only(bench: Any, task: str) -> None:
    whole = checksums(problems(bench, "one", task=task))
    assert len(set(whole.values())) == len(IMAGES)
    assert checksums(problems(bench, "two", ("c", "a"), task=task)) == {
        name: whole[name] for name in ("c", "a")
    }
    other_seed = checksums(problems(bench, "three", task=task, seed=1))
    assert all(other_seed[name] != whole[name] for name in IMAGES)


def test_the_same_image_is_another_problem_in_another_task(bench: Any) -> None:
    one = problems(bench, "with-25")
    second = bench.plan(
        experiment="with-50",
        tasks={"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 50}}}},
    )
    prepare(second, "photos")
    corrupt(second, "photos", "denoise-50")
    first = Problem.load(one.layout.problem("photos", "denoise-25", "a"))
    other = Problem.load(second.layout.problem("photos", "denoise-50", "a"))
    clean = round(255 * 0.5) / 255
    assert not np.allclose(
        (first.y - clean) / first.sigma, (other.y - clean) / other.sigma, atol=1e-3
    )


def test_the_manifest_holds_the_checksum_of_each_problem(bench: Any) -> None:
    plan = problems(bench, "one")
    entries = read_manifest(plan.layout.problems("photos", "denoise-25"))
    assert {name: entry.sha256 for name, entry in entries.items()} == checksums(plan)
    assert {entry.shape for entry in entries.values()} == {(1, 16, 16)}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "class Broken:\n    def __init__(self): raise RuntimeError('no idea')",
            "RuntimeError: no idea",
        ),
        (
            f"{TASK}    def corrupt(self, image, generator): raise RuntimeError('no noise')\n{OBSERVE}",
            "no noise",
        ),
        (
            f"{TASK}    border = 3\n    def corrupt(self, image, generator): ...\n{OBSERVE}",
            "TypeError",
        ),
        ("class Broken:\n    pass", "no task: it must subclass"),
        ("Broken = '.nowhere:Broken'", "failed to load"),
    ],
)
def test_a_task_that_cannot_be_done_is_named_for_each_image(
    bench: Any, code: str, reason: str
) -> None:
    hook = "@hookimpl\ndef register_tasks():\n    yield TaskSpec(name='broken', factory=Broken, summary='for a test')\n"
    bench.plugin("broken", f"from priorbench import TaskSpec, hookimpl\n{code}\n{hook}")
    plan = problems(bench, "one", task="broken")
    entries = read_manifest(plan.layout.problems("photos", "broken"))
    assert set(entries) == set(IMAGES)
    for entry in entries.values():
        assert (entry.outcome.status, entry.outcome.stage) == ("failed", "corrupt")
        assert re.search(re.escape(reason), entry.outcome.reason)


def test_an_image_that_cannot_be_read_is_passed_on_as_failed(bench: Any) -> None:
    (bench.root / "photos").mkdir()
    (bench.root / "photos" / "z.png").write_bytes(b"no image")
    plan = problems(bench, "one", (*IMAGES, "z"))
    entries = read_manifest(plan.layout.problems("photos", "denoise-25"))
    assert entries["z"].outcome.stage == "prepare"
    assert "z.png" in entries["z"].outcome.reason
    assert all(entries[name].outcome.ok for name in IMAGES)
