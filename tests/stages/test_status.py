"""How far a run is, from its files alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from priorbench.monitor.status import RECENT, Observer, PriorProgress
from priorbench.monitor.summary import print_summary, summary_data
from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.store.cell import Cell
from priorbench.store.files import read_rows, write_json, write_rows
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status

TASK = "denoise-0"
PRIORS = """
    import time
    from pathlib import Path

    from priorbench import Parameters, PriorSpec, hookimpl
    from priorbench.priors import Denoiser

    class Chosen(Parameters):
        strength: float = 1.0

    class Still(Denoiser):
        def denoise(self, image, sigma):
            return image

    class Slow(Denoiser):
        def denoise(self, image, sigma):
            while (Path(__file__).parents[1] / "wait").exists():
                time.sleep(0.05)
            return image

    class Pupil(Still):
        def fit(self, images, context):
            yield {}

        def save(self, path):
            path.touch()

        def load(self, path):
            pass

    class Tuned(Still):
        def __init__(self, strength):
            pass

    @hookimpl
    def register_priors():
        yield PriorSpec(name="still", factory=Still, summary="for a test", restorations_per_job=2)
        yield PriorSpec(name="slow", factory=Slow, summary="for a test", restorations_per_job=3)
        yield PriorSpec(name="pupil", factory=Pupil, summary="for a test", learns=True)
        yield PriorSpec(
            name="tuned", factory=Tuned, summary="for a test", parameters=Chosen, tunable={"strength": (0.5, 1.0)}
        )
"""
HOLD = """
import sys, time
from pathlib import Path
from priorbench.store.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
IMAGES = ("a", "b", "c")


@pytest.fixture
def plan(bench: Any) -> Plan:
    """An experiment of three images and four priors of which nothing has run."""
    for number, name in enumerate(IMAGES):
        bench.image(name, np.full((8, 8), 0.2 + 0.2 * number))
        bench.image(name, np.full((8, 8), 0.3 + 0.2 * number), folder="school")
    bench.plugin("four", PRIORS)
    sets = {
        name: {"source": "folder", "parameters": {"path": name}} for name in ("photos", "school")
    }
    tuned = {"tuned": {"tune": True}}
    chosen: Plan = bench.plan(
        datasets=sets, train="school", metrics=["psnr"],
        priors={"run": ["still", "slow", "pupil", "tuned"], "settings": tuned},
    )  # fmt: skip
    return chosen


def end(plan: Plan, prior: str, chunk: str, seconds: float = 2.0, **changes: Any) -> Path:
    """Write the rows of a job as it does at its end."""
    path = plan.layout.runs(plan.chunk("photos", prior, chunk))
    outcome = Outcome("ok", "restore", seconds=seconds).as_dict() | changes
    current = plan.fingerprints.restored(Cell("photos", TASK, prior))
    rows = [
        {**asdict(cell), "image": image, "fingerprint": current, **outcome}
        for cell, image in plan.chunk("photos", prior, chunk).restorations()
    ]
    write_rows(path, rows)
    return path


def log(plan: Plan, stage: str, *names: str, age: float = 2 * RECENT) -> Path:
    """Write a job's log that has not grown for a while."""
    path = plan.layout.log_file(stage, *names)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def of(plan: Plan, prior: str) -> PriorProgress:
    return next(one for one in Observer(plan).look().priors if one.prior == prior)


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold a lock in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, lock], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.kill()


def test_before_the_run_all_is_waiting(plan: Plan) -> None:
    status = Observer(plan).look()
    assert [
        (one.prior, one.total, one.waiting, one.done, one.running, one.failed)
        for one in status.priors
    ] == [(prior, 3, 3, 0, 0, 0) for prior in ("still", "slow", "pupil", "tuned")]
    assert [one.training for one in status.priors] == ["", "", "waiting", ""]
    assert [one.tuning for one in status.priors] == [(), (), (), ("waiting",)]
    assert (status.changed, status.eta, status.failures, status.finished) == (None, None, (), False)


