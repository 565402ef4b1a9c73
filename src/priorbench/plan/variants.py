"""Priors and tasks with their parameters: a grid in the configuration becomes one variant for each
setting.
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from priorbench.config import ConfigError, SectionError, parse_section
from priorbench.plugins.registry import Registered
from priorbench.provenance import fingerprint
from priorbench.specs import NAME, Parameters, PriorSpec, TaskSpec

S = TypeVar("S", PriorSpec, TaskSpec)


@dataclass(frozen=True)
class Variant(Generic[S]):
    """A prior or a task with one setting of its parameters.

    Args:
        id: its name in paths and tables.
        label: its name in figures.
        entry: the spec and its plugin.
        parameters: the values.
        code: returns the fingerprint of the spec's code with all that it imports.
    """

    id: str
    label: str
    entry: Registered[S]
    parameters: dict[str, Any]
    code: Callable[[], str] = field(compare=False)

    @cached_property
    def fingerprint(self) -> str:
        """Of the parameters and the code.

        Reading code takes long, and a job asks for few fingerprints.
        """
        return fingerprint([self.parameters, self.code()])

    @property
    def spec(self) -> S:
        """The spec."""
        return self.entry.spec

    def build(self) -> Any:
        """Import the factory and call it with the parameters."""
        return self.entry.load()(**self.parameters)

    def describe(self) -> dict[str, Any]:
        """Return the full specification as plain data."""
        return {
            "id": self.id,
            "name": self.spec.name,
            "plugin": self.entry.plugin.name,
            "parameters": self.parameters,
            "fingerprint": self.fingerprint,
            "reference": self.spec.reference,
        }


def needs_settings(spec: PriorSpec | TaskSpec) -> bool:
    """Return whether a parameter has no default; the spec is then left out of "all" until it is
    set.
    """
    return any(field.is_required() for field in spec.parameters.model_fields.values())


def variants(
    entry: Registered[S], code: Callable[[], str], settings: Mapping[str, Any], where: str
) -> Iterator[Variant[S]]:
    """Yield one variant for each combination of the parameters' values.

    Args:
        entry: the spec and its plugin.
        code: returns the fingerprint of the code behind the spec.
        settings: the configured parameters; a list stands for several values.
        where: the place in the configuration, for errors.

    Raises:
        ConfigError: a parameter is unknown or wrong, or gives an id that can't be part of a path.
    """
    spec = entry.spec
    grid = {name: _values(spec.parameters, name, value, where) for name, value in settings.items()}
    varied = [
        name
        for name, values in grid.items()
        if len(values) > 1 or _is_other_protocol(spec, name, values[0])
    ]
    for values in itertools.product(*grid.values()):
        parameters = validate_parameters(
            spec.parameters, dict(zip(grid, values, strict=True)), where
        ).model_dump()
        name = _fill(spec.id, spec.name, parameters, varied)
        if not NAME.fullmatch(name):
            raise ConfigError(
                f"{where}: the id {name!r} can't be part of a path; set 'id' in the spec"
            )
        yield Variant(
            id=name,
            label=_fill(spec.label, name, parameters, varied if spec.label else []),
            entry=entry,
            parameters=parameters,
            code=code,
        )


def _is_other_protocol(spec: PriorSpec | TaskSpec, name: str, value: Any) -> bool:
    """Whether a task is set to something else than its default, which its id must then tell."""
    field = spec.parameters.model_fields.get(name)
    return (
        isinstance(spec, TaskSpec)
        and field is not None
        and not field.is_required()
        and value != field.default
    )


def _values(model: type[Parameters], name: str, value: Any, where: str) -> list[Any]:
    """Return the grid that a parameter's value stands for: a list, unless the parameter is one
    itself.
    """
    field = model.model_fields.get(name)
    if not isinstance(value, list) or field is None:
        return [value]
    try:
        TypeAdapter[Any](field.annotation or Any).validate_python(value)
    except ValidationError:
        if not value:
            raise ConfigError(
                f"{where}.{name}: an empty list leaves nothing to run; leave the key out"
            ) from None
        return value
    return [value]


def validate_parameters(
    model: type[Parameters], values: Mapping[str, Any], where: str
) -> Parameters:
    """Return the parameters that ``values`` stand for; ``where`` says in errors where they come
    from.

    Raises:
        ConfigError: a parameter is unknown, missing or wrong.
    """
    try:
        return parse_section(model, values)
    except SectionError as error:
        first = error.problems[0]
        place = ".".join(filter(None, [where, first.place]))
        raise ConfigError(f"{place}: {first.message}") from error


class _Exact(string.Formatter):
    """Formats numbers so that different ones are written differently, and without a plus sign."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if not isinstance(value, float):
            return str(super().format_field(value, format_spec))
        text = format(value, format_spec or "g")
        if float(text) != value:
            text = repr(value)
        # 1e6, where Python writes 1e+06: an id is part of a path.
        return re.sub(r"e\+?(-?)0*(?=\d)", r"e\1", text)


def _fill(pattern: str, default: str, parameters: Mapping[str, Any], varied: Sequence[str]) -> str:
    """Fill a pattern with parameters and append those that vary and are not in it."""
    text = _Exact().format(pattern, **parameters) if pattern else default
    inside = {field for _, field, _, _ in string.Formatter().parse(pattern) if field}
    rest = [
        f"{name}{_Exact().format_field(parameters[name], '')}"
        for name in varied
        if name not in inside
    ]
    return re.sub(r"\s+", " ", "-".join([text, *rest]))
