"""Workers that start in a moment."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext, SpawnContext

import pytest

from priorbench.jobs import worker
from priorbench.seeds import HASH_SEED

NEW_INTERPRETER = worker.start_method


@pytest.fixture
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork workers from a process that has imported torch, which takes most of a worker's start.

    Those that ask for another order of sets are new interpreters, as all are outside of tests.
    """
    forked = multiprocessing.get_context("forkserver")
    forked.set_forkserver_preload(["torch"])

    def start_method(hash_seed: str) -> SpawnContext | ForkServerContext:
        return forked if hash_seed == HASH_SEED else NEW_INTERPRETER(hash_seed)

    monkeypatch.setattr(worker, "start_method", start_method)
