"""Mappings with fixed keys, as a configuration or a record holds them, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from priorbench.errors import unknown

M = TypeVar("M", bound=BaseModel)


class Section(BaseModel):
    """A mapping with fixed keys. Numbers are finite, unless a field says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value.

    Args:
        place: its path, for example ``priors.settings.gmm.tune``; empty for the whole.
        message: what would be right.
    """

    place: str
    message: str


class SectionError(ValueError):
    """A mapping does not fit its model.

    Args:
        problems: what is wrong, at least one thing.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{each.place}: {each.message}" for each in problems))
        self.problems = tuple(problems)


def parse_section(model: type[M], data: Mapping[Any, Any]) -> M:
    """Return the model that plain data stands for.

    No value is taken for another kind: ``true`` is not taken for 1, nor ``"25"`` for 25.

    Raises:
        SectionError: keys are unknown or missing, or values are wrong.
    """
    try:
        # As JSON, lists stand for tuples and text for paths, while all else keeps its type.
        return model.model_validate_json(to_json(dict(data)), strict=True)
    except ValidationError as error:
        # An unknown key comes first: it may be the one that is missing, misspelt.
        items = sorted(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
        raise SectionError([_problem(model, item) for item in items]) from error
    except (PydanticSerializationError, UnicodeError) as error:
        raise SectionError(
            [Problem("", f"holds what can't be written as JSON: {error}")]
        ) from error


def _problem(model: type[BaseModel], item: ErrorDetails) -> Problem:
    # Pydantic marks that it is a key itself and not its value.
    path = [part for part in item["loc"] if part != "[key]"]
    if item["type"] == "extra_forbidden":
        *above, key = path
        return Problem(_joined(above), _unknown_key(model, above, key, item["input"]))
    return Problem(_joined(path), _in_words(item))


def _joined(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


def _unknown_key(
    model: type[BaseModel], path: Sequence[str | int], key: str | int, value: Any
) -> str:
    message = unknown("key", key, _section_at(model, path).model_fields)
    if value is None and str(key).replace(".", "").isdigit():
        # YAML reads {sigma: 15, 25} so.
        return f"{message}. A list of values is written in brackets: [15, 25]"
    return message


def _section_at(annotation: Any, path: Sequence[str | int]) -> type[BaseModel]:
    """Return the model that the mapping at a path of valid keys has."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return annotation
        return _section_at(annotation.model_fields[str(path[0])].annotation, path[1:])
    if get_origin(annotation) is dict:
        return _section_at(get_args(annotation)[1], path[1:])
    return _section_at(get_args(annotation)[0], path)


_WORDS = {
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "string_type": "must be text",
    "string_pattern_mismatch": "letters, digits, '.', '_' and '-' only, beginning with a letter or digit",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "missing": "must be given",
}
"""Pydantic's kinds of error that a person would tell otherwise."""


def _in_words(item: ErrorDetails) -> str:
    """Return what is wrong without pydantic's terms."""
    kind, value = item["type"], item["input"]
    if kind in ("list_type", "tuple_type"):
        return f"must be a list{for_example(value)}"
    if kind == "value_error":
        return item["msg"].removeprefix("Value error, ")
    words = _WORDS.get(kind) or item["msg"].replace("Input should", "must")
    shown = isinstance(value, str | int | float) and kind != "string_pattern_mismatch"
    return f"{words}, not {_as_written(value)}" if shown else words


def _as_written(value: str | float) -> str:
    """Return a value as YAML would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"the text {value!r}" if isinstance(value, str) else f"{value}"


def for_example(value: Any) -> str:
    """Return the list that was meant by a single name."""
    return f", for example [{value}]" if isinstance(value, str) else ""
