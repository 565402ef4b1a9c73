"""The kind of a registered prior, which its class tells."""

from __future__ import annotations

import inspect

from priorbench.plugins.registry import PluginError, Registered
from priorbench.specs import PriorSpec


def kind_of_class(prior: object) -> str | None:
    """Return the kind of prior that a class is of; None for what is no such class."""
    from priorbench.priors import Denoiser, Generator, PatchPrior, Prior

    kinds = {
        PatchPrior: "patch prior",
        Denoiser: "denoiser",
        Generator: "generator",
        Prior: "prior",
    }
    if not isinstance(prior, type):
        return None
    return next((name for base, name in kinds.items() if issubclass(prior, base)), None)


def kind_of_prior(entry: Registered[PriorSpec]) -> str:
    """Return the kind of a prior, that of its class, which is imported for it.

    Raises:
        PluginError: the class can't be imported, is of no kind, or does not learn as its spec says.
    """
    from priorbench.priors import Learned

    loaded, record = entry.load(), entry.spec
    whose = f"the prior {record.name!r} (plugin {entry.plugin.name!r}, {entry.plugin.location})"
    kind = kind_of_class(loaded)
    if kind is None:
        raise PluginError(
            f"the factory of {whose} must be a subclass of PatchPrior, Denoiser, Generator or Prior"
        )
    if inspect.isabstract(loaded):
        missing = ", ".join(sorted(loaded.__abstractmethods__))
        raise PluginError(f"{whose} can't be made: its class {loaded.__name__} lacks {missing}")
    if issubclass(loaded, Learned) and not record.learns:
        raise PluginError(
            f"{whose} is a Learned, but would never be fitted: its PriorSpec lacks learns=True"
        )
    if record.learns and not issubclass(loaded, Learned):
        raise PluginError(
            f"the PriorSpec of {whose} says learns=True, but {loaded.__name__} is no subclass of "
            "Learned"
        )
    _check_constructor(loaded, record, whose)
    return kind


def _check_constructor(factory: type, record: PriorSpec, whose: str) -> None:
    """Raise PluginError if the constructor does not take the spec's parameters."""
    names = list(record.parameters.model_fields)
    try:
        inspect.signature(factory).bind(**dict.fromkeys(names))
    except TypeError as error:
        raise PluginError(
            f"{whose} can't be made: {factory.__name__} is called with the spec's parameters "
            f"({', '.join(names) or 'none'}), and {error}"
        ) from error
