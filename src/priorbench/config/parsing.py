"""Plain data as a section, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from priorbench.config.messages import message_of, unknown_key

M = TypeVar("M", bound=BaseModel)


class ConfigError(ValueError):
    """The configuration can't be used; the message says what is wrong, where, and what is right."""


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

    Types are strict: ``true`` is not taken for 1, nor ``"25"`` for 25.

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
        raise SectionError([Problem("", f"can't be written as JSON: {error}")]) from error


def _problem(model: type[BaseModel], item: ErrorDetails) -> Problem:
    # Pydantic marks an error of a key itself, not of its value.
    path = [part for part in item["loc"] if part != "[key]"]
    if item["type"] == "extra_forbidden":
        *above, key = path
        message = unknown_key(model, above, key, item["input"])
        return Problem(".".join(map(str, above)), message)
    return Problem(".".join(map(str, path)), message_of(item))
