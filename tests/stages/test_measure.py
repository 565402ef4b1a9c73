import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch

from priorbench.jobs.usage import Measure
from priorbench.store.times import Times

MEBIBYTE = 2**20
SIZE = 200
BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def touch(mebibytes: int) -> None:
    np.ones(mebibytes * MEBIBYTE, dtype=np.uint8)


def compute(seconds: float) -> None:
    """Keep a processor busy for a number of its own seconds, however long that takes."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_an_allocation_is_seen_after_it_is_freed() -> None:
    before = Measure().usage().peak_memory_mb
    measure = Measure()
    touch(SIZE)
    assert measure.usage().peak_memory_mb - before > 0.9 * SIZE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can forget a peak")
def test_the_next_measure_forgets_it() -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("this kernel has no /proc/self/clear_refs")
    first = Measure()
    touch(SIZE)
    high = first.usage().peak_memory_mb
    assert Measure().usage().peak_memory_mb < high - 0.9 * SIZE


def test_time_goes_on() -> None:
    measure = Measure()
    first, second = measure.usage(), measure.usage()
    assert 0 <= first.seconds <= second.seconds
    assert 0 <= first.processor_seconds <= second.processor_seconds


def test_waiting_takes_time_and_no_processor() -> None:
    measure = Measure()
    time.sleep(0.4)
    usage = measure.usage()
    assert usage.seconds >= 0.4 and usage.processor_seconds < 0.1


def test_the_processors_of_all_threads_are_counted() -> None:
    measure = Measure()
    threads = [Thread(target=compute, args=(0.2,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert measure.usage().processor_seconds >= 0.4


def test_the_processors_of_children_that_were_waited_for_are_counted() -> None:
    own = time.process_time()
    measure = Measure()
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    processor = measure.usage().processor_seconds
    assert processor >= 0.3 > time.process_time() - own


def test_what_children_used_before_is_not_counted() -> None:
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert Measure().usage().processor_seconds < 0.1


def test_times_of_earlier_attempts_are_added() -> None:
    usage = Measure().usage(Times(wall=1000, processor=400))
    assert 1000 <= usage.seconds < 1001 and 400 <= usage.processor_seconds < 401


def test_work_on_the_processor_uses_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("synchronize", "reset_peak_memory_stats", "max_memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda device: pytest.fail("there is no GPU"))
    assert Measure(torch.device("cpu")).usage().device_memory_mb is None


def test_a_gpu_is_waited_for_before_the_clocks_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[object] = []
    device = torch.device("cuda", 1)
    clock = iter([Times(100, 10), Times(103, 11)])

    def now() -> Times:
        events.append("clocks")
        return next(clock)

    def peak(device: torch.device) -> int:
        events.append(("peak", device))
        return 48 * MEBIBYTE

    monkeypatch.setattr(Times, "now", now)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda on: events.append(("wait", on)))
    monkeypatch.setattr(
        torch.cuda, "reset_peak_memory_stats", lambda on: events.append(("forget", on))
    )
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", peak)
    measure = Measure(device)
    assert events == [("wait", device), ("forget", device), "clocks"]
    events.clear()
    usage = measure.usage()
    assert events == [("wait", device), "clocks", ("peak", device)]
    assert (usage.seconds, usage.processor_seconds, usage.device_memory_mb) == (3, 1, 48)


def test_measuring_imports_no_torch() -> None:
    code = "import sys; from priorbench.jobs.usage import Measure; Measure().usage(); "
    check = "sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code + check], check=True)
