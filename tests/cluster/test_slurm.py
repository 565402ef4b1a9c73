import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.xdist_group("slurm")
SCORES = "results/cluster/scores.parquet"


@pytest.fixture
def experiment(project):
    """A part of the smoke experiment: one prior that learns, one that does not, one task."""
    data = yaml.safe_load((project.root / "config/smoke.yaml").read_text())
    data["experiment"] = "cluster"
    data["tasks"]["run"] = ["denoise"]
    data["priors"] = {"run": ["observed", "gmm"], "settings": {"gmm": data["priors"]["settings"]["gmm"]}}
    data["priors"]["settings"]["gmm"]["parameters"]["n_components"] = 4
    data["priors"]["settings"]["gmm"]["resources"] = {"threads": 1, "gpus": 1}
    path = project.root / "config/cluster.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


# The faults are tried without accounting.
@pytest.mark.parametrize("slurm", ["accounting"], indirect=True)
def test_an_experiment_on_two_nodes_gives_the_scores_of_local_runs(project, make_project, experiment, slurm):
    arguments = ["--configfile", experiment, "--", SCORES]
    project.run("--profile", "profiles/slurm", *arguments)

    jobs = pd.DataFrame(slurm.jobs())
    assert set(jobs.state) == {"COMPLETED"}
    assert set(jobs.node) == {"n1", "n2"}
    for rule in ("prepare", "corrupt", "train", "restore", "score"):
        assert jobs.comment.str.contains(f"rule_{rule}").any(), jobs.comment.tolist()
    # What asks for a GPU is where the only one is.
    trained = jobs[jobs.comment.str.contains("rule_train")]
    assert trained.node.tolist() == ["n1"]
    assert "gpu" in slurm.requested(trained.id.iloc[0])["TresPerJob"]

    scores = [pd.read_parquet(project.root / SCORES)]
    for cores in ("1", "2"):
        local = make_project()
        local.run("--cores", cores, *arguments)
        scores.append(pd.read_parquet(local.root / SCORES))
    assert (scores[0].status == "ok").all()
    for other in scores[1:]:
        pd.testing.assert_frame_equal(scores[0], other, check_exact=True)
