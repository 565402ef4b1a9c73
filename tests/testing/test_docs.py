"""docs/how-to/check.md shows the checks as they are, and each says what holds where it passes."""

import pytest

from docs import make_checks
from priorbench.testing.catalogue import CHECKS
from priorbench.testing.check import Check

EVERY = [each for checks in CHECKS.values() for each in checks]


def test_the_page_has_every_check() -> None:
    text = make_checks.PAGE.read_text()
    assert make_checks.page(text) == text, "run `python docs/make_checks.py`"


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.name)
def test_a_check_says_what_holds_where_it_passes(each: Check) -> None:
    assert each.summary.endswith(".") and "fail" not in each.summary


def test_names_are_unique_within_a_kind_and_what_a_check_needs_is_there() -> None:
    for checks in CHECKS.values():
        names = [each.name for each in checks]
        assert len(set(names)) == len(names)
        for number, each in enumerate(checks):
            # A check can wait only for those before it.
            assert set(each.needs) <= set(names[:number]), each.name
