import threading
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from priorbench.numerics.threads import each, in_threads, workers


@given(st.integers(1, 4), st.lists(st.integers(), max_size=20))
def test_results_come_in_the_order_of_the_parts(threads, parts):
    with workers(threads):
        assert each(lambda part: 2 * part, parts) == [2 * part for part in parts]


def test_order_is_kept_where_later_parts_are_done_first():
    done = []

    def work(part):
        # The first part waits for the others.
        while part == 0 and len(done) < 3:
            time.sleep(0.001)
        done.append(part)
        return part

    with workers(2):
        assert each(work, range(4)) == [0, 1, 2, 3]
    assert done[-1] == 0


def test_parts_are_taken_at_the_same_time():
    meeting = threading.Barrier(3, timeout=30)
    with workers(3):
        each(lambda part: meeting.wait(), range(3))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("parts", [1, 5])
def test_no_gradients_are_recorded(threads, parts):
    x = torch.ones(3, requires_grad=True)
    with workers(threads):
        results = each(lambda part: part * x, range(parts))
    assert not any(result.requires_grad for result in results)
    assert torch.is_grad_enabled()
    assert (2 * x).requires_grad


def test_each_thread_calls_torch_with_one():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with workers(2):
            counts = each(lambda part: torch.get_num_threads(), range(4))
            assert [torch.get_num_threads(), *counts] == [1] * 5
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_comes_through_and_leaves_torch_its_threads(threads):
    def work(part):
        if part == 1:
            raise KeyError(part)

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(KeyError), workers(threads):
            each(work, range(3))
        assert torch.get_num_threads() == 3
        # Without workers it goes on in this thread.
        assert (
            each(lambda part: threading.current_thread(), range(3))
            == [threading.current_thread()] * 3
        )
    finally:
        torch.set_num_threads(before)


def test_workers_inside_workers_leave_the_outer_ones():
    with workers(2):
        with workers(1):
            inner = each(lambda part: threading.current_thread(), range(3))
        outer = each(lambda part: threading.current_thread(), range(3))
    assert set(inner) == {threading.current_thread()}
    assert threading.current_thread() not in outer


@given(st.integers(1, 7), st.integers(1, 40))
def test_how_many_threads_changes_no_bit(parts, rows):
    x = torch.randn(parts * rows, 8, generator=torch.Generator().manual_seed(parts))
    results = []
    for threads in (1, 2):
        with workers(threads):
            results.append(
                torch.stack(each(lambda part: (part.mT @ part).tanh().sum(0), x.chunk(parts))).sum(
                    0
                )
            )
    assert torch.equal(*results)


def test_in_threads_uses_as_many_as_torch_may():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    meeting = threading.Barrier(3, timeout=30)
    try:
        in_threads(lambda part: meeting.wait(), range(3))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
