"""What is wrong with a value of a configuration, without pydantic's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from priorbench.errors import unknown

MESSAGES = {
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "string_type": "must be text",
    "string_pattern_mismatch": "letters, digits, '.', '_' and '-' only, "
    "beginning with a letter or digit",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "missing": "must be given",
}
"""By pydantic's type of error; its own message is used for all others."""


def message_of(item: ErrorDetails) -> str:
    """Return what is wrong with a value that pydantic refuses."""
    kind, value = item["type"], item["input"]
    if kind in ("list_type", "tuple_type"):
        return f"must be a list{for_example(value)}"
    if kind == "value_error":
        return item["msg"].removeprefix("Value error, ")
    message = MESSAGES.get(kind) or item["msg"].replace("Input should", "must")
    if not isinstance(value, str | int | float) or kind == "string_pattern_mismatch":
        return message
    if isinstance(value, bool):
        return f"{message}, not {str(value).lower()}"
    return (
        f"{message}, not the text {value!r}"
        if isinstance(value, str)
        else f"{message}, not {value}"
    )


def for_example(value: Any) -> str:
    """Return the list that was meant where one name is given instead."""
    return f", for example [{value}]" if isinstance(value, str) else ""


def unknown_key(
    model: type[BaseModel], path: Sequence[str | int], key: str | int, value: Any
) -> str:
    """Return that the mapping at ``path`` below ``model`` has no such ``key``, and which it has."""
    message = unknown("key", key, _section_at(model, path).model_fields)
    if value is None and str(key).replace(".", "").isdigit():
        # YAML reads {sigma: 15, 25} so.
        return f"{message}. A list of values is written in brackets: [15, 25]"
    return message


def _section_at(annotation: Any, path: Sequence[str | int]) -> type[BaseModel]:
    """Return the model of the mapping at a path of valid keys."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return annotation
        return _section_at(annotation.model_fields[str(path[0])].annotation, path[1:])
    if get_origin(annotation) is dict:
        return _section_at(get_args(annotation)[1], path[1:])
    return _section_at(get_args(annotation)[0], path)
