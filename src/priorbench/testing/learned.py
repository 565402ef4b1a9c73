"""Checks of priors that learn."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from priorbench.priors import Learned
from priorbench.store.checkpoints import Checkpoint
from priorbench.testing.answers import refusal
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.easy import training_images
from priorbench.testing.prior_limits import resuming
from priorbench.testing.prior_subject import PriorSubject


@check("loads", "can_be_made")
def fits(subject: PriorSubject) -> None:
    """It is fitted to a few images, and leaves a training curve and a model of finite numbers."""
    prior = _new(subject)
    rows = subject.fit(prior)
    if not rows:
        raise CheckFailed("fit yields no row: yield one of the training curve for each iteration")
    for row in rows:
        for name, value in row.items():
            if not isinstance(value, int | float):
                raise CheckFailed(
                    f"fit yields {name} = {value!r}: yield numbers, for example float(loss)"
                )
    state = prior.state_dict()
    if not state:
        raise CheckFailed("state_dict is empty: return the tensors that make up the model")
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor):
            raise CheckFailed(f"state_dict holds {name} of {type(tensor).__qualname__}: a tensor")
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise CheckFailed(f"the fitted model holds NaN or infinite values in {name}")


@check("fits")
def training_images_untouched(subject: PriorSubject) -> None:
    """The training images are the same after the fit as before."""
    images = training_images()
    before = [image.clone() for image in images]
    subject.fit(_new(subject), images)
    if not all(map(torch.equal, images, before)):
        raise CheckFailed("fit changes its images: work on copies")


@check("fits")
def same_seed_same_model(subject: PriorSubject) -> None:
    """Two fits with the same seed give the same model, bit for bit."""
    models = []
    for _ in range(2):
        prior = _new(subject)
        subject.fit(prior)
        models.append({name: value.clone() for name, value in prior.state_dict().items()})
    changed = [name for name, value in models[0].items() if not torch.equal(value, models[1][name])]
    if changed:
        raise CheckFailed(
            f"two fits with the same seeds differ in {', '.join(changed)}: draw from "
            "context.generator, not from what can't be seeded"
        )


@check("fits", "restores", "same_seed_same_image")
def model_saved_and_loaded(subject: PriorSubject) -> None:
    """A model that was saved and loaded again restores the same image."""
    _learned(subject)
    problem = subject.problem()
    expected = subject.restore(problem)
    with tempfile.TemporaryDirectory(prefix="priorbench-") as folder:
        path = Path(folder, "model.safetensors")
        subject.prior.save(path)
        other = subject.build()
        other.load(path)
    found = subject.restore(problem, other)
    if not torch.equal(expected, found):
        difference = float((expected - found).abs().max())
        raise CheckFailed(
            f"after save and load the image differs by up to {difference:.2g}: state_dict must "
            "hold all that fit sets, and load_state_dict must take all of it over"
        )


@check("fits", "model_saved_and_loaded")
def truncated_model_refused(subject: PriorSubject) -> None:
    """A model whose file is cut off is an error, not another model."""
    learned = _learned(subject)
    with tempfile.TemporaryDirectory(prefix="priorbench-") as folder:
        path = Path(folder, "model.safetensors")
        learned.save(path)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        _refused(subject, path, "a model whose file is cut off")


@check("fits", "model_saved_and_loaded")
def other_model_refused(subject: PriorSubject) -> None:
    """A model of other shapes, or with a part missing, is an error."""
    learned = _learned(subject)
    state = {name: value.clone().contiguous() for name, value in learned.state_dict().items()}
    first = next(iter(state))
    missing = {name: value for name, value in state.items() if name != first}
    other = state | {first: torch.zeros(*state[first].shape, 2, dtype=state[first].dtype)}
    for what, model in (
        (f"a model without {first}", missing),
        (f"another shape of {first}", other),
    ):
        with tempfile.TemporaryDirectory(prefix="priorbench-") as folder:
            path = Path(folder, "model.safetensors")
            save_file(model, path)
            _refused(subject, path, what)


@check("fits")
def small_training_images(subject: PriorSubject) -> None:
    """Training images of a few pixels are learned from, or refused clearly."""
    images = [image[..., :2, :3] for image in training_images()]
    prior = _new(subject)
    fault = refusal(lambda: subject.fit(prior, images))
    if fault:
        raise CheckFailed(
            f"training images of 2 × 3: {fault}: raise ValueError and say what size is needed"
        )


@check("fits")
def nan_in_training_refused(subject: PriorSubject) -> None:
    """Training images of NaN are an error, not a model."""
    prior = _new(subject)
    images = [torch.full_like(image, float("nan")) for image in training_images()]
    try:
        subject.fit(prior, images)
    except Exception as error:
        if not str(error).strip():
            raise CheckFailed(f"fit raises {type(error).__name__} without a message") from None
        return
    state = [value for value in prior.state_dict().values() if value.is_floating_point()]
    if all(torch.isfinite(value).all() for value in state):
        raise CheckFailed("fit makes a model of images that are NaN everywhere: raise ValueError")


@check("fits", "same_seed_same_model")
def fit_resumed(subject: PriorSubject) -> None:
    """A fit that is killed goes on from its checkpoint, to the same model."""

    def model(checkpoint: Checkpoint) -> Tensor:
        prior = _new(subject)
        subject.fit(prior, checkpoint=checkpoint)
        return _flat(prior.state_dict())

    fault = resuming(model)
    if fault:
        raise CheckFailed(f"a fit that was killed and begun again {fault}")


@check("fits")
def parameters_counted(subject: PriorSubject) -> None:
    """``n_parameters`` is a whole number above 0, and no more than the model holds."""
    learned = _learned(subject)
    count = learned.n_parameters()
    held = sum(value.numel() for value in learned.state_dict().values())
    if not isinstance(count, int) or not 0 < count <= held:
        raise CheckFailed(
            f"n_parameters returns {count!r}, and the model holds {held} numbers: "
            "return how many of them were learned"
        )


def _learned(subject: PriorSubject) -> Learned:
    _new(subject)
    found: Learned = subject.of_class(Learned)
    return found


def _new(subject: PriorSubject) -> Learned:
    """Return a new object that learns.

    Raises:
        Skipped: it learns nothing, or is the caller's.
    """
    if not subject.spec.learns:
        raise Skipped("only for a prior that learns")
    found: Learned = subject.of_class(Learned, subject.build())
    return found


def _refused(subject: PriorSubject, path: Path, what: str) -> None:
    """Check that a model is refused by a ValueError with a message.

    Raises:
        CheckFailed: it is not.
    """
    prior = subject.build()
    try:
        prior.load(path)
    except ValueError as error:
        if str(error).strip():
            return
        raise CheckFailed(f"{what}: the error has no message") from None
    except Exception as error:
        raise CheckFailed(
            f"{what}: load raises {type(error).__name__}: {error}: raise ValueError"
        ) from None
    raise CheckFailed(
        f"{what} is loaded without an error: raise ValueError from load_state_dict, "
        "and give load_state_dict of a torch module strict=True"
    )


def _flat(state: Mapping[str, Tensor]) -> Tensor:
    """Return all numbers of a model behind one another."""
    return torch.cat([state[name].detach().double().flatten() for name in sorted(state)])


LEARNED = (
    training_images_untouched,
    same_seed_same_model,
    model_saved_and_loaded,
    truncated_model_refused,
    other_model_refused,
    small_training_images,
    nan_in_training_refused,
    fit_resumed,
    parameters_counted,
)
