"""The reference page of the configuration, rendered from its models."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from priorbench.config.schema import Experiment

HEADER = """\
# Configuration

An experiment is one YAML file: `config.yaml`, or another given by `snakemake --configfile`.
Single keys can be changed on the command line, for example `snakemake --config seed=3`.

* `priorbench config show` prints the experiment with every key written out.
* `priorbench config validate` checks it against the plugins, before anything runs.
* `priorbench config schema` prints the JSON schema, which `config/schema.json` holds for editors.

An unknown key or name is answered with the valid ones.
The parameters of a prior, a task or a source of images are those that its plugin declares.
`priorbench plugins list` lists the plugins, `priorbench plugins show gmm` the parameters of one.
A list as a parameter is a grid: the experiment then holds every combination, each under an id of
its own, such as `gmm-K50`.

This page is generated: `priorbench config reference > docs/reference/configuration.md`.
"""


def configuration_page() -> str:
    """Return the page as Markdown: a table of keys for each section."""
    return HEADER + "".join(_section(Experiment, ""))


def _section(model: type[BaseModel], place: str) -> Iterator[str]:
    """Yield the table of a section, then those of the sections inside it."""
    about = (model.__doc__ or "").partition("\n")[0]
    heading = f"`{place}`" if place else "The experiment"
    yield f"\n## {heading}\n\n{about}\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
    inside: list[tuple[type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        section, below = _section_of(field.annotation)
        kind = (
            f"[section](#{_anchor(_join(place, name, below))})"
            if section
            else f"`{type_in_words(field.annotation)}`"
        )
        yield f"| `{name}` | {kind} | {_default(field)} | {_text(field.description)} |\n"
        if section:
            inside.append((section, _join(place, name, below)))
    for section, path in inside:
        yield from _section(section, path)


def _section_of(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """Return the model inside an annotation and how the path goes on from its key to it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    arguments = get_args(annotation)
    if (
        get_origin(annotation) is dict
        and isinstance(arguments[1], type)
        and issubclass(arguments[1], BaseModel)
    ):
        return arguments[1], ".<name>"
    return None, ""


def type_in_words(annotation: Any) -> str:
    """Return a type as the words that a person would write."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_in_words(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(type_in_words(item) for item in arguments if item is not types.NoneType)
    if origin is Literal:
        return " or ".join(map(str, arguments))
    if origin is list:
        return f"list of {type_in_words(arguments[0])}"
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"list of {type_in_words(arguments[0])}"
    if origin is tuple:
        return f"[{', '.join(map(type_in_words, arguments))}]"
    if origin is dict:
        return "mapping"
    words = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}
    name = getattr(annotation, "__name__", str(annotation))
    return words.get(name, name)


def default_in_words(field: FieldInfo) -> str:
    """Return the default of a key as YAML would have it; empty where there is nothing to tell."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel):
        return ""
    value = list(value) if isinstance(value, tuple) else value
    return str(value).lower() if isinstance(value, bool) else str(value).replace("'", "")


def _default(field: FieldInfo) -> str:
    text = default_in_words(field)
    return f"`{text}`" if text and not field.is_required() else text


def _text(description: str | None) -> str:
    """Return a description as Markdown, in which angle brackets would be HTML."""
    return (description or "").replace("<", "&lt;").replace(">", "&gt;")


def _join(place: str, name: str, below: str) -> str:
    return f"{place}.{name}{below}" if place else f"{name}{below}"


def _anchor(place: str) -> str:
    """Return the anchor that Markdown renderers make of a heading."""
    return "".join(letter for letter in place.lower() if letter.isalnum() or letter in "-_")
