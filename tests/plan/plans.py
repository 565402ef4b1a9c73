"""Plans of made-up priors, on images that exist by name only."""

from typing import Any

from priorbench.config import parse_experiment
from priorbench.plan import Plan
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import Plugin, Registered, Registry
from priorbench.specs import DatasetSpec, Parameters, PriorSpec
from priorbench.specs.solver_settings import SolverSettings

PLUGIN = Plugin("stub", "built-in", __file__, "priorbench")


class CountParameters(Parameters):
    count: int = 5


def count_images(parameters: CountParameters) -> dict[str, None]:
    return {f"image-{number}": None for number in range(parameters.count)}


def registry(*priors: PriorSpec) -> Registry:
    result = load_plugins([])
    source = DatasetSpec(
        name="counted",
        factory=".c:c",
        images=count_images,
        parameters=CountParameters,
        summary="for a test",
    )
    result.datasets["counted"] = Registered(source, PLUGIN)
    result.priors = {spec.name: Registered(spec, PLUGIN) for spec in priors}
    return result


def spec(name: str = "mine", **values: Any) -> PriorSpec:
    # Nothing is tuned that a test doesn't ask for.
    values = {"solver": SolverSettings()} | values
    return PriorSpec(name=name, factory=".m:M", summary="for a test", **values)


def plan(
    *priors: PriorSpec, settings: dict[str, Any] | None = None, count: int = 5, **changes: Any
) -> Plan:
    data: dict[str, Any] = {
        "experiment": "mine",
        "datasets": {
            "test": {"source": "counted", "parameters": {"count": count}},
            "other": {"source": "scikit-image", "images": ["brick"]},
            "more": {"source": "scikit-image", "images": ["grass"]},
        },
        "test": ["test"],
        "priors": {"settings": settings or {}},
    }
    return Plan(parse_experiment(data | changes), registry(*priors))


def scikit_images(*names: str) -> dict[str, Any]:
    return {"source": "scikit-image", "images": list(names)}
