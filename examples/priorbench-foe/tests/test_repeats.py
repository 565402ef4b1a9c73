"""The library's own check: the same images give the same model and restorations, bit for bit."""

from priorbench.testing import check_repeats


def test_it_repeats():
    assert not [
        each
        for each in check_repeats([], "patch-foe", tasks=["denoise", "inpaint"])
        if each.is_broken
    ]
