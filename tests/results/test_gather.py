import numpy as np
import pytest

from priorbench.files import write_rows
from priorbench.results.gather import gather_chunks, gather_parts, read_table
from priorbench.results.published import published_rows
from priorbench.results.schema import RUNS, SCORES


def score(image, prior="gmm", value=30.0):
    row = dict.fromkeys(SCORES.schema.names, "")
    return (
        row
        | {"dataset": "bsd68", "image": image, "task": "denoise-25", "prior": prior, "metric": "psnr"}
        | {
            "value": value,
            "status": "failed" if value is None else "ok",
            "source": "measured",
        }
    )


def test_two_levels_give_every_row_once_in_one_order(tmp_path):
    chunks = [tmp_path / name for name in ("b.jsonl", "a.jsonl")]
    write_rows(chunks[0], [score("2", value=None), score("1")])
    write_rows(chunks[1], [score("0")])
    for order, name in ((chunks, "first"), (chunks[::-1], "second")):
        gather_chunks(order, SCORES, tmp_path / f"{name}.parquet")
    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "second.parquet").read_bytes()

    write_rows(tmp_path / "other.jsonl", [score("0", prior="tv")])
    gather_chunks([tmp_path / "other.jsonl"], SCORES, tmp_path / "other.parquet")
    published = published_rows("", {"bsd68"}, {"denoise-25"}, {"psnr"})
    gather_parts([tmp_path / "first.parquet", tmp_path / "other.parquet"], SCORES, tmp_path / "all.parquet", published)
    whole = read_table(tmp_path / "all.parquet")
    measured = whole[whole["source"] == "measured"]
    assert measured[["image", "prior"]].to_numpy().tolist() == [["0", "gmm"], ["0", "tv"], ["1", "gmm"], ["2", "gmm"]]
    assert np.isnan(measured["value"].iloc[-1])
    assert len(whole) == len(measured) + len(published)


@pytest.mark.parametrize("table", [RUNS, SCORES])
def test_nothing_gathered_is_an_empty_table_with_all_columns_and_types(tmp_path, table):
    gather_chunks([], table, tmp_path / "part.parquet")
    gather_parts([tmp_path / "part.parquet"], table, tmp_path / "whole.parquet")
    whole = read_table(tmp_path / "whole.parquet")
    assert list(whole.columns) == table.schema.names and whole.empty
    for field in table.schema:
        assert whole[field.name].dtype.kind == ({"double": "f", "int64": "i"}.get(str(field.type), "O"))


def test_seeds_of_63_bits_survive(tmp_path):
    row = dict.fromkeys(RUNS.schema.names, "") | {"seconds": None, "peak_memory_mb": 1.5, "threads": 1}
    write_rows(tmp_path / "a.jsonl", [row | {"seed": 2**63 - 1}])
    gather_chunks([tmp_path / "a.jsonl"], RUNS, tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet")["seed"].tolist() == [2**63 - 1]


def test_a_cell_that_is_there_twice_is_an_error_that_names_the_files(tmp_path):
    for name in "abc":
        write_rows(tmp_path / f"{name}.jsonl", [score("2" if name == "b" else "1")])
    with pytest.raises(ValueError, match=r"image=1.*a.jsonl.*c.jsonl") as error:
        gather_chunks([tmp_path / f"{name}.jsonl" for name in "abc"], SCORES, tmp_path / "out.parquet")
    assert "b.jsonl" not in str(error.value)
    assert not (tmp_path / "out.parquet").exists()


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
        gather_chunks([tmp_path / "a.jsonl"], SCORES, tmp_path / "out.parquet")
    assert "a.jsonl" in str(error.value)


def test_a_part_of_another_table_is_an_error_that_names_the_file(tmp_path):
    gather_chunks([], RUNS, tmp_path / "runs.parquet")
    with pytest.raises(ValueError, match=r"runs\.parquet has the columns"):
        gather_parts([tmp_path / "runs.parquet"], SCORES, tmp_path / "out.parquet")
