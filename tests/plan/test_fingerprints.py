"""Which results are computed again after an edit of each module of the library."""

import ast
import dataclasses
import shutil
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from priorbench.config import parse_experiment
from priorbench.plan import Plan, fingerprints
from priorbench.plan.code import Code
from priorbench.plugins.manager import load_plugins
from priorbench.provenance import Packages, packages
from priorbench.provenance import dependencies as closure
from priorbench.provenance.dependencies import PACKAGE
from priorbench.store.cell import Cell
from tests.plan.plans import plan, scikit_images, spec

ROOT = Path(__file__).parents[2]
OPERATORS = [
    "types.py",
    "store/archives.py",
    "problem.py",
    "operators/[!c]*",
    "operators/composition.py",
]
IMAGES = ["data/decoders.py", "data/formats/*", "data/images.py"]
SOLVERS = ["solvers/[!_dglprs]*", "solvers/__init__.py", "solvers/latent.py"]
SOLVERS += ["solvers/plug_and_play.py", "solvers/splitting.py"]
SOLVERS += ["numerics/constants.py", "numerics/tiles.py"]
SAMPLERS = ["solvers/latent_posterior.py", "solvers/patch_draws.py", "solvers/sampling.py"]
SAMPLERS += ["solvers/random_grid.py", "solvers/reverse_diffusion.py"]
SAMPLERS += [
    "solvers/split_gibbs.py",
    "solvers/diffpir.py",
    "solvers/dps.py",
    "solvers/langevin.py",
]
TRANSFORM = ["data/transform.py", "numerics/constants.py"]
PATCHES = ["numerics/constants.py", "numerics/patches.py"]
PRIORS = ["types.py", "priors.py", "store/checkpoints.py", "store/times.py"]
TASKS = [*OPERATORS, *IMAGES, "tasks/*", "data/tensors.py", "data/levin.py"]
TASKS += ["data/catalogue.py", "data/download.py", "numerics/noise_level.py"]
STAGE = ["store/outcome.py", "store/status.py"]
WORKER = ["jobs/device.py", "jobs/usage.py", "jobs/worker.py", "store/times.py"]
ATTEMPT = ["jobs/pool.py", "jobs/attempt.py", "jobs/deadline.py"]
PROTOCOL = ["metrics/fidelity.py", "metrics/protocol.py"]
RESULTS = ["results/__init__.py", "results/catalogue.py", "results/exact.py", "store/status.py"]
ROWS = [*RESULTS, "results/gather.py", "results/ordering.py", "results/published.py"]
ROWS += ["results/rows.py", "results/schema.py", "results/planned.py", "results/versions.py"]
STYLE = ["figures/marks.py", "figures/style.py"]
EXPERIMENT = [*ROWS, *OPERATORS, *IMAGES, *PROTOCOL, "data/tensors.py", "jobs/ready.py", "seeds.py"]
EXPERIMENT += ["studies/__init__.py", "studies/experiment.py", "studies/findings.py"]
EXPERIMENT += ["studies/tables.py", "studies/verdicts.py", "results/statistics.py"]
EXPERIMENT += ["jobs/worker.py", "results/claims.py", "data/samples.py"]

