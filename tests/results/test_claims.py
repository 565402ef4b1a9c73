import json
import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priorbench.results.claims import COLUMNS, finite, read_claims, write_claims
from priorbench.studies import Claim, Estimate, Verdict, every, together

NUMBERS = st.floats(-100, 100)


def estimate(value: float, half: float = 1.0) -> Estimate:
    return Estimate(value, (value - half, value + half), "dB")


def claim(**changes) -> Claim:
    verdict = Verdict(True, "all of it")
    return Claim.judged("A is B.", "somebody", verdict._replace(**changes))


def test_a_claim_becomes_a_row_with_its_number():
    row = claim(number=estimate(2.0)).of_study("mine")
    assert asdict(row) == {
        "study": "mine",
        "statement": "A is B.",
        "source": "somebody",
        "verdict": "holds",
        "value": 2.0,
        "low": 1.0,
        "high": 3.0,
        "unit": "dB",
        "evidence": "all of it",
    }
    assert tuple(asdict(row)) == COLUMNS


@pytest.mark.parametrize(
    ("number", "row"),
    [
        (None, (None, None, None, "")),
        (Estimate(1.5, unit="times"), (1.5, None, None, "times")),
        (Estimate(math.nan, (3.0, math.inf), "times"), (None, 3.0, None, "times")),
        (Estimate(math.nan), (None, None, None, "")),
    ],
)
def test_what_is_not_known_is_none(number, row):
    found = claim(number=number, holds=None).of_study("s")
    assert (found.value, found.low, found.high, found.unit) == row
    assert found.verdict == "not decided"


def test_files_are_read_as_they_were_written_in_order(tmp_path):
    first, second = ([claim(number=estimate(n)).of_study(f"s{n}")] * n for n in (1, 2))
    write_claims(tmp_path / "a.json", "s1", first)
    write_claims(tmp_path / "b.json", "s2", second)
    assert read_claims([tmp_path / "b.json", tmp_path / "a.json"]) == [*second, *first]
    content = json.loads((tmp_path / "a.json").read_text())
    assert (content["schema_version"], content["study"]) == (1, "s1")
    assert set(content["claims"][0]) == {*COLUMNS} - {"study"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not valid JSON"),
        ("[]", "damaged"),
        ('{"schema_version": 1, "study": "s"}', "damaged"),
        ('{"schema_version": 1, "study": "s", "claims": [{"statement": "x"}]}', "damaged"),
        ('{"schema_version": 2, "study": "s", "claims": []}', "version 2"),
    ],
)
def test_another_file_is_one_clear_error(tmp_path, text, said):
    file = tmp_path / "s.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=said) as error:
        read_claims([file])
    assert str(file) in str(error.value)


@given(st.floats())
def test_json_gets_finite_numbers_only(number):
    assert finite(number) == (number if math.isfinite(number) else None)


@given(st.lists(st.tuples(NUMBERS, st.floats(0.1, 50)), min_size=1), NUMBERS)
def test_the_number_is_of_the_part_that_decides_and_is_furthest_from_holding(numbers, bound):
    estimates = [estimate(*number) for number in numbers]
    parts = [one.verdict("", bound) for one in estimates]
    whole = together(parts, "")
    assert whole.holds is every(one.within(bound) for one in estimates)
    deciding = [one for one in estimates if one.within(bound) is whole.holds]
    assert whole.number in deciding
    assert whole.number.interval[0] == min(one.interval[0] for one in deciding)


@given(st.lists(NUMBERS, min_size=1), st.floats(0, 100))
def test_between_two_bounds_the_furthest_is_the_one_that_reaches_out_most(values, bound):
    estimates = [estimate(value) for value in values]
    whole = together([one.verdict("", -bound, bound) for one in estimates], "")
    deciding = [one for one in estimates if one.within(-bound, bound) is whole.holds]
    reach = max(max(abs(end) for end in one.interval) for one in deciding)
    assert max(map(abs, whole.number.interval)) == reach


def test_parts_without_a_number_or_an_interval():
    nothing = together([], "no part")
    assert nothing == Verdict(None, "no part")
    assert together([Verdict(None, "one"), Verdict(True, "two")], "").number is None
    without = Estimate(1.0)
    # Without an interval nothing is decided, and the number itself tells how far it is.
    assert without.verdict("", 0) == Verdict(None, "", without, 1.0)
    assert Estimate(math.nan).room(0) == math.inf
