"""What the Snakefile needs beside the plan: the experiment that a run of Snakemake means."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from priorbench.config import ConfigError, dump_experiment, parse_experiment, read_yaml
from priorbench.plan import Plan
from priorbench.plugins.registry import PluginError
from priorbench.store.chunk import Chunk
from priorbench.store.drawings import shown_format
from priorbench.store.files import write_atomically, write_json

__all__ = ["read_experiment"]

DEFAULT = Path("config.yaml")


def read_experiment(config: Mapping[str, Any], workflow: Any) -> dict[str, Any]:
    """Return the experiment that Snakemake was called with, for ``config:`` of a Snakemake module.

    Without ``--configfile`` the experiment is ``config.yaml``; ``--config key=value`` changes
    single keys of it.

    Args:
        config: Snakemake's configuration: files given by ``--configfile``, then ``--config``.
        workflow: Snakemake's workflow object.

    Raises:
        SystemExit: a file can't be read; the message says why.
    """
    try:
        return _called_with(config, workflow)
    except ConfigError as error:
        raise _refused(error) from error


def load_plan(config: Mapping[str, Any], workflow: Any) -> Plan:
    """Return the plan of the experiment.

    It is what Snakemake was called with, see :func:`read_experiment`. Where the workflow is a
    module of another one, which has a configuration of its own, it is what ``config:`` of the
    module says, or without it ``config.yaml``. Broken plugins are reported once, by the process
    that the user started.

    Args:
        config: Snakemake's configuration, or that of the module.
        workflow: Snakemake's workflow object.

    Raises:
        SystemExit: the configuration or, with ``strict``, a plugin can't be used, or the module
            has a prefix; the message says why.
    """
    try:
        if not _is_module(workflow):
            data = _called_with(config, workflow)
            source = " + ".join(map(str, _files(workflow)))
        elif config:
            data, source = dict(config), "config: of the module"
        else:
            data, source = _read_default(), str(DEFAULT)
        plan = Plan(parse_experiment(data, source))
        plan.check_cells()
        _check_paths(plan.layout.root, workflow)
    except (ConfigError, PluginError) as error:
        raise _refused(error) from error
    if workflow.is_main_process:
        for problem in plan.registry.problems:
            print(f"priorbench: {problem}", file=sys.stderr)
        missing = plan.lost.look()
        if missing:
            print(
                f"priorbench: {len(missing)} files of finished jobs are missing and are made "
                f"again, such as {missing[0]}",
                file=sys.stderr,
            )
    return plan


def chunk_of(plan: Plan, wildcards: Any) -> Chunk:
    """Return the restorations that a job's wildcards name."""
    return plan.chunk(wildcards.dataset, wildcards.prior, wildcards.chunk)


def caption_of(plan: Plan, figure: str) -> str:
    """Return the caption of a figure in the report, relative to the rules."""
    kind = figure
    if figure in plan.galleries:
        kind = "gallery"
    elif figure in plan.metrics:
        kind = "scores"
    return f"../report/{kind}.rst"


def report_format(plan: Plan, figure: str) -> str:
    """Return the format in which a figure is in the report, see :mod:`priorbench.store.drawings`.

    Only a figure that is drawn has a size, and only then there is a report: before, it is any.
    """
    return shown_format(plan.layout.figure(figure, "svg"))


def limit_processors(workflow: Any) -> None:
    """Let no more jobs compute at a time than this machine has processors, whatever ``--cores``
    says.

    With more of them each waits for the others, and its memory and its seconds say nothing.
    ``--resources processors=N`` sets another limit.

    Args:
        workflow: Snakemake's workflow object.
    """
    from joblib import cpu_count

    if "processors" not in workflow.global_resources:
        workflow.register_resource("processors", cpu_count())


def freeze(plan: Plan) -> None:
    """Write the experiment, with every key, and its estimates beside its results.

    How often files of its jobs were found missing is written as well: it is a parameter of rules.
    """
    # Their sizes are kept with the estimates.
    list(plan.all_chunks())
    plan.lost.keep()
    write_json(plan.layout.estimates(), plan.estimates.keep())
    write_atomically(plan.layout.config(), dump_experiment(plan.experiment))


def freeze_in_module(plan: Plan, workflow: Any) -> None:
    """Do what ``onstart`` does, which Snakemake calls of the outermost workflow alone."""
    is_run = workflow.is_main_process and not workflow.output_settings.dryrun
    if is_run and _is_module(workflow):
        freeze(plan)


def _is_module(workflow: Any) -> bool:
    """Return whether the workflow is read as a module of another one."""
    return not workflow.modifier.is_main_snakefile()


def _files(workflow: Any) -> list[Path]:
    """Return the files that the experiment is read from."""
    return [Path(file) for file in workflow.config_settings.configfiles] or [DEFAULT]


def _called_with(config: Mapping[str, Any], workflow: Any) -> dict[str, Any]:
    files = _files(workflow)
    if files == [DEFAULT]:
        return _merged(_read_default(), config)
    # Snakemake has read them already, but takes the last of a repeated key silently.
    for file in files:
        read_yaml(file)
    return dict(config)


def _read_default() -> dict[str, Any]:
    if not DEFAULT.exists():
        raise ConfigError(
            f"there is no {DEFAULT} in {Path.cwd()}: run `priorbench init`, which writes one, or "
            "name the experiment's file by --configfile"
        )
    return read_yaml(DEFAULT)


def _check_paths(results: Path, workflow: Any) -> None:
    """Raise ConfigError if a module changes paths: the commands of the rules know nothing of it."""
    modified = workflow.modifier.path_modifier.replace_prefix(str(results))
    if modified != str(results):
        raise ConfigError(
            f"prefix: or replace_prefix: of the module would move {results} to {modified}, which "
            "is not supported: choose the folder by `results:` in the configuration instead"
        )


def _refused(error: Exception) -> SystemExit:
    """Print what is wrong; Snakemake would print a traceback of the Snakefile around it."""
    print(f"\npriorbench: {error}\n", file=sys.stderr)
    return SystemExit(2)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``changes``, mapping by mapping."""
    result = copy.deepcopy(dict(base))
    for key, value in changes.items():
        below = result.get(key)
        result[key] = (
            _merged(below, value)
            if isinstance(below, Mapping) and isinstance(value, Mapping)
            else value
        )
    return result