STAGES = {
    "prepare": [*STAGE, *IMAGES, *TRANSFORM, "seeds.py", "stages/prepare.py"],
    "corrupt": [*STAGE, *TASKS, "operators/checks.py", "seeds.py", "stages/corrupt.py"],
    "train": [
        *STAGE,
        *IMAGES,
        *PRIORS,
        *WORKER,
        "data/tensors.py",
        "seeds.py",
        "jobs/curve.py",
        "jobs/pool.py",
        "stages/train.py",
    ],
    "tune": [
        *STAGE,
        *OPERATORS,
        *IMAGES,
        *PRIORS,
        *SOLVERS,
        *WORKER,
        *ATTEMPT,
        *PROTOCOL,
        "data/tensors.py",
        "data/transform.py",
        "seeds.py",
        "jobs/samples.py",
        "stages/tune.py",
        "jobs/ready.py",
    ],
    "restore": [
        *STAGE,
        *OPERATORS,
        *IMAGES,
        *PRIORS,
        *SOLVERS,
        *WORKER,
        *ATTEMPT,
        "data/tensors.py",
        "seeds.py",
        "jobs/evaluation.py",
        "jobs/curve.py",
        "jobs/draws.py",
        "jobs/extras.py",
        "jobs/restorations.py",
        *SAMPLERS,
        "data/samples.py",
        "store/sampling.py",
        "stages/restore.py",
        "jobs/ready.py",
    ],
    "score": [
        *STAGE,
        *OPERATORS,
        *IMAGES,
        *PROTOCOL,
        "data/tensors.py",
        "jobs/evaluation.py",
        "data/samples.py",
        "store/sampling.py",
        "stages/score.py",
        "seeds.py",
    ],
    "gather": [*ROWS, "stages/gather.py"],
    "tabulate": [
        *ROWS,
        "report/*.py",
        "results/costs.py",
        "results/rankings.py",
        "results/statistics.py",
        "monitor/outdated.py",
        "monitor/remarks.py",
        "stages/tabulate.py",
    ],
    "draw": [
        *ROWS,
        *OPERATORS,
        *IMAGES,
        *STYLE,
        "figures/*",
        "results/costs.py",
        "results/statistics.py",
        "data/tensors.py",
        "stages/draw.py",
    ],
    "site": [
        *ROWS,
        *OPERATORS,
        *IMAGES,
        "data/tensors.py",
        "figures/marks.py",
        "figures/observation.py",
        "store/outcome.py",
        "store/site_layout.py",
        "monitor/failures.py",
        "monitor/outdated.py",
        "monitor/remarks.py",
        "report/coverage.py",
        "report/failure_table.py",
        "report/grid.py",
        "results/claims.py",
        "results/rankings.py",
        "results/statistics.py",
        "store/drawings.py",
        "site/*.py",
        "stages/site.py",
    ],
    "study": [
        *EXPERIMENT,
        *STYLE,
        "report/grid.py",
        "report/page.py",
        "report/verdicts.py",
        "studies/page.py",
        "stages/study.py",
    ],
    "claims": [
        *RESULTS,
        "report/claims_table.py",
        "report/grid.py",
        "report/page.py",
        "report/verdicts.py",
        "results/claims.py",
        "stages/claims.py",
    ],
}
"""Stage → the modules on which what it makes depends."""
NOT_IN_TABLES = ["studies/page.py", "report/claims_table.py", "report/verdicts.py"]

RECORDS = {
    "priors gmm": [*PRIORS, "numerics/[!dnrst]*", "numerics/threads.py"],
    "priors nlm": [*PRIORS],
    "priors dip": [
        *PRIORS,
        *OPERATORS,
        "numerics/precision.py",
        "numerics/threads.py",
        "numerics/constants.py",
        "networks/data_term.py",
        "networks/descent.py",
        "networks/fused/*",
        "networks/guard.py",
        "networks/layers.py",
        "networks/muon.py",
        "networks/parameters.py",
    ],
    "priors dncnn": [
        *PRIORS,
        *OPERATORS,
        *SOLVERS,
        *PATCHES,
        "numerics/patience.py",
        "networks/[!abcdglpt]*",
        "networks/parameters.py",
        "networks/denoising.py",
        "networks/learned.py",
        "networks/training.py",
    ],
    "tasks deblur": TASKS,
    "datasets dead-leaves": [
        *IMAGES,
        *TRANSFORM,
        "seeds.py",
        "data/embedded.py",
        "synthetic/dead_leaves.py",
        "synthetic/leaves.py",
        "synthetic/paint.py",
        "synthetic/sources.py",
        "synthetic/textures.py",
    ],
    "metrics psnr": ["metrics/fidelity.py"],
    "metrics residual": [*OPERATORS, "metrics/consistency.py"],
    "metrics ms-ssim": [
        "metrics/fidelity.py",
        "metrics/multiscale.py",
    ],
    "metrics patch-distance": [
        "metrics/fidelity.py",
        "metrics/patch_distance.py",
        "metrics/pyramid.py",
    ],
    "metrics spectrum-distance": [
        "metrics/fidelity.py",
        "metrics/spectrum_distance.py",
        "numerics/constants.py",
        "numerics/rings.py",
    ],
    "metrics niqe": [
        "types.py",
        "operators/[!c]*",
        "operators/composition.py",
        "metrics/fidelity.py",
        "metrics/generalised_gaussian.py",
        "metrics/luminance.py",
        "metrics/natural_statistics.py",
        "metrics/niqe.py",
        "numerics/constants.py",
    ],
    "studies gmm-sweep": [
        *EXPERIMENT,
        *STYLE,
        *PATCHES,
        "figures/canvas.py",
    ],
}
"""Kind and name of a record → the modules on which its own code depends."""


