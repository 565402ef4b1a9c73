"""deepinv's models, whatever torchvision was built for.

deepinv imports torchvision at its start, for its data sets. The torchvision of PyPI is built for
CUDA; beside a torch that is built for the CPU alone it can't load its own operators, and fails
where it describes them. No denoiser uses these operators, so it is enough to declare them.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from torch.library import Library

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float threshold) -> Tensor",
)
"""What torchvision describes without a look at whether it has them."""

_declared: list[Library] = []
"""Keeps the declarations: torch forgets them together with their object."""


def import_models() -> ModuleType:
    """Return ``deepinv.models``.

    Raises:
        ImportError: deepinv, or what it needs, is not installed.
    """
    try:
        import_module("torchvision")
    except RuntimeError:
        _declare_operators()
        # The first import left parts behind.
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
    import deepinv.models

    found: ModuleType = deepinv.models
    return found


def _declare_operators() -> None:
    library = Library("torchvision", "FRAGMENT")
    for schema in OPERATORS:
        library.define(schema)
    _declared.append(library)


models = import_models()
