"""Which arguments ``priorbench run`` hands to Snakemake."""

from pathlib import Path

import pytest

from priorbench import shipped
from priorbench.cli.run import snakemake_arguments

OWN = ["--snakefile", shipped.snakefile()]
PROFILE = ["--workflow-profile", str(shipped.profile("default"))]
ANYTHING = ["-nq", "--cores=3", "--config", "seed=4", "--configfile", "my.yaml", "--", "a b", "-c"]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory, of a user without profiles."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "site"))
    return tmp_path


def test_in_an_empty_folder_workflow_and_profile_are_the_shipped_ones(empty: Path) -> None:
    assert snakemake_arguments(ANYTHING) == [*OWN, *PROFILE, *ANYTHING]


@pytest.mark.parametrize("name", ["Snakefile", "workflow/Snakefile"])
def test_a_snakefile_of_the_folder_comes_first(empty: Path, name: str) -> None:
    (empty / name).parent.mkdir(exist_ok=True)
    (empty / name).write_text("")
    assert snakemake_arguments(ANYTHING) == [*PROFILE, *ANYTHING]


def test_a_profile_of_the_folder_comes_first(empty: Path) -> None:
    (empty / "profiles" / "default").mkdir(parents=True)
    assert snakemake_arguments([]) == OWN


@pytest.mark.parametrize("given", [["-s", "mine"], ["--snakefile", "mine"], ["--snakefile=mine"]])
def test_a_snakefile_that_is_named_is_kept(empty: Path, given: list[str]) -> None:
    assert snakemake_arguments(given) == [*PROFILE, *given]


@pytest.mark.parametrize("given", [["--workflow-profile", "none"], ["--workflow-profile=none"]])
def test_a_profile_of_the_workflow_that_is_named_is_kept(empty: Path, given: list[str]) -> None:
    assert snakemake_arguments(given) == [*OWN, *given]


def profile(empty: Path, *given: str) -> list[str]:
    return snakemake_arguments(given)[len([*OWN, *PROFILE]) :]


def test_a_shipped_profile_is_found_by_its_name(empty: Path) -> None:
    slurm = str(shipped.profile("slurm"))
    assert Path(slurm, "config.yaml").is_file()
    assert profile(empty, "--profile", "slurm", "all") == ["--profile", slurm, "all"]
    assert profile(empty, "--profile=slurm") == [f"--profile={slurm}"]
    for other in ("elsewhere", "profiles/slurm", "none"):
        assert profile(empty, "--profile", other) == ["--profile", other]


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("slurm", "slurm"),
        ("home/snakemake/slurm", "slurm"),
        ("site/snakemake/slurm", "slurm"),
        ("profiles/slurm", "profiles/slurm"),
    ],
)
def test_a_profile_of_the_user_comes_first(empty: Path, folder: str, expected: str) -> None:
    (empty / folder).mkdir(parents=True)
    assert profile(empty, "--profile", "slurm") == ["--profile", expected]
