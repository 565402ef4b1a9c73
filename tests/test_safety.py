"""What data, models and names from elsewhere can't do, as docs/reference/security.md says it."""

import ast
import os
import pickle
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from priorbench.config import ConfigError, parse_experiment
from priorbench.plan import Plan
from priorbench.priors import Learned
from priorbench.problem import Problem
from priorbench.results.gather import read_table
from priorbench.specs import NAME, MetricSpec
from priorbench.store.checkpoints import Checkpoint

ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for folder in ("src", "plugins", "workflow")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
SOURCES = [path for path in SOURCES if "third_party" not in path.parts]
PICKLING = {"pickle", "_pickle", "cPickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}
READING_PICKLES = {
    "torch.load",
    "pd.read_pickle",
    "pandas.read_pickle",
    "os.system",
    "os.popen",
    "eval",
    "exec",
}
HOSTILE = (
    "a b;rm -rf $HOME.png",
    "$(touch x).png",
    "`touch z`.png",
    "q'\".png",
    "-n.png",
    "_spec.png",
    "a\nb.png",
    "a\\..\\up.png",
    "{wildcard}.png",
    "x<b>.png",
    "\u202egnp.exe.png",
    "e\u0301\u0327.png",
    "\uff0e\uff0e\uff0fup.png",
    "x" * 200 + ".png",
    "日本.png",
)
TOO_LONG = "x" * 101
WRONG_NAMES = [
    "",
    "..",
    "../up",
    "/root",
    "a/b",
    "a\\b",
    "a\nb",
    "a\n",
    "-n",
    "_a",
    ".a",
    "a b",
    "$(x)",
    "é",
]


def dangers(source: str) -> list[str]:
    """Return the imports and calls that could run what a file holds, each with its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and _is_harmless(node):
            continue
        if isinstance(node, ast.Import):
            found += [
                (node, alias.name) for alias in node.names if alias.name.split(".")[0] in PICKLING
            ]
        elif isinstance(node, ast.ImportFrom):
            found += [(node, node.module)] if (node.module or "").split(".")[0] in PICKLING else []
        elif isinstance(node, ast.Call):
            name, given = (
                ast.unparse(node.func),
                {word.arg: ast.unparse(word.value) for word in node.keywords},
            )
            wrong = name in READING_PICKLES
            wrong |= name in ("np.load", "numpy.load") and given.get("allow_pickle") != "False"
            wrong |= name == "yaml.load" and given.get("Loader") not in (
                "_Loader",
                "yaml.SafeLoader",
            )
            wrong |= (
                name.startswith(("yaml.unsafe", "yaml.full"))
                or given.get("shell", "False") != "False"
            )
            found += [(node, name)] if wrong else []
    return [f"{node.lineno}: {name}" for node, name in found]


def _is_harmless(node: ast.ImportFrom) -> bool:
    """Return whether it takes nothing that reads a file from a package that has pickles too."""
    harmless = {"cpu_count", "Parallel", "delayed"}
    return node.module == "joblib" and {alias.name for alias in node.names} <= harmless


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "from joblib import cpu_count, load",
        "from joblib import Parallel, delayed, load",
        "import joblib",
        "torch.load(f, weights_only=True)",
        "np.load(f)",
        "np.load(f, allow_pickle=True)",
        "yaml.load(f)",
        "yaml.load(f, Loader=yaml.Loader)",
        "yaml.unsafe_load(f)",
        "subprocess.run('x', shell=True)",
        "eval('1')",
        "os.system('x')",
    ],
)
def test_the_search_finds_what_it_looks_for(source):
    assert dangers(source)


def test_no_code_here_loads_pickles_or_runs_text():
    assert len(SOURCES) > 100
    assert {str(path): found for path in SOURCES if (found := dangers(path.read_text()))} == {}


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


class Model(Learned):
    """A model of one number."""

    def fit(self, images, context):
        raise NotImplementedError

    def state_dict(self):
        return {"number": torch.zeros(1)}

    def load_state_dict(self, state):
        return self


def test_a_pickle_in_the_place_of_any_file_is_refused_and_not_run(tmp_path):
    mark = tmp_path / "ran"
    content = pickle.dumps(Payload(mark))
    objects = np.empty(1, object)
    objects[0] = Payload(mark)
    problem, archive, model = (tmp_path / name for name in ("p.npz", "q.npz", "model.safetensors"))
    for path in (problem, model):
        path.write_bytes(content)
    np.savez(archive, y=objects, header=objects)
    for path in (problem, archive):
        with pytest.raises(ValueError, match=f"{path.name} is not a problem"):
            Problem.load(path)
    with pytest.raises(ValueError, match=r"model\.safetensors is not a whole safetensors model"):
        Model().load(model)
    assert Checkpoint(model, "key").load() is None
    assert not mark.exists()
    pickle.loads(content)
    assert mark.exists()


@pytest.mark.parametrize("name", [*WRONG_NAMES, TOO_LONG])
def test_a_name_that_is_no_part_of_a_path_is_refused_wherever_it_is_given(bench, name):
    bench.image("one", np.zeros((4, 4)))
    data = bench.configuration()
    for changes in (
        {"experiment": name},
        {"datasets": {name: data["datasets"]["photos"]}, "test": [name]},
    ):
        with pytest.raises(ConfigError):
            parse_experiment({**data, **changes})
    if name == TOO_LONG:
        return
    with pytest.raises(ValueError, match="must be letters"):
        MetricSpec(name=name, factory=".m:f", summary="")


@pytest.mark.parametrize("kernel", ["../../up", "/root", "a;b", "$(touch x)", "a\nb"])
def test_a_parameter_makes_no_id_that_leaves_the_folder(bench, kernel):
    bench.image("one", np.zeros((4, 4)))
    bench.plugin(
        "given",
        """
        from priorbench import DatasetSpec, Parameters, TaskSpec, hookimpl

        class P(Parameters):
            kernel: str = "box"

        @hookimpl
        def register_tasks():
            yield TaskSpec(name="given", factory=print, summary="", parameters=P, id="given-{kernel}")
        """,
    )
    tasks = {"run": ["given"], "settings": {"given": {"parameters": {"kernel": kernel}}}}
    with pytest.raises(ConfigError, match="can't be part of a path"):
        bench.plan(tasks=tasks)


@pytest.mark.parametrize("name", ["../up", "/root", "a b", "-n", "_spec", "a\nb"])
def test_a_plugin_gives_no_image_a_name_that_leaves_the_folder(bench, name):
    bench.plugin(
        "source",
        f"""
        from priorbench import DatasetSpec, hookimpl

        @hookimpl
        def register_datasets():
            yield DatasetSpec(name="strange", factory=print, summary="", images=lambda p: {{{name!r}: None}})
        """,
    )
    with pytest.raises(ConfigError, match="unusable image name"):
        bench.plan(datasets={"photos": {"source": "strange"}})


@pytest.mark.parametrize("results", ["", "  ", "a{dataset}", "a<b>", "a\nb"])
def test_a_folder_of_results_that_snakemake_would_misread_is_refused(bench, results):
    with pytest.raises(ConfigError, match="results must be a folder"):
        parse_experiment({**bench.configuration(), "results": results})


@pytest.mark.parametrize("written", ["./out", "out/", "out//", "a/../out"])
def test_one_folder_of_results_has_one_path(bench, written):
    assert parse_experiment({**bench.configuration(), "results": written}).results == "out"


def test_a_tilde_in_the_results_is_the_home_folder(bench, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    made = parse_experiment({**bench.configuration(), "results": "~/x"})
    assert made.results == "/home/somebody/x"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("file", "file is a file"),
        ("file/below", "file is a file"),
        ("dangling", "dangling is a link to nowhere"),
        ("dangling/below", "dangling is a link to nowhere"),
    ],
)
def test_a_folder_of_results_that_cannot_be_made_is_refused(bench, path, words):
    (bench.root / "file").write_text("")
    (bench.root / "dangling").symlink_to("nowhere")
    bench.image("a", np.full((8, 8), 0.5))
    with pytest.raises(ConfigError, match=f"results: .*{words}"):
        bench.plan(results=path)


@given(st.text(max_size=120))
def test_a_name_that_is_taken_stays_inside_its_folder(name):
    if NAME.fullmatch(name):
        assert Path(os.path.normpath(f"/results/{name}")).parent == Path("/results")


def test_links_are_read_as_images_and_lead_nothing_out(bench):
    bench.image("real", np.zeros((4, 4)), folder="elsewhere")
    (bench.root / "photos").mkdir()
    (bench.root / "photos" / "link.png").symlink_to(bench.root / "elsewhere" / "real.png")
    (bench.root / "photos" / "endless.png").symlink_to("/dev/zero")
    (bench.root / "photos" / "loop").symlink_to(bench.root / "photos")
    os.mkfifo(bench.root / "photos" / "pipe.png")
    parameters = {"path": "photos", "recursive": True}
    plan: Plan = bench.plan(datasets={"photos": {"source": "folder", "parameters": parameters}})
    assert list(plan.dataset("photos").images) == ["link"]


LIMITED = """
import resource, sys
import priorbench.data.images, priorbench.problem
from pathlib import Path
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in map(Path, sys.argv[1:]):
    read = priorbench.problem.Problem.load if path.suffix == ".npz" else priorbench.data.images.read_image
    try:
        read(path)
    except ValueError as error:
        print(str(error).replace(str(path), path.name))
    else:
        print(path.name, "was read")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def png(side: int) -> bytes:
    """A header of side × side pixels with a body that is short."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(2**20))),
    ]
    packed = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def tiff(*, samples: int = 1, compression: int = 8, tile: int = 16, bits: int = 16) -> bytes:
    """A small image of many samples, or in a tile that is huge."""
    entries = [
        (256, 16),
        (257, 16),
        (258, bits),
        (259, compression),
        (262, 1),
        (277, samples),
        (322, tile),
        (323, tile),
        (324, 200),
        (325, 8),
    ]
    packed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return (b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + b"\0" * 4).ljust(300, b"\0")


@pytest.mark.slow
def test_what_claims_to_be_huge_is_refused_in_one_line_before_memory_is_spent(tmp_path):
    (tmp_path / "wide.png").write_bytes(png(50_000))
    (tmp_path / "deep.tif").write_bytes(tiff(samples=2**31))
    (tmp_path / "tile.tif").write_bytes(tiff(tile=50_000))
    (tmp_path / "tile8.tif").write_bytes(tiff(tile=50_000, bits=8))
    pair = tiff().replace(
        struct.pack("<HHII", 256, 4, 1, 16), struct.pack("<HHIHH", 256, 3, 2, 9, 9)
    )
    pair = pair.replace(struct.pack("<HHII", 257, 4, 1, 16), struct.pack("<HHII", 257, 4, 1, 10**8))
    (tmp_path / "pair.tif").write_bytes(pair)
    (tmp_path / "inner.tif").write_bytes(tiff(compression=34712))
    with (tmp_path / "long.png").open("wb") as file:
        file.truncate(2**34)
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 65536, 65536)}"
    with zipfile.ZipFile(tmp_path / "claim.npz", "w") as archive:
        archive.writestr("y.npy", b"\x93NUMPY\x01\x00v\x00" + header.ljust(117) + b"\n")
    # A directory that claims 4 GiB for each of two members stands for 8 GiB of zeros, which pack to
    # 8 MiB.
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("y.npy", "z.npy"):
            archive.writestr(name, b"0" * 100)
            archive.infolist()[-1].file_size = 2**32 - 2
    words = {
        "wide.png": "pixels",
        "deep.tif": "samples",
        "tile.tif": "samples",
        "tile8.tif": "samples",
        "pair.tif": "ImageWidth must be one whole number",
        "inner.tif": "JPEG 2000",
        "long.png": "limit",
        "zero.png": "device",
        "claim.npz": "claims",
        "bomb.npz": "limit",
    }
    command = [sys.executable, "-c", LIMITED, *(str(tmp_path / name) for name in words)]
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    *lines, megabytes = result.stdout.splitlines()
    for line, (name, word) in zip(lines, words.items(), strict=True):
        assert line.startswith(name) and word in line, line
    assert int(megabytes) < 64


@pytest.mark.slow
def test_hostile_names_and_secrets_go_through_the_whole_workflow(project):
    """By real Snakemake: every image has its rows, nothing in a name is run, and no secret is
    written anywhere.
    """
    photos = project.root / "hostile photos"
    photos.mkdir()
    for number, name in enumerate(HOSTILE):
        Image.fromarray(np.full((8, 8), 10 * number, np.uint8)).save(photos / name)
    (photos / "truncated.png").write_bytes((photos / HOSTILE[0]).read_bytes()[:40])
    experiment = {
        "experiment": "hostile",
        "results": "results of $(touch y)",
        "datasets": {"photos": {"source": "folder", "parameters": {"path": "hostile photos"}}},
        "test": ["photos"],
        "tasks": {
            "run": ["inpaint-mask"],
            "settings": {"inpaint-mask": {"parameters": {"mask": "m{1}<2> $(touch x).png"}}},
        },
        "priors": {"run": ["observed"]},
        "metrics": ["psnr"],
        "studies": [],
    }
    mask = np.indices((8, 8)).sum(0) % 2
    Image.fromarray(mask.astype(np.uint8) * 255).save(project.root / "m{1}<2> $(touch x).png")
    (project.root / "hostile.yaml").write_text(yaml.safe_dump(experiment))
    before = {path.name for path in project.root.iterdir()}
    secrets = {"AWS_SECRET_ACCESS_KEY": "s3cret-of-a-cloud", "WANDB_API_KEY": "s3cret-of-a-tracker"}
    root = project.root / experiment["results"] / "hostile"
    target = f"{experiment['results']}/hostile/scores.parquet"
    arguments = ("--configfile", "hostile.yaml", "--cores", "2", "--", target)
    result = project.run(
        *arguments,
        PRIORBENCH_MIRROR="https://me:s3cret-of-a-mirror@localhost",
        **secrets,
    )
    runs, scores = read_table(root / "runs.parquet"), read_table(root / "scores.parquet")
    names = set(runs["image"])
    assert len(runs) == len(scores) == len(names) == len(HOSTILE) + 1
    assert all(NAME.fullmatch(name) for name in names) and {"a-b-rm-rf-HOME", "touch-x"} <= names
    assert set(runs.loc[runs["status"] != "ok", "image"]) == {"truncated"}
    made = {path.name for path in project.root.iterdir()} - before
    assert made <= {".snakemake", experiment["results"]}
    assert not list(project.root.rglob("x")) and len(list(photos.iterdir())) == len(HOSTILE) + 1
    written = [
        path for path in project.root.rglob("*") if path.is_file() and "photos" not in path.parts
    ]
    assert len(written) > 20
    assert not [path for path in written if b"s3cret" in path.read_bytes()]
    assert "s3cret" not in result.stdout + result.stderr


def test_every_name_in_a_shell_command_is_quoted():
    used = []
    for path in [ROOT / "workflow" / "Snakefile", *(ROOT / "workflow").rglob("*.smk")]:
        used += re.findall(
            r"\{((?:wildcards|params|input|output|log|layout)\b[^{}]*)\}", path.read_text()
        )
    assert len(used) > 20
    assert [text for text in used if not text.endswith(":q")] == []
