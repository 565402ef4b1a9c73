"""The configuration whose plan holds what the parts have: their union, if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from priorbench.config import Experiment, PriorSection, TaskSection, parse_experiment
from priorbench.errors import in_brief
from priorbench.merging.parts import MergeError, Part
from priorbench.plan import Plan
from priorbench.plan.variants import Variant

SAME = ("seed", "train", "tuning", "samples", "sampler")
"""Keys of an experiment that must be equal in all parts."""
IMAGES = ("images", "exclude", "limit")
"""Keys of a data set that say which of its images are used."""
OF_MACHINE = ("resources", "restorations_per_job")
"""Settings of a prior that change no result; those of the first part are kept."""


def union(parts: Sequence[Part], into: Path) -> Experiment:
    """Return the experiment that has the data sets, tasks and priors of all parts.

    Args:
        parts: the parts.
        into: the folder of the whole.

    Raises:
        MergeError: a setting differs that is the same for all results, or no grid of parameters is
            the union.
        ConfigError: the union is no valid experiment, for example as a prior would be tested on
            what it has learned from in another part.
    """
    first = parts[0].plan.experiment
    for other in parts[1:]:
        for key in SAME:
            ours, theirs = (getattr(part.plan.experiment, key) for part in (parts[0], other))
            if ours != theirs:
                raise MergeError(f"{key}: {parts[0]} has {ours!r}, {other} has {theirs!r}")
        if set(parts[0].plan.metrics) != set(other.plan.metrics):
            raise MergeError(
                f"metrics: {parts[0]} has {', '.join(parts[0].plan.metrics)}, "
                f"{other} has {', '.join(other.plan.metrics)}"
            )
    data = first.model_dump(mode="json") | {
        "experiment": into.name,
        "results": str(into.parent),
        "test": _in_order(part.plan.test for part in parts),
        "datasets": _datasets(parts),
        "tasks": _chosen(parts, "tasks"),
        "priors": _chosen(parts, "priors"),
        "studies": _names([part.plan.experiment.studies for part in parts], _studies(parts)),
    }
    return parse_experiment(data, "the union of the experiments")


def check_variants(whole: Plan, parts: Sequence[Part]) -> None:
    """Refuse parts whose priors or tasks are not those of the union, with the same parameters.

    Raises:
        MergeError: the message names one.
    """
    for kind, of in _KINDS.items():
        origin: dict[str, Part] = {}
        for part in parts:
            for name, variant in of(part.plan).items():
                before = origin.setdefault(name, part)
                ours = _settings(of(before.plan)[name])
                theirs = _settings(variant)
                if ours != theirs:
                    key = next(key for key in ours if ours[key] != theirs.get(key))
                    raise MergeError(
                        f"the {kind} {name} is another one in {part}: its {key} is "
                        f"{theirs.get(key)!r}, in {before} {ours[key]!r}"
                    )
        ids = of(whole).keys()
        if ids != origin.keys():
            more, lost = sorted(ids - origin.keys()), sorted(origin.keys() - ids)
            raise MergeError(
                f"the parameters of the {kind}s are no grid together: the whole would "
                + " and ".join(
                    filter(
                        None,
                        [
                            f"have {in_brief(more)}, which no part has" if more else "",
                            f"lack {in_brief(lost)}" if lost else "",
                        ],
                    )
                )
            )
        for name, part in origin.items():
            ours, theirs = _settings(of(part.plan)[name]), _settings(of(whole)[name])
            if ours != theirs:
                key = next(key for key in ours if ours[key] != theirs.get(key))
                raise MergeError(
                    f"the {kind} {name} of {part} would be another one in the whole: its {key} "
                    f"would be {theirs.get(key)!r}, not {ours[key]!r}"
                )


def _settings(variant: Variant[Any]) -> dict[str, Any]:
    """Return what decides what a prior or a task computes, apart from its code."""
    keys = ("train_on", "candidates", "solver")
    own = {key: getattr(variant, key) for key in keys if hasattr(variant, key)}
    return {**variant.parameters, **own}


def _of_priors(plan: Plan) -> Mapping[str, Variant[Any]]:
    return plan.priors


def _of_tasks(plan: Plan) -> Mapping[str, Variant[Any]]:
    return plan.tasks


_KINDS: Mapping[str, Callable[[Plan], Mapping[str, Variant[Any]]]] = {
    "prior": _of_priors,
    "task": _of_tasks,
}


def _datasets(parts: Sequence[Part]) -> dict[str, Any]:
    """Return the sections of the data sets, each with the images of all parts."""
    found: dict[str, Any] = {}
    for name in _in_order(part.plan.experiment.datasets for part in parts):
        # What a part does not use says nothing of it.
        users = [part for part in parts if name in part.plan.datasets]
        named = [part for part in parts if name in part.plan.experiment.datasets]
        section = (users or named)[0].plan.experiment.datasets.get(name)
        for other in users[1:]:
            _check_dataset(name, users[0], other)
        images = _in_order(part.plan.datasets[name].images for part in users)
        if section is None:
            raise MergeError(
                f"datasets.{name}: {named[0]} describes it, and {users[0]} takes the source of "
                "this name as it is"
            )
        data = section.model_dump(mode="json")
        if any(list(part.plan.datasets[name].images) != images for part in users):
            data |= {"images": images, "exclude": [], "limit": None}
        found[name] = data
    return found


def _check_dataset(name: str, first: Part, other: Part) -> None:
    datasets = [part.plan.datasets[name] for part in (first, other)]
    ours, theirs = (each.section.model_dump(exclude=set(IMAGES)) for each in datasets)
    for key, value in ours.items():
        if value != theirs[key]:
            raise MergeError(
                f"datasets.{name}.{key}: {first} has {value!r}, {other} has {theirs[key]!r}"
            )
    learned = any(
        name in (prior.train_on, prior.tune_on)
        for part in (first, other)
        for prior in part.plan.priors.values()
    )
    images = [list(each.images) for each in datasets]
    if learned and images[0] != images[1]:
        raise MergeError(
            f"datasets.{name}: priors learn from it, and its images are {in_brief(images[0])} in "
            f"{first}, {in_brief(images[1])} in {other}"
        )


def _chosen(parts: Sequence[Part], section: Literal["priors", "tasks"]) -> dict[str, Any]:
    """Return a section of priors or tasks that has those of all parts."""
    of = _KINDS[section.removesuffix("s")]
    default = PriorSection if section == "priors" else TaskSection
    given = [getattr(part.plan.experiment, section) for part in parts]
    names = _in_order([variant.spec.name for variant in of(part.plan).values()] for part in parts)
    settings: dict[str, Any] = {}
    for name in names:
        users = [
            (part, own)
            for part, own in zip(parts, given, strict=True)
            if any(variant.spec.name == name for variant in of(part.plan).values())
        ]
        dumps = [(own.settings.get(name) or default()).model_dump(mode="json") for _, own in users]
        if not any(name in own.settings for _, own in users):
            continue
        grid = _in_order(dump["parameters"] for dump in dumps)
        settings[name] = dumps[0] | {
            "parameters": {key: _values(name, key, [part for part, _ in users], of) for key in grid}
        }
        for (part, _), dump in zip(users, dumps, strict=True):
            for key in dump.keys() - {"parameters", *OF_MACHINE}:
                if dump[key] != dumps[0][key]:
                    raise MergeError(
                        f"{section}.settings.{name}.{key}: {users[0][0]} has {dumps[0][key]!r}, "
                        f"{part} has {dump[key]!r}"
                    )
    if all((own.run, own.skip) == ("all", given[0].skip) for own in given):
        return {"run": "all", "skip": given[0].skip, "settings": settings}
    return {"run": names, "skip": [], "settings": settings}


def _values(
    name: str,
    key: str,
    parts: Sequence[Part],
    of: Callable[[Plan], Mapping[str, Variant[Any]]],
) -> Any:
    """Return the value of a parameter, or the list of those that it has."""
    found: list[Any] = []
    for part in parts:
        for variant in of(part.plan).values():
            if variant.spec.name == name and variant.parameters[key] not in found:
                found.append(variant.parameters[key])
    return found[0] if len(found) == 1 else found


def _studies(parts: Sequence[Part]) -> list[str]:
    return _in_order(part.plan.studies for part in parts)


def _names(given: Sequence[Any], found: list[str]) -> Any:
    return "all" if all(each == "all" for each in given) else found


def _in_order(lists: Iterable[Iterable[str]]) -> list[str]:
    """Return the names in several lists, each once."""
    return list(dict.fromkeys(name for names in lists for name in names))
