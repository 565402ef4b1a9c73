"""The workflow on a real SLURM, and what clusters do to jobs: nothing finished is done again,
nothing half is counted.

All in one file: there is one SLURM on a machine, and its tests run one after the other.
"""

import os
import signal
import subprocess

import pandas as pd
import pytest
import yaml

SCORES = "results/cluster/scores.parquet"
RULES = ("prepare", "corrupt", "train", "restore", "score", "gather")


@pytest.fixture
def experiment(project):
    """A part of the smoke experiment: one prior that learns, one that does not, one task."""
    data = yaml.safe_load((project.root / "config/smoke.yaml").read_text())
    data["experiment"] = "cluster"
    data["local_minutes"] = 0
    data["tasks"]["run"] = ["denoise"]
    data["priors"] = {
        "run": ["observed", "gmm"],
        "settings": {"gmm": data["priors"]["settings"]["gmm"]},
    }
    data["priors"]["settings"]["gmm"]["parameters"]["n_components"] = 4
    data["priors"]["settings"]["gmm"]["resources"] = {"threads": 1, "gpus": 1}
    path = project.root / "config/cluster.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


# The faults are tried without accounting.
@pytest.mark.parametrize("slurm", ["accounting"], indirect=True)
def test_an_experiment_on_two_nodes_gives_the_scores_of_a_local_run(
    project, make_project, experiment, slurm
):
    arguments = ["--configfile", experiment, "--", SCORES]
    project.run("--profile", "profiles/slurm", *arguments)

    jobs = pd.DataFrame(slurm.jobs())
    assert set(jobs.state) == {"COMPLETED"}
    assert set(jobs.node) == {"n1", "n2"}
    sent = {rule for rule in RULES if jobs.comment.str.contains(f"rule_{rule}").any()}
    assert sent == {"corrupt", "train", "restore", "score"}
    # What asks for a GPU is where the only one is.
    trained = jobs[jobs.comment.str.contains("rule_train")]
    assert trained.node.tolist() == ["n1"]
    assert "gpu" in slurm.requested(trained.id.iloc[0])["TresPerJob"]

    local = make_project()
    local.run("--cores", "2", *arguments)
    ours, theirs = (pd.read_parquet(each.root / SCORES) for each in (project, local))
    assert (ours.status == "ok").all()
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_what_takes_seconds_does_not_wait_in_the_queue(project, experiment, slurm):
    data = yaml.safe_load(experiment.read_text())
    data |= {"local_minutes": 15, "priors": {"run": ["observed"]}, "studies": []}
    experiment.write_text(yaml.safe_dump(data))
    project.run("--profile", "profiles/slurm", "--configfile", experiment, "--", SCORES)
    assert {rule for rule in RULES for job in slurm.jobs() if f"rule_{rule}" in job["comment"]} == {
        "restore"
    }
    assert (pd.read_parquet(project.root / SCORES).status == "ok").all()


def restoring(slurm):
    """Return the id of the job that restores, once it runs."""
    found = [
        job["id"]
        for job in slurm.jobs()
        if "rule_restore" in job["comment"] and job["state"] == "RUNNING"
    ]
    assert len(found) == 1, slurm.jobs()
    return found[0]


def minutes(slurm, job):
    """Return the time limit of a job."""
    return (
        pd.Timedelta(slurm.requested(job)["TimeLimit"].replace("-", " days ")).total_seconds() / 60
    )


@pytest.mark.fault("time limit of the job")
def test_a_job_past_its_time_limit_is_sent_again_with_more(slurm, gated):
    snakemake = gated.start_and_hold("i2")
    first = restoring(slurm)
    slurm.scontrol("update", f"jobid={first}", "EndTime=now+2seconds")
    slurm.wait(lambda: slurm.job(first)["state"] == "TIMEOUT", 120)
    gated.release("i2")
    gated.finish(snakemake)
    gated.check(repeated=("i2",))
    again = [
        job["id"] for job in slurm.jobs() if "rule_restore" in job["comment"] and job["id"] != first
    ]
    assert len(again) == 1
    assert minutes(slurm, again[0]) > minutes(slurm, first)


@pytest.mark.fault("out of memory")
def test_a_job_that_took_too_much_memory_is_sent_again_with_more(slurm, gated):
    gated.be_greedy("i2")
    snakemake = gated.start_and_hold("i2")
    first = restoring(slurm)
    gated.release("i2")
    gated.finish(snakemake)
    gated.check(repeated=("i2",))
    jobs = [job["id"] for job in slurm.jobs() if "rule_restore" in job["comment"]]
    assert jobs[0] == first
    assert len(jobs) == 2
    asked = [int(slurm.requested(job)["MinMemoryNode"].removesuffix("M")) for job in jobs]
    assert asked == [1501, 3002], "1500 MB, and one for the image"


@pytest.mark.fault("node lost while a job runs")
def test_a_job_of_a_lost_node_goes_on_elsewhere(slurm, gated):
    snakemake = gated.start_and_hold("i2")
    job = restoring(slurm)
    node = slurm.job(job)["node"]
    slurm.kill_node(node)
    slurm.start_now(job)
    gated.wait_until_held("i2", times=2)
    assert slurm.job(job)["node"] != node
    gated.release("i2")
    gated.finish(snakemake)
    gated.check(repeated=("i2",))


@pytest.mark.fault("scancel")
def test_a_cancelled_job_is_sent_again(slurm, gated):
    snakemake = gated.start_and_hold("i2")
    subprocess.run(["scancel", restoring(slurm)], check=True)
    gated.wait_until_held("i2", times=2)
    gated.release("i2")
    gated.finish(snakemake)
    gated.check(repeated=("i2",))


@pytest.mark.fault("preemption with requeue")
def test_a_preempted_job_goes_on_from_its_checkpoint(slurm, gated):
    snakemake = gated.start_and_hold("i2")
    job = restoring(slurm)
    urgent = [
        "sbatch",
        "--parsable",
        "--partition=urgent",
        "--nodes=2",
        "--exclusive",
        "--output=/dev/null",
    ]
    other = subprocess.run(
        [*urgent, "--wrap=sleep 3"], check=True, capture_output=True, text=True, cwd=gated.root
    ).stdout.strip()
    slurm.wait(lambda: slurm.job(other)["state"] == "RUNNING")
    slurm.start_now(job)
    gated.wait_until_held("i2", times=2)
    gated.release("i2")
    gated.finish(snakemake)
    gated.check(repeated=("i2",))
    assert len([job for job in slurm.jobs() if "rule_restore" in job["comment"]]) == 1, (
        "SLURM requeued it itself"
    )


@pytest.mark.fault("controller restarted")
def test_a_controller_may_be_away_for_some_time(slurm, gated):
    snakemake = gated.start_and_hold("i2")
    slurm.kill_controller()
    gated.release("i2")
    gated.wait(lambda: (gated.steps().image == "i3").sum() == 10)
    slurm.start_controller()
    gated.finish(snakemake)
    gated.check()


@pytest.mark.fault("Snakemake killed and started again")
def test_jobs_of_a_killed_snakemake_are_adopted(slurm, gated):
    snakemake = gated.start_and_hold("i2")
    os.killpg(snakemake.pid, signal.SIGKILL)
    snakemake.wait()

    refused = gated.start()
    assert refused.wait(timeout=60) != 0
    assert "--unlock" in gated.told(), "the lock is explained"
    gated.project.run("--profile", "profiles/slurm", "--unlock")
    again = gated.start()
    gated.wait(lambda: "holds the lock" in gated.told())
    gated.release("i2")
    gated.finish(again)
    # The first job did all the work, the second one has found it done.
    gated.check()