def computed(code: Code, registry: Any) -> dict[str, str]:
    """Return the fingerprints of all stages and of the records above."""
    found = {stage: code.stage(stage) for stage in STAGES}
    for record in RECORDS:
        kind, name = record.split()
        found[record] = code.spec(getattr(registry, kind)[name])
    return found


def matches(file: str, patterns: Iterable[str]) -> bool:
    """Return whether a file fits a pattern; a star stands for no slash."""
    return any(
        fnmatchcase(file, pattern) and file.count("/") == pattern.count("/") for pattern in patterns
    )


def is_expected(name: str, file: str) -> bool:
    """Return whether a stage or a record depends on a file, as the tables say."""
    if name == "tabulate" and file in NOT_IN_TABLES:
        return False
    return matches(file, (STAGES | RECORDS)[name])


def test_the_modules_behind_each_stage_and_record_are_those_of_the_table() -> None:
    registry = load_plugins([ROOT / "plugins"], strict=True)
    code = Code(registry.plugins)
    files = {
        f"priorbench.{file.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}": file
        for file in library_files(PACKAGE)
    }
    wrong = []
    for name in STAGES | RECORDS:
        if name in STAGES:
            found = closure.dependencies_of([f"priorbench.stages.{name}"], code._packages)
        else:
            kind, record = name.split()
            found = code._dependencies(getattr(registry, kind)[record])
        wrong += [
            f"{name} {'does not depend' if is_expected(name, file) else 'depends'} on {file}"
            for module, file in files.items()
            if (module in found.modules) != is_expected(name, file)
        ]
    assert wrong == [], "\n".join(wrong)


def library_files(folder: Path) -> list[str]:
    """Return the files of the library that hold more than a docstring."""
    files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.py"))
    assert len(files) > 150
    return [file for file in files if len(ast.parse((folder / file).read_text()).body) > 1]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_an_edit_of_each_module_computes_again_what_depends_on_it_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "priorbench"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(closure, "PACKAGE", copy)
    registry = load_plugins([ROOT / "plugins"], strict=True)
    before = computed(Code(registry.plugins), registry)
    wrong = []
    for file in library_files(copy):
        text = (copy / file).read_text()
        (copy / file).write_text(f"{text}\nEDITED = 1\n")
        after = computed(Code(registry.plugins), registry)
        (copy / file).write_text(text)
        for name in STAGES | RECORDS:
            expected = is_expected(name, file)
            if (after[name] != before[name]) != expected:
                wrong.append(f"{file}: {name} {'is not' if expected else 'is'} computed again")
    assert wrong == [], "\n".join(wrong)


