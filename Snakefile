import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")

# Jobs run the Python that runs Snakemake, also when no virtual environment is activated.
os.environ.update(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.getenv('PATH')}")
# Jobs that run a plugin's code in their own process, such as a study, iterate over sets in the same order each time.
os.environ.update(PYTHONHASHSEED="0")

from priorbench.workflow import (
    caption_of,
    chunk_of,
    freeze,
    limit_processors,
    load_plan,
    report_format,
)

# One experiment is one file: --configfile replaces config.yaml, where Snakemake's own would merge the two.
plan = load_plan(config, workflow)
layout = plan.layout
CONFIG = layout.config()
limit_processors(workflow)


container: "containers/priorbench.sif"


report: "workflow/report/workflow.rst"


# A job that computes takes a processor for each of its threads. What runs on other machines is no burden to this one.
resource_scopes:
    processors="local",


wildcard_constraints:
    dataset="[^/]+",
    task="[^/]+",
    target="[^/]+",
    prior="[^/]+",
    study="[^/]+",
    chunk=r"\d+",


onstart:
    # Jobs read this copy, so editing the configuration during a run changes nothing in it. It is no rule's output:
    # everything would depend on it, and whatever a result really depends on is in its rule's params.
    freeze(plan)


# Seconds of work each: on a cluster they would wait longer in the queue than they run. `prepare` may have to download,
# and nodes of clusters seldom reach the network.
localrules:
    prepare,
    gather,
    tabulate,
    tabulate_partial,
    draw,
    claims,
    site,


rule all:
    default_target: True
    input:
        # Every output is asked for by name: Snakemake doesn't miss one whose successors are there.
        [layout.images(dataset) for dataset in plan.datasets],
        [layout.problems(dataset, task) for dataset in plan.test for task in plan.tasks],
        [layout.training(prior) for prior in plan.learners],
        [
            layout.tuned(target, prior)
            for prior in plan.priors
            for target in plan.tunings.of_prior(prior)
        ],
        [layout.runs(chunk) for chunk in plan.all_chunks()],
        [layout.scores(chunk) for chunk in plan.all_chunks()],
        layout.result("runs"),
        [layout.table(name, "md") for name in plan.tables],
        [layout.figure(name, "svg") for name in plan.figures],
        [layout.study(name) for name in plan.studies],
        # Without a study there are no claims.
        layout.table("claims", "md") if plan.studies else [],
        layout.site().page(),


rule models:
    input:
        [layout.training(prior) for prior in plan.learners],


rule tuned:
    input:
        [
            layout.tuned(target, prior)
            for prior in plan.priors
            for target in plan.tunings.of_prior(prior)
        ],


rule data:
    input:
        [layout.problems(dataset, task) for dataset in plan.test for task in plan.tasks],


include: "workflow/rules/images.smk"
include: "workflow/rules/problems.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/tune.smk"
include: "workflow/rules/restore.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/site.smk"
include: "workflow/rules/report.smk"