def test_jobs_that_ended_are_counted_with_their_seconds(plan: Plan) -> None:
    end(plan, "still", "0", seconds=4.0)
    still = of(plan, "still")
    assert (still.done, still.waiting, still.seconds, still.work) == (2, 1, 8.0, 4.0)
    # Nobody restores: how long it takes is known, when it ends is not.
    assert still.eta is None
    end(plan, "still", "1", seconds=1.0, status="unsupported")
    still = of(plan, "still")
    assert (still.done, still.left, still.eta) == (3, 0, 0.0)


def test_images_that_an_unfinished_job_has_restored_count(plan: Plan) -> None:
    record = plan.layout.restored(Cell("photos", TASK, "slow"), "b.json")
    write_json(record, {"outcome": Outcome("ok", "restore", seconds=3.0).as_dict()})
    write_json(record.with_name("c.json"), {"cut": "off"})
    slow = of(plan, "slow")
    assert (slow.done, slow.waiting, slow.seconds) == (1, 2, 3.0)


def test_jobs_of_several_tasks_are_counted_and_forecast_by_task(bench: Any, plan: Plan) -> None:
    two: Plan = bench.plan(
        datasets={"photos": {"source": "folder", "parameters": {"path": "photos"}}},
        tasks={"run": ["inpaint", "sr"]},
        priors={"run": ["still"]},
    )
    # Two tasks and three images: two of the first, then one of each, then two of the second.
    parts = [[len(part.images) for part in chunk.parts] for chunk in two.all_chunks(["still"])]
    assert parts == [[2], [1, 1], [2]]
    middle = two.chunk("photos", "still", 1)
    current = two.fingerprints.restored
    outcomes = {
        cell: Outcome("ok", "restore", seconds=seconds).as_dict()
        for part, seconds in zip(middle.parts, (4.0, 10.0), strict=True)
        for cell in [part.cell]
    }

    def row(cell: Cell, image: str) -> dict[str, Any]:
        return {
            **asdict(cell), "image": image, "fingerprint": current(cell), **outcomes[cell]
        }  # fmt: skip

    rows = [row(cell, image) for cell, image in middle.restorations()]
    write_rows(two.layout.runs(middle), rows)
    still = of(two, "still")
    assert (still.total, still.done, still.left, still.jobs) == (6, 2, 4, 2)
    assert (still.seconds, still.work) == (14.0, 2 * 4.0 + 2 * 10.0)
    # A record of a job that has not ended counts for its task.
    last = two.chunk("photos", "still", 2)
    [(cell, image), _] = last.restorations()
    write_json(two.layout.restored(cell, f"{image}.json"), {"outcome": outcomes[cell]})
    still = of(two, "still")
    assert (still.done, still.left, still.work) == (3, 3, 2 * 4.0 + 10.0)
    # A job that runs does one restoration at a time, whatever its tasks.
    with held(two.layout.lock("restore", last)):
        assert (of(two, "still").running, of(two, "still").waiting) == (1, 2)
    # What is out of date, or failed, is so of its own task alone.
    first, second = rows
    write_rows(two.layout.runs(middle), [first | {"fingerprint": "another"}, second])
    assert of(two, "still").outdated == 1
    failed = second | {"status": "failed", "reason": "ValueError: no"}
    write_rows(two.layout.runs(middle), [first, failed])
    status = Observer(two).look()
    assert [one.failed for one in status.priors] == [1]
    assert [(one.where, one.log) for one in status.failures] == [
        (f"still on {second['task']} of photos", two.layout.log_file("restore", middle))
    ]


def test_scores_of_a_task_that_failed_are_those_of_its_own_restorations(
    bench: Any, plan: Plan
) -> None:
    two: Plan = bench.plan(
        datasets={"photos": {"source": "folder", "parameters": {"path": "photos"}}},
        tasks={"run": ["inpaint", "sr"]},
        priors={"run": ["still"], "settings": {"still": {"restorations_per_job": 6}}},
    )
    chunk = two.chunk("photos", "still", 0)
    runs = [
        {**asdict(cell), "image": image, "fingerprint": "", **Outcome("ok", "restore").as_dict()}
        | ({"status": "failed"} if cell.task == "sr-x2" else {})
        for cell, image in chunk.restorations()
    ]
    write_rows(two.layout.runs(chunk), runs)
    scores = [
        {**asdict(cell), "image": image, "metric": "psnr", "status": "failed", "reason": "no idea"}
        for cell, image in chunk.restorations()
    ]
    write_rows(two.layout.scores(chunk), scores)
    # Images have the same names in both tasks, and those of one were not restored.
    found = {(one.where, one.what.split()[0]) for one in Observer(two).look().failures}
    assert found == {
        ("still on sr-x2 of photos", "3"),
        ("scoring still on inpaint-50 of photos", "3"),
    }


