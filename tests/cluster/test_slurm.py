import subprocess

import pandas as pd
import pytest
import yaml

SCORES = "results/cluster/scores.parquet"


@pytest.fixture
def experiment(project):
    """A part of the smoke experiment: one prior that learns, one that does not, one task."""
    data = yaml.safe_load((project.root / "config/smoke.yaml").read_text())
    data["experiment"] = "cluster"
    data["tasks"]["run"] = ["denoise"]
    data["priors"]["run"] = ["observed", "gmm"]
    data["priors"]["settings"]["gmm"]["parameters"]["n_components"] = 4
    path = project.root / "config/cluster.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


@pytest.fixture
def queue(slurm):
    """The jobs that SLURM has seen: state, node, and Snakemake's comment (rule and wildcards)."""

    def read() -> pd.DataFrame:
        command = ["squeue", "--all", "--states=all", "--noheader", "--format=%T|%N|%k"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        return pd.DataFrame([line.split("|") for line in lines], columns=["state", "node", "comment"])

    return read


def test_an_experiment_on_two_nodes_gives_the_scores_of_a_local_run(project, make_project, experiment, queue):
    arguments = ["--configfile", experiment, "--", SCORES]
    project.run("--profile", "profiles/slurm", *arguments)

    jobs = queue()
    assert set(jobs.state) == {"COMPLETED"}
    assert set(jobs.node) == {"n1", "n2"}
    for rule in ("prepare", "corrupt", "train", "restore", "score"):
        assert jobs.comment.str.contains(f"rule_{rule}").any(), jobs.comment.tolist()

    local = make_project()
    local.run("--cores", "2", *arguments)
    scores = [pd.read_parquet(one.root / SCORES) for one in (project, local)]
    assert (scores[0].status == "ok").all()
    pd.testing.assert_frame_equal(*scores)
