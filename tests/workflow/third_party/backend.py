"""The smallest build backend that pip accepts: a wheel is a zip file."""

import tomllib
import zipfile
from pathlib import Path


def build_wheel(directory, config_settings=None, metadata_directory=None):
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    distribution = f"{project['name'].replace('-', '_')}-{project['version']}"
    info = f"{distribution}.dist-info"
    entries = "\n".join(
        [f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in entries.items())
         for group, entries in project["entry-points"].items()]
    )  # fmt: skip
    contents = {str(path): path.read_text() for path in sorted(Path("mean_prior").glob("*.py"))} | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": entries,
    }
    record = "".join(f"{name},,\n" for name in [*contents, f"{info}/RECORD"])
    name = f"{distribution}-py3-none-any.whl"
    with zipfile.ZipFile(Path(directory) / name, "w") as wheel:
        for path, text in (contents | {f"{info}/RECORD": record}).items():
            wheel.writestr(path, text)
    return name