def test_every_pattern_of_the_table_fits_a_module() -> None:
    files = [file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py")]
    patterns = {pattern for table in (STAGES, RECORDS) for own in table.values() for pattern in own}
    assert [pattern for pattern in patterns if not any(matches(f, [pattern]) for f in files)] == []


@pytest.mark.parametrize("name", ["results/published.csv", "data/registry.csv"])
def test_a_data_file_of_the_library_is_compared_like_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    copy = tmp_path / "priorbench"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(closure, "PACKAGE", copy)
    modules = [f"priorbench.stages.{stage}" for stage in ("corrupt", "gather")]
    before = closure.dependencies_of(modules, Packages({})).fingerprint
    (copy / name).write_text((copy / name).read_text() + "\n")
    assert closure.dependencies_of(modules, Packages({})).fingerprint != before


def test_a_metric_depends_on_the_statistics_that_lie_beside_it() -> None:
    registry = load_plugins([ROOT / "plugins"], strict=True)
    found = Code(registry.plugins)._dependencies(registry.metrics["niqe"])
    assert "priorbench.metrics.niqe/natural_blocks.csv" in found.data


CHANGES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "seed": {"seed": 7},
    "test images": {"datasets": {"test": scikit_images("camera", "coffee")}},
    "training images": {"datasets": {"training": scikit_images("brick")}},
    "task": {"tasks": {"settings": {"denoise": {"parameters": {"sigma": 30}}}}},
    "metrics": {"metrics": ["psnr"]},
    "samples": {"samples": 2},
    "the default sampler": {"sampler": "gibbs"},
    "a sampler of no samples": {"sampler": "dps"},
    "a label": {"label": "Mine, renamed"},
}
ALL = {"images", "training images", "problems", "training", "restored", "runs", "scores"}
KEPT = {
    "nothing": ALL,
    "seed": {"images", "training images"},
    "test images": {"training images", "training"},
    "training images": {"images", "problems"},
    "task": {"images", "training images", "training"},
    "metrics": {"images", "training images", "problems", "training", "restored", "runs"},
    "samples": {"images", "training images", "problems", "training"},
    "the default sampler": ALL,
    "a sampler of no samples": ALL,
    "a label": ALL,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_result_depends_on_all_that_it_is_made_from(change: str) -> None:
    def fingerprints(**changes: Any) -> dict[str, str]:
        label = changes.pop("label", "Mine")
        datasets = {"test": scikit_images("camera"), "training": scikit_images("grass")}
        data: dict[str, Any] = {
            "train": "training",
            "tasks": {"run": ["denoise"]},
            "metrics": ["psnr", "ssim"],
        } | changes
        data["datasets"] = datasets | changes.get("datasets", {})
        if "settings" in data["tasks"]:
            data["tasks"] = {"run": ["denoise"]} | data["tasks"]
        made = plan(spec(learns=True, label=label), **data)
        (task,) = made.tasks
        found = made.fingerprints
        return {
            "images": found.images("test"),
            "training images": found.images("training"),
            "problems": found.problems("test", task),
            "training": found.training("mine"),
            "restored": found.restored(Cell("test", task, "mine")),
            "runs": found.runs(made.chunk("test", "mine", 0)),
            "scores": found.scores(made.chunk("test", "mine", 0)),
        }

    before, after = fingerprints(), fingerprints(**CHANGES[change])
    assert {name for name in before if before[name] == after[name]} == KEPT[change]


def test_samples_depend_on_their_sampler_and_nothing_else_does() -> None:
    def fingerprints(**changes: Any) -> list[str]:
        datasets = {"test": scikit_images("camera")}
        made = plan(spec(), tasks={"run": ["denoise"]}, datasets=datasets, **changes)
        (task,) = made.tasks
        found = made.fingerprints
        return [found.problems("test", task), found.restored(Cell("test", task, "mine"))]

    usual, same, other = (
        fingerprints(samples=2, **sampler)
        for sampler in ({}, {"sampler": "gibbs"}, {"sampler": "diffpir"})
    )
    assert usual == same
    assert usual[0] == other[0]
    assert usual[1] != other[1]


def test_input_files_are_compared_by_their_content(bench: Any) -> None:
    pixels = np.random.default_rng(0).random((2, 16, 16))
    bench.image("one", pixels[0])
    bench.image("mask", np.round(pixels[1]), folder="masks")
    bench.plugin("mine", OWN_PRIOR.format(factory="Mine"))
    tasks = {"run": ["inpaint-mask"], "settings": {"inpaint-mask": {"parameters": MASK}}}

    def found() -> tuple[str, str]:
        made = bench.plan(tasks=tasks)
        (task,) = made.tasks
        return made.fingerprints.images("photos"), made.fingerprints.restored(
            Cell("photos", task, "own")
        )

    before = found()
    bench.image("one", pixels[1])
    replaced = found()
    assert replaced[0] != before[0] and replaced[1] != before[1]
    bench.image("mask", 1 - np.round(pixels[1]), folder="masks")
    masked = found()
    assert masked[0] == replaced[0] and masked[1] != replaced[1]


MASK = {"mask": "masks/mask.png"}
OWN_PRIOR = """
    from functools import partial

    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Denoiser


    class Mine(Denoiser):
        def __init__(self, factor=1.0):
            self.factor = factor

        def denoise(self, image, sigma):
            return self.factor * image


    def make(factor):
        return partial(Mine, factor=factor)


    @hookimpl
    def register_priors():
        yield PriorSpec(name="own", factory={factory}, summary="for a test")
"""


@pytest.fixture
def photos(bench: Any) -> Any:
    """An experiment with one photograph."""
    bench.image("one", np.zeros((16, 16)))
    return bench


def test_what_a_factory_holds_is_compared(photos: Any) -> None:
    found = set()
    factories = ["Mine", "partial(Mine, factor=0.5)", "partial(Mine, factor=0.9)", "make(0.7)"]
    for number, factory in enumerate(factories):
        shutil.rmtree("plugins", ignore_errors=True)
        photos.plugin(f"mine{number}", OWN_PRIOR.format(factory=factory).replace("Mine", "Same"))
        found.add(photos.plan().prior("own").fingerprint)
    assert len(found) == len(factories)


def test_a_factory_that_can_not_be_compared_is_refused_with_what_to_write(photos: Any) -> None:
    photos.plugin("mine", OWN_PRIOR.format(factory="lambda: Mine(0.5)"))
    (problem,) = photos.plan().registry.problems
    assert "plugin 'mine'" in problem
    assert "'own': the factory" in problem
    assert "functools.partial of one of these" in problem


def test_a_declared_data_file_retrains_and_a_stray_one_does_not(photos: Any) -> None:
    declared = OWN_PRIOR.replace("summary=", "data_files=('weights/*.bin',), summary=")
    photos.plugin("mine", declared.format(factory="Mine"))
    weights = Path("plugins/weights")
    weights.mkdir()
    (weights / "first.bin").write_bytes(b"\0")
    # A folder without plugin.py would be a broken plugin of its own.
    changes = {"plugins": {"folders": ["plugins"], "disable": ["weights"]}}

    def found() -> str:
        return photos.plan(**changes).prior("own").fingerprint

    before = found()
    (weights / "notes.txt").write_text("stray")
    assert found() == before
    (weights / "first.bin").write_bytes(b"\1")
    changed = found()
    assert changed != before
    (weights / "second.bin").write_bytes(b"\1")
    assert found() != changed


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("'none/*.bin',", "matches no file"),
        ("'../x.bin',", "must start in the plugin's folder"),
        ("'/x.bin',", "must start in the plugin's folder"),
        ("'x.bin'", "must be a tuple"),
    ],
)
def test_wrong_data_files_are_refused(photos: Any, pattern: str, message: str) -> None:
    declared = OWN_PRIOR.replace("summary=", f"data_files=({pattern}), summary=")
    photos.plugin("mine", declared.format(factory="Mine"))
    (problem,) = photos.plan().registry.problems
    assert message in problem


