import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from priorbench.config import DatasetSection
from priorbench.results.gather import gathered, read_table, write_table
from priorbench.results.ordering import in_order
from priorbench.results.published import published_rows
from priorbench.results.rows import parse, to_arrow
from priorbench.results.schema import RUNS, SCORES
from priorbench.store.files import sealed, write_rows


def score(image, prior="gmm", value=30.0):
    row = dict.fromkeys(SCORES.schema.names, "")
    return (
        row
        | {
            "dataset": "bsd68",
            "image": image,
            "task": "denoise-25",
            "prior": prior,
            "metric": "psnr",
        }
        | {
            "value": value,
            "status": "failed" if value is None else "ok",
            "source": "measured",
        }
    )


def test_the_rows_of_all_files_come_once_in_one_order(tmp_path):
    files = [tmp_path / name for name in ("b.jsonl", "a.jsonl", "other.jsonl")]
    write_rows(files[0], [score("2", value=None), score("1")])
    write_rows(files[1], [score("0")])
    write_rows(files[2], [score("0", prior="tv")])
    published = published_rows(
        "", {"bsd68": DatasetSection(source="bsd68")}, {"denoise-25"}, {"psnr"}
    )
    for order, name in ((files, "first"), (files[::-1], "second")):
        write_table(gathered(order, SCORES, published), tmp_path / f"{name}.parquet")
    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "second.parquet").read_bytes()
    whole = read_table(tmp_path / "first.parquet")
    measured = whole[whole["source"] == "measured"]
    assert measured[["image", "prior"]].to_numpy().tolist() == [
        ["0", "gmm"],
        ["0", "tv"],
        ["1", "gmm"],
        ["2", "gmm"],
    ]
    assert np.isnan(measured["value"].iloc[-1])
    assert len(published) > 0 and len(whole) == len(measured) + len(published)


@pytest.mark.parametrize("table", [RUNS, SCORES])
def test_nothing_gathered_is_an_empty_table_with_all_columns_and_types(tmp_path, table):
    write_table(gathered([], table), tmp_path / "whole.parquet")
    whole = read_table(tmp_path / "whole.parquet")
    assert list(whole.columns) == table.schema.names and whole.empty
    for field in table.schema:
        assert whole[field.name].dtype.kind == (
            {"double": "f", "int64": "i"}.get(str(field.type), "O")
        )


def test_seeds_of_63_bits_survive(tmp_path):
    row = dict.fromkeys(RUNS.schema.names, "") | {
        "seconds": None,
        "processor_seconds": None,
        "peak_memory_mb": 1.5,
        "device_memory_mb": None,
        "training_seconds": None,
        "training_processor_seconds": None,
        "training_device_memory_mb": None,
        "n_parameters": 3,
        "samples": 0,
        "sampling_seconds": None,
        "sampling_processor_seconds": None,
        "threads": 1,
    }
    write_rows(tmp_path / "a.jsonl", [row | {"seed": 2**63 - 1}])
    write_table(gathered([tmp_path / "a.jsonl"], RUNS), tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet")["seed"].tolist() == [2**63 - 1]


def test_a_cell_that_is_there_twice_is_an_error_that_names_the_files(tmp_path):
    for name in "abc":
        write_rows(tmp_path / f"{name}.jsonl", [score("2" if name == "b" else "1")])
    with pytest.raises(ValueError, match=r"image=1.*a.jsonl.*c.jsonl") as error:
        gathered([tmp_path / f"{name}.jsonl" for name in "abc"], SCORES)
    assert "b.jsonl" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra": 1}, r"row 1.*unknown columns \['extra'\]"),
        ({"value": "much"}, "wrong type"),
        ({"prior": None}, "prior must be given"),
    ],
)
def test_wrong_rows_are_errors_that_name_the_file(tmp_path, change, message):
    write_rows(tmp_path / "a.jsonl", [score("1") | change])
    with pytest.raises(ValueError, match=message) as error:
        gathered([tmp_path / "a.jsonl"], SCORES)
    assert "a.jsonl" in str(error.value)


def test_rows_of_another_table_are_an_error_that_names_the_file(tmp_path):
    row = dict.fromkeys(RUNS.schema.names, "")
    write_rows(tmp_path / "runs.jsonl", [row])
    with pytest.raises(ValueError, match=r"runs\.jsonl.*missing columns \['metric'"):
        gathered([tmp_path / "runs.jsonl"], SCORES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "is not valid JSON lines"),
        ("[1]\n", r"row 1: a row must name its columns"),
        ("\ufeff{}\n", "is not valid JSON lines"),
    ],
)
def test_a_file_that_is_no_rows_is_named(tmp_path, text, message):
    write_rows(tmp_path / "a.jsonl", [score("1")])
    (tmp_path / "b.jsonl").write_bytes(sealed(text.encode()))
    with pytest.raises(ValueError, match=rf"b\.jsonl.*{message}"):
        gathered([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], SCORES)


