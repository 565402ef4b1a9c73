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

DEFAULT = Path("config.yaml")


def load_plan(config: Mapping[str, Any], workflow: Any) -> Plan:
    """Return the plan for the configuration that Snakemake was called with.

    Without ``--configfile`` the experiment is ``config.yaml``; ``--config key=value`` changes
    single keys of it. Broken plugins are reported once, by the process that the user started.

    Args:
        config: Snakemake's configuration: files given by ``--configfile``, then ``--config``.
        workflow: Snakemake's workflow object.

    Raises:
        SystemExit: the configuration or, with ``strict``, a plugin can't be used; the message says
            why.
    """
    files = [Path(file) for file in workflow.config_settings.configfiles]
    source = " + ".join(map(str, files or [DEFAULT]))
    try:
        # Snakemake has read its files already, but takes the last of a repeated key silently.
        read = [read_yaml(file) for file in files or [DEFAULT]]
        data = dict(config) if files else _merged(read[0], config)
        plan = Plan(parse_experiment(data, source))
        plan.check_cells()
    except (ConfigError, PluginError) as error:
        # Snakemake would print a traceback of the Snakefile around the message.
        print(f"\npriorbench: {error}\n", file=sys.stderr)
        raise SystemExit(2) from error
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
