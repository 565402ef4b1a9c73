from __future__ import annotations

from tests.workers import quick_start

__all__ = ["quick_start"]
