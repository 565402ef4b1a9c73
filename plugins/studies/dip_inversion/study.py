"""Study ``dip-inversion``: which image is found from a representation, without a prior and with two?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind

from priorbench.data.tensors import to_array, to_tensor
from priorbench.data.transform import centre_crop, to_gray
from priorbench.priors import Generator
from priorbench.results import Claim, Findings, Results, every, inside
from priorbench.results.statistics import CONFIDENCE
from priorbench.types import Image

from .features import FEATURES, Feature, codes
from .figure import draw, no_figure
from .pre_images import (
    DEEP,
    ERROR,
    METHODS,
    NONE,
    PSNR,
    QUANTITIES,
    SSIM,
    VARIATION,
    Settings,
    pre_images,
)

SOURCE = "Ulyanov et al. 2018, natural pre-image"
STATEMENT = (
    "What the Deep Image Prior finds from {} is closer to the photograph than what is found without a prior and with "
    "total variation."
)
COLUMNS = ("feature", "method", "weight", "start", "quantity", "value")
SMALLEST = 32
NO_IMAGE = f"no test image of {SMALLEST} × {SMALLEST} at least"


def inversion(results: Results, settings: Settings | None = None) -> Findings:
    """Return what is found from each feature of the first test image, and from its codes under a trained encoder.

    All methods minimise ‖Φ(x) - Φ(x₀)‖² / ‖Φ(x₀)‖²: over the pixels on [0, 1]; with w times their mean total variation
    added, Mahendran & Vedaldi 2015, arXiv 1412.0035; and over the weights θ of x = f_θ(z). The features don't tell
    brightness and contrast, so x is compared with x₀ as a x + b with the best a and b.

    The table has a row for each ``feature``, ``method``, ``weight`` w, ``start`` and ``quantity``. The claims take
    the w that comes closest to the photograph.

    Args:
        results: of the experiment.
        settings: how long; None for the usual.
    """
    settings = settings or Settings()
    photograph = first_photograph(results, settings.side)
    features = FEATURES | encoders(results)
    if photograph is None:
        claims = [
            Claim(statement=STATEMENT.format(f), source=SOURCE, evidence=NO_IMAGE, holds=None)
            for f in features
        ]
        return Findings(
            table=pd.DataFrame(columns=list(COLUMNS)), figure=no_figure(NO_IMAGE), claims=claims
        )
    claims, rows, pictures = [], [], {}
    for name, feature in features.items():
        found = pre_images(feature, photograph, settings)
        own = [
            (name, *key, quantity, one.values[quantity])
            for key, one in found.items()
            for quantity in QUANTITIES
        ]
        table = pd.DataFrame(own, columns=list(COLUMNS))
        weights = best_weights(table)
        pictures[name] = {method: found[method, weights[method], 0] for method in METHODS}
        claims.append(verdict(name, table, weights))
        rows += own
    figure = draw(to_array(photograph), pictures)
    return Findings(table=pd.DataFrame(rows, columns=list(COLUMNS)), figure=figure, claims=claims)


def encoders(results: Results) -> dict[str, Feature]:
    """Return Φ of each fitted generator that has an encoder, by the words for it."""
    fitted = {prior: results.material.prior(prior) for prior in results.training}
    return {
        f"codes of {results.catalogue.prior_label(prior)}": codes(model)
        for prior, model in fitted.items()
        if isinstance(model, Generator) and type(model).encode is not Generator.encode
    }


def first_photograph(results: Results, side: int) -> Image | None:
    """Return the centre of the first test image that is large enough, gray, 1 × 1 × H × W, or None."""
    for dataset in results.catalogue.datasets:
        for image in results.material.test_images(dataset).values():
            array = to_array(image)
            gray = centre_crop(to_gray(array) if array.shape[2] == 3 else array.mean(2), side, side)
            if min(gray.shape) >= SMALLEST:
                return to_tensor(gray)
    return None


def best_weights(table: pd.DataFrame) -> dict[str, float]:
    """Return for each method the weight of the total variation with the highest mean PSNR, in one feature's table."""
    means = table[table["quantity"] == PSNR].groupby(["method", "weight"])["value"].mean()
    return {method: float(means[method].idxmax()) for method in METHODS}


def verdict(name: str, table: pd.DataFrame, weights: dict[str, float]) -> Claim:
    """Return whether the Deep Image Prior came closer, by its mean over starts, in PSNR and SSIM.

    Args:
        name: of the feature.
        table: of this feature.
        weights: of the total variation, by method.
    """

    def values(method: str, quantity: str) -> np.ndarray:
        rows = table[
            (table["method"] == method)
            & (table["weight"] == weights[method])
            & (table["quantity"] == quantity)
        ]
        return rows.sort_values("start")["value"].to_numpy()

    verdicts, evidence = [], []
    for quantity, digits in ((PSNR, 2), (SSIM, 3), (ERROR, 3)):
        own = {method: values(method, quantity) for method in METHODS}
        numbers = (f"{method} {_range(value, digits)}" for method, value in own.items())
        evidence.append(f"{quantity}: {', '.join(numbers)}")
        if quantity != ERROR:
            verdicts += [_above(own[DEEP], own[other]) for other in (NONE, VARIATION)]
    starts = table["start"].nunique()
    return Claim(
        statement=STATEMENT.format(name),
        source=SOURCE,
        evidence=f"{'; '.join(evidence)}; lowest to highest of {starts} starts, total variation with the best of "
        f"{table.loc[table['method'] == VARIATION, 'weight'].nunique()} weights, {weights[VARIATION]:g}",
        holds=every(verdicts),
    )


def _above(values: np.ndarray, others: np.ndarray) -> bool | None:
    """Return whether a mean is above the other by Welch's interval at 95 %; None if not decided.

    Equal numbers have no spread, and are compared as they are.
    """
    if min(len(values), len(others)) < 2:
        return None
    if not (np.ptp(values) or np.ptp(others)):
        return bool(values[0] > others[0]) if values[0] != others[0] else None
    interval = ttest_ind(values, others, equal_var=False).confidence_interval(CONFIDENCE)
    return inside((float(interval.low), float(interval.high)), 0)


def _range(values: np.ndarray, digits: int) -> str:
    low, high = f"{values.min():.{digits}f}", f"{values.max():.{digits}f}"
    return low if low == high else f"{low} to {high}"
