"""Whether a prior would be tested on what it learns from."""

from __future__ import annotations

import itertools

from priorbench.plan.datasets import DatasetPlan


def leak(test: DatasetPlan, train: DatasetPlan) -> str:
    """Return which images of two data sets come from the same file or photograph, and how to leave
    them out.

    Returns:
        The end of an error message; empty if the data sets have nothing in common.
    """
    common = test.originals.keys() & train.originals.keys()
    pairs = sorted(
        {
            pair
            for key in common
            for pair in itertools.product(test.originals[key], train.originals[key])
        }
    )
    if not pairs:
        return ""
    found = ", ".join(_pair(test, image, train, learned) for image, learned in pairs)
    return f"{found}. {_remedy(test, train, pairs)}"


def _pair(test: DatasetPlan, image: str, train: DatasetPlan, learned: str) -> str:
    photograph = test.origins.get(image)
    same = (
        f" (the photograph {photograph})"
        if photograph and photograph == train.origins.get(learned)
        else ""
    )
    return f"{test.id}/{image} is {train.id}/{learned} in the training set{same}"


def _remedy(test: DatasetPlan, train: DatasetPlan, pairs: list[tuple[str, str]]) -> str:
    """Return what to write; an exclusion that would leave nothing is no remedy."""
    ways = []
    if test.id != train.id:
        for data, side in ((train, 1), (test, 0)):
            named = {pair[side] for pair in pairs}
            if len(named) < len(data.images):
                names = ", ".join(_quoted(image) for image in data.images if image in named)
                ways.append(f"'exclude: [{names}]' under datasets.{data.id}")
    return f"Leave them out by {' or '.join(ways)}" if ways else "Train on another data set"


def _quoted(image: str) -> str:
    """Return a name as YAML takes it for text: 12003 and 1.5 would be numbers."""
    return image if image[0].isalpha() else f'"{image}"'