def test_a_table_that_was_changed_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    write_rows(
        tmp_path / "a.jsonl", [score(str(number), value=number / 7) for number in range(200)]
    )
    write_table(gathered([tmp_path / "a.jsonl"], SCORES), path)
    content = path.read_bytes()
    for place in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[place] ^= 16
        path.write_bytes(damaged)
        try:
            table = read_table(path)
        except ValueError as error:
            assert "a.parquet is damaged" in str(error)
        else:
            # A change where nothing is kept, in a comment of the writer's.
            path.write_bytes(content)
            assert table.equals(read_table(path))


def test_a_number_that_is_missing_is_not_taken_for_one_that_is_null(tmp_path):
    without = score("1")
    del without["value"]
    # The key in a text, which is escaped there, and another row's count for nothing.
    for reason in ('"value":', '\\"value":'):
        write_rows(tmp_path / "a.jsonl", [score("2", value=None) | {"reason": reason}, without])
        with pytest.raises(ValueError, match=r"row 2: missing columns \['value'\]"):
            gathered([tmp_path / "a.jsonl"], SCORES)


def test_unusual_characters_and_the_name_of_a_file_that_is_no_unicode_survive(tmp_path):
    rows = [
        score("1") | {"reason": "a\u2028b\u0085\x00c\r\n", "note": "{}\n{"},
        score("2") | {"reason": "\udcff.png"},
    ]
    write_rows(tmp_path / "a.jsonl", rows)
    write_table(gathered([tmp_path / "a.jsonl"], SCORES), tmp_path / "out.parquet")
    table = read_table(tmp_path / "out.parquet")
    assert table["reason"].tolist() == ["a\u2028b\u0085\x00c\r\n", "\\udcff.png"]
    assert table["note"].tolist() == ["{}\n{", ""]


@pytest.mark.parametrize("text", ["{0}\n\n{1}\n", "{0}{1}\n", "{0}\n{1}", "{0}{1}\n\n"])
def test_lines_are_counted_or_refused(tmp_path, text):
    lines = [json.dumps(score(image)) for image in "12"]
    content = text.replace("{0}", lines[0]).replace("{1}", lines[1])
    (tmp_path / "a.jsonl").write_bytes(sealed(content.encode()))
    if "}{" in content:
        with pytest.raises(ValueError, match="is not valid JSON lines"):
            gathered([tmp_path / "a.jsonl"], SCORES)
    else:
        assert gathered([tmp_path / "a.jsonl"], SCORES).num_rows == 2


words = st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    ['"seconds":', "}\n{", "\\"]
)
numbers = (
    st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
)
integers = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**53 + 1, 2**63 - 1])
kinds = {pa.string(): words, pa.float64(): numbers, pa.int64(): integers}
good = st.fixed_dictionaries({field.name: kinds[field.type] for field in RUNS.schema})
odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.just("x")
    | st.just([1])
    | st.just("\udcff")
)


@given(st.lists(st.lists(good, max_size=4), max_size=4))
def test_usual_rows_take_the_fast_way_and_come_out_the_same(chunks):
    fast = parse(
        ["".join(f"{json.dumps(row)}\n" for row in rows).encode() for rows in chunks], RUNS
    )
    slow = to_arrow([row for rows in chunks for row in rows], RUNS, "rows")
    assert fast.equals(slow)


@given(good, st.sampled_from(RUNS.schema.names), odd, st.booleans())
def test_the_fast_way_takes_nothing_that_the_exact_way_refuses(row, name, value, missing):
    changed = {
        key: value if key == name else kept
        for key, kept in row.items()
        if not (missing and key == name)
    }
    fast = parse([f"{json.dumps(row)}\n{json.dumps(changed)}\n".encode()], RUNS)
    if fast is not None:
        # NaN equals itself in bytes only.
        assert fast.to_pandas().equals(to_arrow([row, changed], RUNS, "rows").to_pandas())


@given(st.lists(st.tuples(st.sampled_from("aäbβ"), words), max_size=20))
def test_rows_are_ordered_as_arrow_orders_them(values):
    table = pa.table(
        {
            "x": pa.array([x for x, _ in values], pa.string()),
            "y": pa.array([y for _, y in values], pa.string()),
        }
    )
    assert in_order(table, ["x", "y"]).equals(
        table.sort_by([("x", "ascending"), ("y", "ascending")])
    )
