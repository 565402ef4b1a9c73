"""How the tests check the annotations of functions that take or return tensors of stated shapes.

jaxtyping's import hook puts ``checked`` on functions and dataclasses of the packages that
``--jaxtyping-packages`` in ``pyproject.toml`` names: it checks the shapes, beartype all else.
"""

import re
from collections.abc import Callable
from typing import Any

import jaxtyping
from beartype import BeartypeConf, beartype

from priorbench import types

# An int may stand for a float, as for every type checker.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
jaxtyped = jaxtyping.jaxtyped


def _jaxtyped(*, typechecker: Any) -> Callable[[Any], Any]:
    """Decorate as jaxtyping does, but only dataclasses and functions with shapes: 0.2 ms a call.

    A nested function is left alone: each call defines it again, and decorating it takes 2 ms.
    """

    def decorate(item: Any) -> Any:
        if isinstance(item, type):
            return jaxtyped(item, typechecker=typechecker)
        if "<locals>" in item.__qualname__:
            return item
        words = re.findall(r"\w+", " ".join(map(str, item.__annotations__.values())))
        return jaxtyped(item, typechecker=typechecker) if set(words) & shapes else item

    return decorate


shapes = set(types.__all__)
# The hook looks this name up at each decoration, and can't tell functions apart by itself.
jaxtyping.jaxtyped = _jaxtyped