def test_versions_of_packages_that_a_plugin_imports_count_and_are_recorded(
    photos: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = photos.root / "lib" / "site-packages"
    (site / "faraway").mkdir(parents=True)
    (site / "faraway" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(site)
    source = OWN_PRIOR.replace("from functools", "import faraway\n    from functools")
    photos.plugin("mine", source.format(factory="Mine"))

    def installed(version: str) -> tuple[str, str]:
        for folder in site.glob("*.dist-info"):
            shutil.rmtree(folder)
        info = site / f"faraway-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: faraway\nVersion: {version}\n"
        )
        packages._version.cache_clear()
        made = photos.plan()
        assert "numpy" not in made.packages, "it is in each environment as the library's own"
        return made.packages["faraway"], made.prior("own").fingerprint

    (first, before), (second, after) = installed("1.0"), installed("2.0")
    assert (first, second) == ("1.0", "2.0")
    assert before != after


def test_a_study_depends_on_what_it_looks_at() -> None:
    def found(**changes: Any) -> str:
        data = {
            "experiment": "studied",
            "plugins": {"folders": [str(ROOT / "plugins")]},
            "datasets": {"test": scikit_images("camera"), "training": scikit_images("grass")},
            "test": ["test"],
            "train": "training",
            "priors": {"run": ["gmm", "tv"]},
            "tasks": {"run": ["denoise"]},
            "metrics": ["psnr"],
            "studies": ["gmm-sweep"],
        } | changes
        return Plan(parse_experiment(data)).fingerprints.study("gmm-sweep")

    before = found()
    assert found(priors={"run": ["gmm", "tv", "nlm", "mvg"]}) == before
    assert found(metrics=["psnr", "ssim"]) == before
    components = {"gmm": {"parameters": {"n_components": [2, 4]}}}
    assert found(priors={"run": ["gmm", "tv"], "settings": components}) != before
    assert found(tasks={"run": ["denoise", "inpaint"]}) != before


@pytest.mark.parametrize("change", [{"label": "two"}, {"baseline": True}])
def test_tables_and_figures_are_made_again_for_how_a_prior_is_shown(change: dict[str, Any]) -> None:
    def shown(**values: Any) -> list[str]:
        made = plan(spec(**{"label": "one"} | values))
        return [made.fingerprints.shown(stage) for stage in ("tabulate", "draw", "site")]

    assert shown() == shown()
    assert all(one != other for one, other in zip(shown(), shown(**change), strict=True))


@pytest.mark.slow
def test_tables_and_figures_are_made_again_for_how_a_metric_is_shown() -> None:
    def shown(**values: Any) -> list[str]:
        made = plan(spec(), metrics=["psnr"])
        made.metrics["psnr"] = dataclasses.replace(made.metrics["psnr"], **values)
        return [made.fingerprints.shown(stage) for stage in ("tabulate", "draw", "site")]

    for change in ({"decimals": 5}, {"label": "P"}, {"unit": ""}, {"target": 30.0}):
        assert all(one != other for one, other in zip(shown(), shown(**change), strict=True))


def test_the_site_is_made_again_for_its_page_and_for_what_it_says_of_priors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates, assets = tmp_path / "templates", tmp_path / "assets"
    for file in (templates / "index.html.j2", assets / "vendor" / "some.js"):
        file.parent.mkdir(parents=True)
        file.write_text("one")
    monkeypatch.setattr(fingerprints, "SITE", tmp_path)
    monkeypatch.setattr(fingerprints, "PAGE", (templates, assets))

    def site(**values: Any) -> str:
        return plan(spec(**values)).fingerprints.site()

    known = [site()]
    assert site() == known[0]
    assert site(reference="doi:10.1000/1") != known[0]
    for change in (
        lambda: (templates / "index.html.j2").write_text("two"),
        lambda: (assets / "app.css").write_text("one"),
        lambda: (assets / "vendor" / "some.js").rename(assets / "vendor" / "other.js"),
    ):
        change()
        known.append(site())
    assert len(set(known)) == len(known)
