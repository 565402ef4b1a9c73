"""The name of a new plugin, and what is called after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from keyword import iskeyword
from typing import TYPE_CHECKING

from priorbench.scaffold.kinds import Kind

if TYPE_CHECKING:
    from priorbench.plugins.registry import Registry

PARTS = re.compile(r"[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*")


@dataclass(frozen=True)
class PluginName:
    """The name of a new plugin.

    Args:
        name: as the configuration and the tables have it.
        kind: what the plugin is.
        package: whether it is a package that pip installs.

    Raises:
        ValueError: Python can't import what has this name.
    """

    name: str
    kind: Kind
    package: bool

    def __post_init__(self) -> None:
        if not PARTS.fullmatch(self.name) or iskeyword(self.module):
            raise ValueError(
                f"{self.name!r} can't be the name of a plugin: write letters and digits, with "
                "single dashes or underscores between them, that begin with a letter and are no "
                "word of Python's own, for example local-mean"
            )

    @property
    def module(self) -> str:
        """The folder of a plugin, or the package that Python imports: without dashes."""
        return self.name.replace("-", "_")

    @property
    def folder(self) -> str:
        """The folder that is made."""
        return self.name if self.package else self.module

    @property
    def title(self) -> str:
        """The name as that of a class, ``LocalMean`` for ``local-mean``."""
        parts = self.module.split("_")
        return "".join(part[0].upper() + part[1:] for part in parts)

    def check_free(self, registry: Registry) -> None:
        """Check that the plugin would be found under its name.

        Args:
            registry: all that is registered.

        Raises:
            ValueError: the name is taken by a spec of the kind, by another plugin, or, of a
                package, by something that Python imports already.
        """
        form = self.kind.form
        known = registry.registered_by(form.hook)
        if self.name in known:
            place = known[self.name].plugin.location
            raise ValueError(
                f"the {form.called} {self.name!r} is registered already by {place}: "
                "choose another name"
            )
        # An entry point is called like the package, the plugin of a folder like the folder.
        for plugin in registry.plugins:
            if plugin.name == self.folder:
                raise ValueError(
                    f"the name {self.folder!r} is taken by the plugin in {plugin.location}: "
                    "choose another name"
                )
        spec = find_spec(self.module) if self.package else None
        if spec is not None:
            raise ValueError(
                f"Python imports {self.module!r} already, from {spec.origin or 'elsewhere'}, and "
                "of two packages of one name it finds one: choose another name"
            )
