"""Mappings with fixed keys, as a configuration or a spec holds them."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model


class Section(BaseModel):
    """A mapping with fixed keys. Numbers are finite, unless a field says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def overrides_of(model: type[Section]) -> type[Section]:
    """Return a model with the keys, bounds and descriptions of ``model``, all optional.

    A key that is not given is None and stands for the value of another place.
    """
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        optional = copy.copy(field)
        optional.default = None
        fields[name] = (field.annotation | None, optional)  # type: ignore[operator]  # a type
    return create_model(f"{model.__name__}Overrides", __base__=Section, **fields)
