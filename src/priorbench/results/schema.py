"""The columns of the result tables: their order, their types and what makes a row unique."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Table:
    """A tidy table.

    Args:
        schema: columns in order, with types. Text is never null, whole numbers are never null, a
            missing number is NaN.
        key: the columns that name a row; no two rows agree in all of them.
    """

    schema: pa.Schema
    key: tuple[str, ...]


RUNS = Table(
    pa.schema(
        [
            ("experiment", pa.string()),
            ("dataset", pa.string()),
            ("image", pa.string()),
            ("task", pa.string()),
            ("prior", pa.string()),
            ("status", pa.string()),
            ("stage", pa.string()),
            ("reason", pa.string()),
            ("traceback", pa.string()),
            ("seconds", pa.float64()),
            ("processor_seconds", pa.float64()),
            ("peak_memory_mb", pa.float64()),
            ("device_memory_mb", pa.float64()),
            ("training_seconds", pa.float64()),
            ("training_processor_seconds", pa.float64()),
            ("training_device_memory_mb", pa.float64()),
            ("n_parameters", pa.float64()),
            ("solver", pa.string()),
            ("solver_origin", pa.string()),
            ("samples", pa.int64()),
            ("sampling_seconds", pa.float64()),
            ("sampling_processor_seconds", pa.float64()),
            ("threads", pa.int64()),
            ("seed", pa.int64()),
            ("fingerprint", pa.string()),
            ("environment", pa.string()),
            ("source", pa.string()),
        ]
    ),
    key=("experiment", "dataset", "image", "task", "prior", "source"),
)
"""One row for each restoration. ``status`` is ok, failed, timeout, diverged or unsupported;
``stage`` says where. ``seconds`` are by the clock, ``processor_seconds`` of all processors
together; ``device_memory_mb`` is missing where no GPU was used. The columns that begin with
``training`` are of the fit of the model that was used, the same in all rows of a prior. ``solver``
is the schedule of the splitting that was followed, empty if there was none; its settings come from
what ``solver_origin`` names: ``prior``, ``configuration``, ``tuned`` or ``default``.
``samples`` of the posterior were drawn beside the estimate, in ``sampling_seconds`` by the clock
and ``sampling_processor_seconds``, which are missing where none were.
``fingerprint`` stands for all that the restoration depends on, see
:mod:`priorbench.plan.fingerprints`."""

SCORES = Table(
    pa.schema(
        [
            ("experiment", pa.string()),
            ("dataset", pa.string()),
            ("image", pa.string()),
            ("task", pa.string()),
            ("prior", pa.string()),
            ("metric", pa.string()),
            ("value", pa.float64()),
            ("status", pa.string()),
            ("reason", pa.string()),
            ("fingerprint", pa.string()),
            ("source", pa.string()),
            ("note", pa.string()),
        ]
    ),
    key=("experiment", "dataset", "image", "task", "prior", "metric", "source"),
)
"""One row for each score, with the fingerprint of all that it depends on; its status is that of the
restoration, failed if the metric did, or undefined where the metric is not defined. One with the
status timeout has a value if the prior stopped by itself. A published number has no image and no
fingerprint, the source ``paper`` and the citation as its note, with :data:`PROTOCOL_DIFFERS`
and how where that is so."""
PROTOCOL_DIFFERS = "protocol differs: "
"""What the note of a published number says before how the paper's protocol differs from ours."""
