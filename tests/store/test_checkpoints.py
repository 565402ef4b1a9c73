import pytest
import torch

from priorbench.store.checkpoints import Checkpoint
from priorbench.store.times import Times

STATE = {"a": torch.arange(3), "b": torch.rand(2, 2, dtype=torch.float64)}


def test_what_is_saved_comes_back_bit_for_bit(tmp_path):
    path = tmp_path / "deep" / "state.safetensors"
    Checkpoint(path, "key", every=0).save(lambda: STATE)
    loaded = Checkpoint(path, "key").load()
    assert loaded is not None
    assert {name: value.dtype for name, value in loaded.items()} == {
        "a": torch.int64,
        "b": torch.float64,
    }
    assert all(torch.equal(loaded[name], STATE[name]) for name in STATE)


def test_another_computation_does_not_read_it(tmp_path):
    Checkpoint(tmp_path / "state", "key", every=0).save(lambda: STATE)
    assert Checkpoint(tmp_path / "state", "other").load() is None


@pytest.mark.parametrize("keep", [0, 5, 100])
def test_a_damaged_file_is_none(tmp_path, keep):
    path = tmp_path / "state"
    Checkpoint(path, "key", every=0).save(lambda: STATE)
    path.write_bytes(path.read_bytes()[:keep])
    assert Checkpoint(path, "key").load() is None


def test_it_is_written_when_it_is_time_and_not_before(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(Times, "now", lambda: Times(now[0]))
    checkpoint = Checkpoint(tmp_path / "state", every=30)
    made = []
    for now[0] in (101.0, 129.0, 130.0, 159.0, 160.0):
        checkpoint.save(lambda: made.append(now[0]) or STATE)
    assert made == [130.0, 160.0]


def test_discarded_or_without_a_file_there_is_none(tmp_path):
    checkpoint = Checkpoint(tmp_path / "state", every=0)
    checkpoint.save(lambda: STATE)
    checkpoint.discard()
    checkpoint.discard()
    assert list(tmp_path.iterdir()) == []
    nowhere = Checkpoint(every=0)
    nowhere.save(lambda: pytest.fail("nobody would read it"))
    assert nowhere.load() is None


def test_the_times_of_earlier_attempts_are_added_up(tmp_path, monkeypatch):
    now = [Times(100, 7)]
    monkeypatch.setattr(Times, "now", lambda: now[0])
    first = Checkpoint(tmp_path / "state", every=0)
    assert first.load() is None and first.spent == Times(0, 0)
    now[0] = Times(140, 22)
    first.save(lambda: STATE)
    # Another process, whose clocks are others.
    now[0] = Times(1000, 1)
    second = Checkpoint(tmp_path / "state", every=0)
    assert second.load() and second.spent == Times(40, 15)
    now[0] = Times(1002, 4)
    second.save(lambda: STATE)
    third = Checkpoint(tmp_path / "state")
    assert third.load() and third.spent == Times(42, 18)
