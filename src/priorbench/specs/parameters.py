"""The parameters of priors, tasks and data sets, and what a spec may say of them."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from priorbench.errors import unknown
from priorbench.specs.section import Section


class Parameters(Section):
    """Base of a spec's parameters.

    The configuration may give a list for any of them; the experiment then holds every combination.
    """


def fields_of(pattern: str) -> set[str]:
    """Return the parameters in a pattern such as ``"deblur-{kernel}-{sigma:g}"``."""
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}


def check_patterns(spec: str, model: type[Parameters], patterns: Sequence[str]) -> None:
    """Raise ValueError if the id or the label of a spec names an unknown parameter."""
    for pattern in patterns:
        for name in fields_of(pattern):
            _check_name(f"pattern {pattern!r} of {spec!r}", model, name)


def check_values(where: str, model: type[Parameters], values: Mapping[str, Any]) -> None:
    """Raise ValueError if a parameter is unknown or can't have its value; others may be missing."""
    for name, value in values.items():
        _check_name(where, model, name)
        try:
            model.model_validate({name: value})
        except ValidationError as error:
            for item in error.errors():
                # Errors of other parameters: they may be required and have no value here.
                if item["loc"][:1] == (name,):
                    raise ValueError(f"{where}: {name} = {value!r}: {item['msg']}") from None


def _check_name(where: str, model: type[Parameters], name: str) -> None:
    if name not in model.model_fields:
        raise ValueError(f"{where}: {unknown('parameter', name, model.model_fields)}")
