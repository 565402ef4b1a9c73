from __future__ import annotations

import pytest

from tests.small_runs import without_workers


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs do their work in the process of the test, which has nothing to lose."""
    without_workers(monkeypatch)
