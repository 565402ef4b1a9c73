"""The types of keys that hold names."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from priorbench.config.messages import for_example
from priorbench.specs import NAME


def _all_or_names(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Raise one message; pydantic has one for each type that a choice may have."""
    try:
        return check(value)
    except ValidationError:
        raise ValueError(f"must be 'all' or a list of names{for_example(value)}") from None


def _without_repetition(names: Any) -> Any:
    for number, name in enumerate(names if isinstance(names, list) else []):
        if name in names[:number]:
            raise ValueError(f"names {name!r} twice")
    return names


def _not_empty(names: Any) -> Any:
    if names == []:
        raise ValueError("must name at least one; leave the key out for all of them")
    return names


Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$", max_length=100)]
Names = Annotated[list[str], AfterValidator(_without_repetition)]
Choice = Annotated[
    Literal["all"] | list[str], WrapValidator(_all_or_names), AfterValidator(_without_repetition)
]
NonEmptyChoice = Annotated[Choice, AfterValidator(_not_empty)]
