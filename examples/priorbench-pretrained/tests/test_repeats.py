"""The library's own check: the same problem gives the same restoration, bit for bit."""

import pytest

from priorbench.testing import check_repeats


# The photographs of the check are gray.
@pytest.mark.parametrize(("prior", "status"), [("dncnn17", "same"), ("ffdnet-color", "cannot")])
def test_it_repeats(prior, status):
    results = check_repeats([], prior, tasks=["denoise", "inpaint"])
    assert [each.status for each in results] == [status, status]