def test_a_job_that_holds_its_lock_is_running(plan: Plan) -> None:
    end(plan, "still", "0", seconds=4.0)
    log(plan, "restore", "photos", "still", "1")
    log(plan, "train", "pupil")
    with held(plan.layout.lock("restore", "photos", "still", "1")):
        still = of(plan, "still")
        assert (still.done, still.running, still.waiting, still.eta) == (2, 1, 0, 4.0)
    with held(plan.layout.lock("train", "pupil")):
        assert of(plan, "pupil").training == "running"
    # The process is gone, and with it the lock; its file stays.
    status = Observer(plan).look()
    assert (status.sum("running"), status.priors[2].training) == (0, "waiting")
    assert [(one.where, one.what, str(one.log)) for one in status.failures] == [
        ("restoring still on photos, job 1", "ended without a result",
         "results/tiny/logs/restore/photos/still/1.log"),
        ("training pupil", "ended without a result", "results/tiny/logs/train/pupil.log"),
    ]  # fmt: skip


def test_where_locks_are_unknown_a_log_that_grows_is_a_running_job(plan: Plan) -> None:
    log(plan, "restore", "photos", "slow", "0", age=1)
    log(plan, "tune", TASK, "tuned", age=1)
    assert of(plan, "slow").running == 1
    assert of(plan, "tuned").tuning == ("running",)
    log(plan, "restore", "photos", "slow", "0", age=2 * RECENT)
    assert of(plan, "slow").running == 0


@pytest.mark.slow
def test_a_real_job_of_another_process_is_seen_from_beginning_to_end(plan: Plan) -> None:
    prepare(plan, "photos")
    corrupt(plan, "photos", TASK)
    Path("wait").touch()
    command = ["restore-chunk", "--dataset", "photos", "--prior", "slow", "--chunk", "0"]
    observer = Observer(plan)
    assert observer.look().priors[1].running == 0
    with subprocess.Popen(
        [sys.executable, "-m", "priorbench", *command], stderr=subprocess.DEVNULL
    ) as job:
        try:
            until = time.monotonic() + 60
            while not observer.look().priors[1].running and time.monotonic() < until:
                time.sleep(0.1)
            slow = observer.look().priors[1]
            assert (slow.running, slow.waiting, slow.eta) == (1, 2, None)
        finally:
            Path("wait").unlink()
        assert job.wait(60) == 0
    slow = observer.look().priors[1]
    assert (slow.done, slow.running, slow.left) == (3, 0, 0)
    assert len(read_rows(plan.layout.runs(plan.chunk("photos", "slow", 0)))) == 3


def test_failures_name_the_log_of_the_job_that_failed(plan: Plan) -> None:
    end(plan, "still", "0", status="failed", reason="ValueError: no\nsecond line")
    end(plan, "still", "1", status="timeout", reason="late")
    write_json(plan.layout.training("pupil"), Outcome("failed", "train", "no data").as_dict())
    for chunk in range(len(plan.chunks("photos", "pupil"))):
        end(plan, "pupil", str(chunk), status="failed", stage="train", reason="training: no data")
    status = Observer(plan).look()
    assert [(one.where, one.what, str(one.log)) for one in status.failures] == [
        (f"still on {TASK} of photos", "2 failed, 1 timeout: ValueError: no",
         "results/tiny/logs/restore/photos/still/0.log"),
        ("training pupil", "3 failed: training: no data", "results/tiny/logs/train/pupil.log"),
    ]  # fmt: skip
    assert [one.failed for one in status.priors] == [3, 0, 3, 0]
    assert status.priors[2].training == "failed"


