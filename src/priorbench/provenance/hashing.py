"""One short value that stands for many."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of a JSON value; the order of keys is ignored."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
