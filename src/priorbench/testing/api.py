"""The functions that check a plugin, for scripts and for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priorbench.errors import unknown
from priorbench.plugins.manager import load_plugins, with_built_in
from priorbench.plugins.registry import PluginError, Registry
from priorbench.testing.catalogue import CHECKS, given_prior
from priorbench.testing.check import CheckFailed
from priorbench.testing.report import Report, Result
from priorbench.testing.runner import chosen, judged, results_here, results_of
from priorbench.testing.source import MINUTES, Kind, Source

__all__ = [
    "check_dataset",
    "check_metric",
    "check_plugin",
    "check_prior",
    "check_study",
    "check_task",
]

Folders = Sequence[str | Path]
DEFAULT_FOLDERS: Folders = ("plugins",)


def check_prior(
    prior: object,
    *,
    folders: Folders = DEFAULT_FOLDERS,
    parameters: Mapping[str, Any] | None = None,
    tasks: Sequence[str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    raise_on_failure: bool = True,
    minutes: float = MINUTES,
) -> Report:
    """Check a prior: its record, what it restores, what it leaves alone, and that it repeats.

    Args:
        prior: the name of a registered prior, or an object of one of the kinds of
            :mod:`priorbench.priors`, fitted if it learns. Of an object, what needs its record or
            another process is skipped; it runs in this process.
        folders: folders of plugins.
        parameters: of a registered prior, where they differ from its spec's ``small`` ones and the
            defaults.
        tasks: names of the tasks to check it on; None for all that it declares.
        expected_failures: names of checks that fail for a good reason, with the reason. One that
            passes all the same is a failure.
        raise_on_failure: whether a failure raises an exception.
        minutes: the limit of one check; one that takes longer is stopped and fails.

    Returns:
        how each check ended; ``print`` shows what is wrong, what would be right, and what was
        skipped and why.

    Raises:
        CheckFailed: a check failed; the message is the report.
        PluginError: there is no such prior.
        ValueError: a check or a parameter is unknown.
    """
    expected = expected_failures or {}
    if isinstance(prior, str):
        source = _source(Kind.PRIOR, prior, folders, minutes, parameters, tasks)
        return _report(_results(source, expected), raise_on_failure)
    subject = given_prior(prior, tasks)
    _check_expected(Kind.PRIOR, expected)
    results = [judged(each, expected) for each in results_here(subject, CHECKS[Kind.PRIOR])]
    return _report(results, raise_on_failure)


def check_task(
    task: str,
    *,
    folders: Folders = DEFAULT_FOLDERS,
    parameters: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    raise_on_failure: bool = True,
    minutes: float = MINUTES,
) -> Report:
    """Check a task: its problems, its operator with adjoint and data step, its noise and seeds.

    Args:
        task: the name of a registered task.
        folders: folders of plugins.
        parameters: where they differ from the defaults.
        expected_failures: as of :func:`check_prior`.
        raise_on_failure: whether a failure raises an exception.
        minutes: the limit of one check.

    Raises:
        CheckFailed: a check failed; the message is the report.
        PluginError: there is no such task.
        ValueError: a check or a parameter is unknown.
    """
    source = _source(Kind.TASK, task, folders, minutes, parameters)
    return _report(_results(source, expected_failures or {}), raise_on_failure)


def check_metric(
    metric: str,
    *,
    folders: Folders = DEFAULT_FOLDERS,
    expected_failures: Mapping[str, str] | None = None,
    raise_on_failure: bool = True,
    minutes: float = MINUTES,
) -> Report:
    """Check a metric: its values, its direction, what it leaves alone, and what it refuses.

    Args:
        metric: the name of a registered metric.
        folders: folders of plugins.
        expected_failures: as of :func:`check_prior`.
        raise_on_failure: whether a failure raises an exception.
        minutes: the limit of one check.

    Raises:
        CheckFailed: a check failed; the message is the report.
        PluginError: there is no such metric.
        ValueError: a check is unknown.
    """
    source = _source(Kind.METRIC, metric, folders, minutes)
    return _report(_results(source, expected_failures or {}), raise_on_failure)


def check_dataset(
    dataset: str,
    *,
    folders: Folders = DEFAULT_FOLDERS,
    parameters: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    raise_on_failure: bool = True,
    minutes: float = MINUTES,
) -> Report:
    """Check a data set: its list of images, their sizes and origins, and some of its images.

    Args:
        dataset: the name of a registered data set.
        folders: folders of plugins.
        parameters: where they differ from the defaults, for example the path of a folder.
        expected_failures: as of :func:`check_prior`.
        raise_on_failure: whether a failure raises an exception.
        minutes: the limit of one check.

    Raises:
        CheckFailed: a check failed; the message is the report.
        PluginError: there is no such data set.
        ValueError: a check or a parameter is unknown.
    """
    source = _source(Kind.DATASET, dataset, folders, minutes, parameters)
    return _report(_results(source, expected_failures or {}), raise_on_failure)


def check_study(
    study: str,
    *,
    folders: Folders = DEFAULT_FOLDERS,
    expected_failures: Mapping[str, str] | None = None,
    raise_on_failure: bool = True,
    minutes: float = MINUTES,
) -> Report:
    """Check a study: what it finds where there is nothing, and in the results of made-up priors.

    Args:
        study: the name of a registered study.
        folders: folders of plugins.
        expected_failures: as of :func:`check_prior`.
        raise_on_failure: whether a failure raises an exception.
        minutes: the limit of one check.

    Raises:
        CheckFailed: a check failed; the message is the report.
        PluginError: there is no such study.
        ValueError: a check is unknown.
    """
    source = _source(Kind.STUDY, study, folders, minutes)
    return _report(_results(source, expected_failures or {}), raise_on_failure)


@dataclass(frozen=True)
class _Found:
    """Something that a plugin registers."""

    kind: Kind
    name: str
    plugin: str


def check_plugin(
    name_or_path: str | Path,
    *,
    folders: Folders = DEFAULT_FOLDERS,
    disable: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    tasks: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    raise_on_failure: bool = True,
    minutes: float = MINUTES,
    on_result: Callable[[Result], None] | None = None,
) -> Report:
    """Check everything that a plugin registers, or everything of one name.

    Args:
        name_or_path: the name of a plugin, a prior, a task, a data set, a metric or a study; or
            the path of a plugin, its folder or its one file.
        folders: folders of plugins; that of a path is added.
        disable: names of plugins to leave out.
        parameters: of priors, tasks and data sets; see :func:`check_prior`.
        tasks: names of the tasks to check priors on.
        only: names of the checks to do, of whatever kind; None for all.
        expected_failures: as of :func:`check_prior`, for all that is checked.
        raise_on_failure: whether a failure raises an exception.
        minutes: the limit of one check.
        on_result: is called with each result as soon as it is there.

    Raises:
        CheckFailed: a check failed; the message is the report.
        PluginError: nothing has this name, or the plugin can't be loaded.
        ValueError: a check or a parameter is unknown.
    """
    expected = expected_failures or {}
    _check_known([*(only or ()), *expected])
    name, places = _place(name_or_path, folders)
    registry = load_plugins(with_built_in(places), disable=disable)
    results: list[Result] = []
    for found in _find(registry, name):
        names = [each.name for each in CHECKS[found.kind]]
        source = _source(found.kind, found.name, places, minutes, parameters, tasks, disable)
        own_only = None if only is None else [name for name in names if name in only]
        own_expected = {name: why for name, why in expected.items() if name in names}
        for result in _results(source, own_expected, own_only):
            if on_result is not None:
                on_result(result)
            results.append(result)
    return _report(results, raise_on_failure)


def _source(
    kind: Kind,
    name: str,
    folders: Folders,
    minutes: float,
    parameters: Mapping[str, Any] | None = None,
    tasks: Sequence[str] | None = None,
    disable: Sequence[str] = (),
) -> Source:
    """Return what is checked, as the arguments of the functions above name it."""
    return Source(
        kind=kind,
        name=name,
        folders=tuple(map(str, folders)),
        disable=tuple(disable),
        parameters=dict(parameters or {}),
        tasks=None if tasks is None else tuple(tasks),
        minutes=minutes,
    )


def _place(name_or_path: str | Path, folders: Folders) -> tuple[str, list[str]]:
    """Return the name of a plugin and the folders it is looked for in, that of a path first."""
    path, places = Path(name_or_path), list(map(str, folders))
    is_path = len(path.parts) > 1 or path.suffix == ".py" or (path / "plugin.py").is_file()
    if not (is_path and path.exists()):
        return str(name_or_path), places
    own = path.resolve().parent
    others = [place for place in places if Path(place).is_dir() and Path(place).resolve() != own]
    return path.resolve().stem if path.is_file() else path.resolve().name, [str(own), *others]


def _find(registry: Registry, name: str) -> list[_Found]:
    """Return all that has a name, else what the plugin of this name registers.

    Raises:
        PluginError: nothing has it, or the plugin is broken.
    """
    known = [
        _Found(kind, own, entry.plugin.name)
        for kind in Kind
        for own, entry in registry.registered_by(kind.hook).items()
    ]
    found = [each for each in known if each.name == name]
    found = found or [
        each for each in known if each.plugin == name or each.plugin.startswith(f"{name}.")
    ]
    if not found:
        names = {each.name for each in known} | {each.plugin for each in known}
        text = unknown("plugin, prior, task, data set, metric or study", name, names)
        raise PluginError("\n".join([*registry.problems, text]))
    return found


def _check_known(names: Sequence[str]) -> None:
    """Raise ValueError for a check that no kind has."""
    known = {each.name for checks in CHECKS.values() for each in checks}
    for name in names:
        if name not in known:
            raise ValueError(unknown("check", name, known))


def _check_expected(kind: Kind, expected: Mapping[str, str]) -> None:
    """Raise ValueError for an unknown check, or for one without a reason."""
    chosen(kind, list(expected))
    for name, why in expected.items():
        if not why.strip():
            raise ValueError(f"expected_failures: say why {name} fails")


def _results(
    source: Source, expected: Mapping[str, str], only: Sequence[str] | None = None
) -> Iterator[Result]:
    """Yield how each check ended, in the light of the failures that are expected."""
    _check_expected(source.kind, expected)
    for result in results_of(source, chosen(source.kind, only)):
        yield judged(result, expected)


def _report(results: Iterator[Result] | Sequence[Result], raise_on_failure: bool) -> Report:
    """Return a report.

    Raises:
        CheckFailed: there is something to correct, and it is asked for.
    """
    report = Report(tuple(results))
    if raise_on_failure and not report.ok:
        raise CheckFailed(str(report))
    return report
