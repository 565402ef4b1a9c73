"""Study ``dip-inversion``: which image is found from a representation, with and without a prior?"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from priorbench.data.tensors import to_tensor
from priorbench.data.transform import centre_crop
from priorbench.priors import Generator
from priorbench.studies import Experiment, Findings
from priorbench.studies.images import NO_PHOTOGRAPH, first_photograph
from priorbench.studies.nothing import nothing_found
from priorbench.studies.tables import frame, select

from .activation import (
    ACCURACY,
    OWN,
    Excited,
    Exciting,
    Maximisation,
    maximise,
    weights_that_reach,
)
from .claims import (
    EXCITING_SOURCE,
    EXCITING_STATEMENT,
    SOURCE,
    STATEMENT,
    claim_of,
    exciting_claim,
)
from .classifier import examples
from .features import FEATURES, Feature, codes
from .figure import draw
from .pre_images import METHODS, PSNR, Settings, pre_images


class Row(NamedTuple):
    """A row of the table: a quantity of what a method found.

    Args:
        feature: Φ, or the class that is excited.
        method: of the search; or that it is one of the class's own crops.
        weight: w of the total variation.
        start: number of the start.
        quantity: with its unit, if it has one.
        value: the number.
    """

    feature: str
    method: str
    weight: float
    start: int
    quantity: str
    value: float


def inversion(
    experiment: Experiment,
    settings: Settings | None = None,
    maximisation: Maximisation | None = None,
) -> Findings:
    """Return what is found from each feature of the first test image, and for each class.

    The codes of the image under a trained encoder are features, too. All methods minimise
    ‖Φ(x) - Φ(x₀)‖² / ‖Φ(x₀)‖²: over the pixels on [0, 1]; with w times their mean total variation
    added, Mahendran & Vedaldi 2015, arXiv 1412.0035; and over the weights θ of x = f_θ(z). The
    features don't tell brightness and contrast, so x is compared with x₀ as a x + b with the best a
    and b. The claims take the w that comes closest to the photograph.

    The same methods look for images that excite a class of a classifier; see :mod:`.activation`.
    That needs nothing of the experiment.

    Args:
        experiment: the experiment.
        settings: how long; None for the usual.
        maximisation: how classes are excited; None for the usual.
    """
    settings, maximisation = settings or Settings(), maximisation or Maximisation()
    features = FEATURES | encoders(experiment)
    photograph = first_photograph(experiment)
    if photograph is None:
        open_claims = [(STATEMENT.format(name), SOURCE) for name in features]
        open_claims.append((EXCITING_STATEMENT, EXCITING_SOURCE))
        return nothing_found(Row._fields, open_claims, NO_PHOTOGRAPH)
    photograph = centre_crop(photograph, settings.side, settings.side)
    claims, tables, pictures = [], [], {}
    for name, feature in features.items():
        found = pre_images(feature, to_tensor(photograph), settings)
        table = pd.DataFrame(
            Row(name, *key, quantity, value)
            for key, one in found.items()
            for quantity, value in one.values.items()
        )
        weights = best_weights(table)
        pictures[name] = {method: found[method, weights[method], 0] for method in METHODS}
        claims.append(claim_of(name, table, weights))
        tables.append(table)
    excited = maximise(examples(), maximisation)
    exciting = exciting_table(excited)
    claims.append(exciting_claim(exciting))
    test = Row("classifier", OWN, 0.0, 0, ACCURACY, excited.accuracy)
    tables += [exciting, frame(Row, [test])]
    figure = draw(photograph, pictures, exciting_pictures(excited, exciting))
    return Findings(table=pd.concat(tables, ignore_index=True), figure=figure, claims=claims)


def exciting_table(excited: Excited) -> pd.DataFrame:
    """Return the rows of all classes."""
    return frame(
        Row,
        (
            Row(name, *key, quantity, value)
            for name, own in excited.found.items()
            for key, one in own.items()
            for quantity, value in one.values.items()
        ),
    )


def exciting_pictures(excited: Excited, table: pd.DataFrame) -> dict[str, dict[str, Exciting]]:
    """Return by class and method the image of the first start, with the weight of the claim.

    Args:
        excited: what was found.
        table: its rows.
    """
    pictures = {}
    for name, own in excited.found.items():
        weights = {OWN: 0.0} | weights_that_reach(select(table, feature=name))
        pictures[name] = {method: own[method, weight, 0] for method, weight in weights.items()}
    return pictures


def encoders(experiment: Experiment) -> dict[str, Feature]:
    """Return Φ of each fitted generator that has an encoder, by the words for it."""
    fitted = {prior: experiment.prior(prior) for prior in experiment.training}
    return {
        f"codes of {experiment.catalogue.prior_label(prior)}": codes(model)
        for prior, model in fitted.items()
        if isinstance(model, Generator) and type(model).encode is not Generator.encode
    }


def best_weights(table: pd.DataFrame) -> dict[str, float]:
    """Return for each method the weight of the total variation with the highest mean PSNR.

    Args:
        table: of one feature.
    """
    means = select(table, quantity=PSNR).groupby(["method", "weight"])["value"].mean()
    return {method: float(means[method].idxmax()) for method in METHODS}
