"""Files of other versions: earlier ones are upgraded, later ones refused, others are damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from priorbench.monitor.verify import check
from priorbench.results.gather import read_table, write_table
from priorbench.results.schema import RUNS, SCORES, Table
from priorbench.results.versions import VERSION, NewerVersionError
from tests.small_runs import plugin

TEXT = ("experiment", "dataset", "image", "task", "prior", "status", "stage", "reason", "traceback")
RUNS_1 = pa.schema(
    [
        *((name, pa.string()) for name in TEXT),
        ("seconds", pa.float64()),
        ("peak_memory_mb", pa.float64()),
        ("training_seconds", pa.float64()),
        ("n_parameters", pa.float64()),
        ("solver", pa.string()),
        ("solver_origin", pa.string()),
        ("threads", pa.int64()),
        ("seed", pa.int64()),
        ("fingerprint", pa.string()),
        ("environment", pa.string()),
        ("source", pa.string()),
    ]
)
"""The columns as the commit before e889c28 wrote them."""


def rows(schema: pa.Schema, count: int = 3) -> pa.Table:
    values = {pa.string(): lambda i: f"text {i}", pa.int64(): lambda i: i, pa.float64(): float}
    return pa.table(
        [[values[field.type](i) for i in range(count)] for field in schema], schema=schema
    )


def test_runs_of_version_1_have_unknown_seconds_of_processors(tmp_path: Path) -> None:
    before = rows(RUNS_1)
    pq.write_table(before, tmp_path / "runs.parquet", compression="zstd")
    read = read_table(tmp_path / "runs.parquet")
    assert list(read.columns) == RUNS.schema.names
    pd.testing.assert_frame_equal(read[RUNS_1.names], before.to_pandas())
    new = read[[name for name in RUNS.schema.names if name not in RUNS_1.names]]
    assert set(new.columns) == {
        "processor_seconds",
        "device_memory_mb",
        "training_processor_seconds",
        "training_device_memory_mb",
        "samples",
        "sampling_seconds",
        "sampling_processor_seconds",
    }
    assert set(new.pop("samples")) == {0}
    assert new.isna().all(axis=None) and set(map(str, new.dtypes)) == {"float64"}


@pytest.mark.parametrize("version", ["", "2"])
def test_runs_of_version_2_have_no_samples(version: str, tmp_path: Path) -> None:
    since = {"samples", "sampling_seconds", "sampling_processor_seconds"}
    before = rows(pa.schema([field for field in RUNS.schema if field.name not in since]))
    path = tmp_path / "runs.parquet"
    if version:
        versioned(before, version, path)
    else:
        pq.write_table(before, path)
    read = read_table(path)
    assert list(read.columns) == RUNS.schema.names
    pd.testing.assert_frame_equal(read[before.schema.names], before.to_pandas())
    assert set(read["samples"]) == {0}
    assert read["sampling_seconds"].isna().all()


@pytest.mark.parametrize("table", [RUNS, SCORES])
def test_files_without_a_version_and_with_the_present_columns_are_read(
    table: Table, tmp_path: Path
) -> None:
    pq.write_table(rows(table.schema), tmp_path / "old.parquet")
    write_table(rows(table.schema), tmp_path / "new.parquet")
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "old.parquet"), read_table(tmp_path / "new.parquet")
    )


def test_what_is_written_says_its_version(tmp_path: Path) -> None:
    write_table(rows(SCORES.schema), tmp_path / "scores.parquet")
    metadata = pq.read_schema(tmp_path / "scores.parquet").metadata
    assert metadata[b"schema_version"] == str(VERSION).encode()


def versioned(table: pa.Table, version: str, path: Path) -> Path:
    pq.write_table(table.replace_schema_metadata({"schema_version": version}), path)
    return path


def test_a_later_version_is_refused_whatever_its_columns(tmp_path: Path) -> None:
    for table in (rows(RUNS.schema), pa.table({"something": ["else"]})):
        path = versioned(table, str(VERSION + 1), tmp_path / "runs.parquet")
        with pytest.raises(NewerVersionError, match=r"runs\.parquet has schema_version 4.*update"):
            read_table(path)


@pytest.mark.parametrize(
    ("schema", "version"), [(RUNS_1, "2"), (RUNS.schema, "0"), (RUNS.schema, "two")]
)
def test_columns_that_are_not_those_of_the_version_are_damage(
    schema: pa.Schema, version: str, tmp_path: Path
) -> None:
    path = versioned(rows(schema), version, tmp_path / "runs.parquet")
    with pytest.raises(ValueError, match="is damaged"):
        read_table(path)


@pytest.mark.parametrize("version", ["", "1"])
def test_other_columns_are_damage(version: str, tmp_path: Path) -> None:
    schema = RUNS_1.remove(RUNS_1.get_field_index("solver"))
    path = versioned(rows(schema), version, tmp_path / "runs.parquet")
    with pytest.raises(ValueError, match=r"damaged, or of another version: its columns are exp"):
        read_table(path)


def test_verify_takes_a_later_version_for_no_damage(bench: Any) -> None:
    bench.plugin("mine", plugin())
    bench.image("a", np.zeros((8, 8)))
    plan = bench.plan(priors={"run": ["light"]})
    path = plan.layout.result("runs")
    path.parent.mkdir(parents=True)
    versioned(rows(RUNS.schema), str(VERSION + 1), path)
    with pytest.raises(NewerVersionError, match="update priorbench"):
        list(check(plan))
    versioned(rows(RUNS_1), "1", path)
    assert [file.reason for file in check(plan) if file.path == path] == [""]
