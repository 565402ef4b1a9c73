"""What is checked: a registered name, and the plugins among which it is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from priorbench.errors import unknown
from priorbench.plan import validate_parameters
from priorbench.plugins.manager import load_plugins, with_built_in
from priorbench.plugins.registry import PluginError, Registered, Registry
from priorbench.specs import Parameters, PriorSpec
from priorbench.testing.check import Skipped

__all__ = ["MINUTES", "Kind", "Source"]

MINUTES = 2.0
"""The limit of one check."""


class Kind(StrEnum):
    """The kinds of what plugins register."""

    PRIOR = "prior"
    TASK = "task"
    METRIC = "metric"
    DATASET = "data set"
    STUDY = "study"

    @property
    def hook(self) -> str:
        """The hook that registers it."""
        plurals = {Kind.DATASET: "datasets", Kind.STUDY: "studies"}
        return f"register_{plurals.get(self, f'{self}s')}"


@dataclass(frozen=True)
class Source:
    """A registered spec, as plain data that another process can find it by.

    Args:
        kind: what it is.
        name: its name.
        folders: folders of plugins.
        disable: names of plugins to leave out.
        parameters: where they differ from the defaults; of a prior, from its spec's ``small`` ones.
        tasks: names of the tasks to check a prior on; None for all that it declares.
        minutes: the limit of one check.
    """

    kind: Kind
    name: str
    folders: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] | None = None
    minutes: float = MINUTES

    @cached_property
    def registry(self) -> Registry:
        """All plugins, loaded once in a process."""
        return load_plugins(with_built_in(self.folders), disable=self.disable)

    @property
    def entry(self) -> Registered[Any]:
        """The spec.

        Raises:
            PluginError: there is none of this kind and name.
        """
        known = self.registry.registered_by(self.kind.hook)
        if self.name not in known:
            problems = self.registry.problems
            raise PluginError("\n".join([unknown(self.kind, self.name, known), *problems]))
        return known[self.name]

    def values(self, **changes: Any) -> Parameters:
        """Return the parameters.

        Args:
            **changes: values that replace the subject's.

        Raises:
            ConfigError: one is unknown or wrong.
            Skipped: one has no default and is not given.
        """
        spec = self.entry.spec
        model: type[Parameters] = getattr(spec, "parameters", Parameters)
        small = spec.small if isinstance(spec, PriorSpec) else {}
        given = {**small, **self.parameters, **changes}
        for name, each in model.model_fields.items():
            if each.is_required() and name not in given:
                raise Skipped(f"its parameter {name} has no default: give it")
        return validate_parameters(model, given, f"parameters of {self.name}")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the plugins, which another process loads by itself."""
        return {key: value for key, value in self.__dict__.items() if key != "registry"}