def test_trainings_and_tunings_count_their_seconds(plan: Plan) -> None:
    write_json(plan.layout.training("pupil"), Outcome(Status.OK, "train", seconds=7.0).as_dict())
    tuned = {
        **Outcome(Status.OK, "tune").as_dict(),
        "combinations": [{"seconds": 2.0}, {"seconds": None}, {"seconds": 3.0}],
    }
    write_json(plan.layout.tuned(TASK, "tuned"), tuned)
    assert (of(plan, "pupil").training, of(plan, "pupil").seconds) == ("done", 7.0)
    assert (of(plan, "tuned").tuning, of(plan, "tuned").seconds) == (("done",), 5.0)


def test_only_what_changed_is_read_again(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    end(plan, "still", "0")
    read: list[Path] = []

    def spy(path: Path) -> list[dict[str, Any]]:
        read.append(path)
        return read_rows(path)

    monkeypatch.setattr("priorbench.monitor.status.read_rows", spy)
    observer = Observer(plan)
    assert [observer.look().sum("done") for _ in range(3)] == [2, 2, 2]
    assert len(read) == 1
    new = end(plan, "still", "1")
    assert observer.look().sum("done") == 3
    assert read[1:] == [new]
    end(plan, "still", "1", status="failed", reason="longer than before")
    assert observer.look().sum("failed") == 1


def test_a_file_of_rows_that_cant_be_read_is_named(plan: Plan) -> None:
    path = end(plan, "still", "0")
    path.write_text('{"image": "a", "sta')
    status = Observer(plan).look()
    assert (status.priors[0].done, status.priors[0].waiting) == (0, 3)
    assert [(one.where, one.what) for one in status.failures] == [(str(path), "can't be read")]


def test_the_last_change_is_that_of_the_newest_file(plan: Plan) -> None:
    os.utime(end(plan, "still", "0"), (1000, 1000))
    assert Observer(plan).look().changed == 1000
    os.utime(log(plan, "restore", "photos", "slow", "0"), (3000, 3000))
    assert Observer(plan).look().changed == 3000


def test_the_summary_of_a_run_that_broke_off_is_its_status_and_the_logs(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    end(plan, "still", "0")
    # It ended a moment ago, and nothing runs any more.
    log(plan, "restore", "photos", "slow", "0", age=0)
    log(plan, "score", "photos", "still", "0", age=0)
    print_summary(plan, summary_data(plan))
    text = capsys.readouterr().out
    assert "2 of 12 restorations ended" in text and "nothing has been gathered yet" in text
    for name in ("restore/photos/slow/0", "score/photos/still/0"):
        assert f"log: results/tiny/logs/{name}.log\n" in text
    assert "still/1" not in text


def test_scores_that_failed_are_listed_with_the_log_of_their_job(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    end(plan, "slow", "0")
    path = plan.layout.scores(plan.chunk("photos", "slow", 0))
    endings = {
        "a": ("failed", "RuntimeError: no idea"),
        "b": ("undefined", "too small"),
        "c": ("failed", "RuntimeError: no idea"),
    }
    rows = [
        {**asdict(Cell("photos", TASK, "slow")), "image": image}
        | {"metric": "psnr", "status": status, "reason": reason}
        for image, (status, reason) in endings.items()
    ]
    write_rows(path, rows)
    status = Observer(plan).look()
    (failure,) = status.failures
    assert failure.where == f"scoring slow on {TASK} of photos"
    assert failure.what == "2 failed: psnr: RuntimeError: no idea"
    assert failure.log == plan.layout.log_file("score", "photos", "slow", "0")
    # The restorations have ended well.
    assert (of(plan, "slow").done, of(plan, "slow").failed) == (3, 0)
    print_summary(plan, summary_data(plan))
    assert str(failure.log) in capsys.readouterr().out
    # Of a restoration that failed the scores say the same once more.
    end(plan, "slow", "0", status="failed", reason="RuntimeError: no idea")
    assert [one.where for one in Observer(plan).look().failures] == [f"slow on {TASK} of photos"]


def test_restorations_by_other_code_are_counted_as_out_of_date(plan: Plan) -> None:
    path = end(plan, "still", "0")
    assert Observer(plan).look().sum("outdated") == 0
    rows = [row | {"fingerprint": "another"} for row in read_rows(path)]
    write_rows(path, rows)
    status = Observer(plan).look()
    outdated = {prior.prior: prior.outdated for prior in status.priors if prior.outdated}
    assert outdated == {"still": len(rows)}
    assert status.sum("done") == len(rows)
