"""What the stage ``tune`` tries for a prior."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from priorbench.config import ConfigError, PriorSection
from priorbench.plan.variants import validate_parameters
from priorbench.records import PriorSpec


def candidates(
    spec: PriorSpec, settings: PriorSection, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], ...]:
    """Return every combination of the candidates of the tunable parameters that the configuration leaves open.

    Args:
        spec: the prior's record.
        settings: what the configuration says about the prior.
        parameters: all parameters of the variant that is tuned.

    Raises:
        ConfigError: there is nothing to tune, or a combination is refused by the parameters' model.
    """
    where = f"priors.settings.{spec.name}.tune"
    if not spec.tunable:
        raise ConfigError(f"{where}: {spec.name} declares no tunable parameters; leave the key out")
    names = [name for name in spec.tunable if name not in settings.parameters]
    if not names:
        fixed = ", ".join(spec.tunable)
        raise ConfigError(
            f"{where}: 'parameters' sets {fixed}, so nothing is left to tune; leave one of the two out"
        )
    found = []
    for values in itertools.product(*(spec.tunable[name] for name in names)):
        tried = {**parameters, **dict(zip(names, values, strict=True))}
        checked = validate_parameters(spec.parameters, tried, where).model_dump()
        found.append({name: checked[name] for name in names})
    return tuple(found)
