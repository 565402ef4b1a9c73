"""Does the same problem give the same image again, in another process and in another order?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priorbench.errors import NotApplicable, unknown
from priorbench.jobs.worker import WorkerDied, WorkerTimeout, available_threads, messages
from priorbench.plan import validate_parameters
from priorbench.plan.variants import needs_settings, variants
from priorbench.plugins.manager import load_plugins, with_built_in
from priorbench.plugins.registry import PluginError, Registered, Registry
from priorbench.seeds import derive_seed, seed_everything
from priorbench.specs import PriorSpec
from priorbench.testing.easy import photograph, training_images

__all__ = ["Repeat", "check_repeats"]

SIDE = 48
PLACES = ((96, 208), (200, 120))
"""Rows and columns of the corners of the two images that every task is done with."""
FIT = "fit"
HASH_SEEDS = ("1", "2")

SAME, DIFFERS, CANNOT, FAILED = "same", "differs", "cannot", "failed"

UNSEEDED = (
    "differs from process to process, although random, numpy.random and torch were seeded alike. "
    "It draws from what can't be seeded, such as os.urandom, secrets, numpy.random.default_rng() "
    "without a seed, the time, id() or the order in which threads finish: "
    "draw from context.generator"
)
HASHES = (
    "differs with PYTHONHASHSEED: it depends on the order of a set or on hash(). "
    "Sort what you iterate over, or use a list or a dict"
)
MEMORY = (
    "depends on what the same process restored before: the prior keeps something from one "
    "restoration to the next, such as a generator of its own or an estimate. "
    "Draw from context.generator, and keep nothing"
)


@dataclass(frozen=True)
class Repeat:
    """What doing the same again gave.

    Args:
        prior: name of the prior.
        task: id of the task, or ``fit``.
        status: ``same`` bit for bit, ``differs``, ``cannot`` (the prior says so), or ``failed``.
        reason: why it is not the same; one sentence or two.
    """

    prior: str
    task: str
    status: str
    reason: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether there is something to correct."""
        return self.status in (DIFFERS, FAILED)

    def __str__(self) -> str:
        return (
            f"{self.prior}: {self.task}: {self.status}{f': {self.reason}' if self.reason else ''}"
        )


@dataclass(frozen=True)
class _Run:
    """One process: which problems, in which order, under which hash seed. Plain data."""

    folders: tuple[str, ...]
    disable: tuple[str, ...]
    prior: str
    parameters: dict[str, Any]
    tasks: tuple[str, ...]
    hash_seed: str
    reverse: bool


@dataclass(frozen=True)
class _Ended:
    """How a piece of work ended: a digest of its bytes, or why there are none."""

    status: str
    text: str


Endings = dict[str, _Ended]
"""By ``fit`` or a task and the number of its image."""


def check_repeats(
    folders: Sequence[str | Path],
    prior: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    disable: Sequence[str] = (),
    tasks: Sequence[str] | None = None,
    minutes: float = 10,
) -> list[Repeat]:
    """Return whether a prior gives the same model and the same images again, bit for bit.

    Two processes fit it to the same six small images, if it learns, and restore the same two images
    of 48 × 48 of every task that it can do. They have the same seeds, as in an experiment, but
    another ``PYTHONHASHSEED`` and the opposite order. If they differ, up to two more find out why.

    Args:
        folders: folders of plugins, beside the built-in ones.
        prior: name of the prior.
        parameters: of the prior, where they differ from the spec's ``small`` ones and the
            defaults.
        disable: names of plugins to leave out.
        tasks: names of tasks; None for every registered one that has defaults and that the prior
            can do.
        minutes: the limit of a fit, and of a restoration.

    Raises:
        PluginError: there is no such prior, or a folder does not exist.
        ConfigError: a parameter is wrong.
    """
    registry = load_plugins(with_built_in(folders), disable=disable)
    entry = _prior(registry, prior)
    values = {**entry.spec.small, **(parameters or {})}
    checked = validate_parameters(entry.spec.parameters, values, f"parameters of {prior}")
    chosen = tuple(_tasks_of(registry, entry.spec) if tasks is None else tasks)
    own = (tuple(map(str, folders)), tuple(disable), prior, checked.model_dump(), chosen)
    first, second = HASH_SEEDS

    def run(hash_seed: str, reverse: bool) -> Endings:
        return _run(_Run(*own, hash_seed, reverse), minutes)

    forward, backward = run(first, False), run(second, True)
    reason = ""
    if forward != backward:
        if run(first, False) != forward:
            reason = UNSEEDED
        elif run(second, False) != forward:
            reason = HASHES
        else:
            reason = MEMORY
    return [
        _compare(prior, piece, forward, backward, reason)
        for piece in [*([FIT] if entry.spec.learns else []), *chosen]
    ]


def _compare(prior: str, piece: str, forward: Endings, backward: Endings, reason: str) -> Repeat:
    """Return what a fit or a task gave in both processes."""
    names = [name for name in forward if name.partition("/")[0] == piece]
    if not names or any(name not in backward for name in names):
        return Repeat(prior, piece, FAILED, "it was not reached: see the fit")
    for name in names:
        one, other = forward[name], backward[name]
        if one.status != other.status or (one.status == SAME and one.text != other.text):
            return Repeat(prior, piece, DIFFERS, reason)
        if one.status != SAME:
            return Repeat(prior, piece, one.status, one.text)
    return Repeat(prior, piece, SAME)


def _prior(registry: Registry, name: str) -> Registered[PriorSpec]:
    if name not in registry.priors:
        raise PluginError("\n".join([unknown("prior", name, registry.priors), *registry.problems]))
    return registry.priors[name]


def _tasks_of(registry: Registry, spec: PriorSpec) -> Iterator[str]:
    """Yield the tasks with defaults for all parameters that a prior can do."""
    from priorbench.plan.priors import can_do

    for name, entry in registry.tasks.items():
        if needs_settings(entry.spec):
            continue
        (variant,) = variants(entry, lambda: "", {}, name)
        if can_do(spec, variant):
            yield name


def _run(run: _Run, minutes: float) -> Endings:
    """Return how everything ended in a process of its own."""
    endings: Endings = {}
    try:
        for name, status, text in messages(
            _work, (run,), limit=lambda last: 60 * minutes, hash_seed=run.hash_seed
        ):
            endings[name] = _Ended(status, text)
    except WorkerTimeout:
        endings[FIT] = _Ended(
            FAILED, f"took longer than {minutes:g} minutes: give smaller parameters"
        )
    except WorkerDied as error:
        endings[FIT] = _Ended(FAILED, str(error))
    return endings


def _work(send: Callable[[Any], None], run: _Run) -> None:
    """Fit and restore; send name, status, and digest or reason of each piece of work."""
    import torch

    from priorbench.jobs.attempt import solve
    from priorbench.priors import Context

    registry = load_plugins(with_built_in(run.folders), disable=run.disable)
    entry = _prior(registry, run.prior)
    torch.set_num_threads(available_threads(entry.spec.resources.threads))
    try:
        seed_everything(derive_seed(0, "build", run.prior))
        prior = entry.load()(**run.parameters)
        if entry.spec.learns:
            seed = derive_seed(0, "train", run.prior)
            seed_everything(seed)
            for _ in prior.fit(training_images(), Context.seeded(seed)):
                pass
            state = prior.state_dict()
            send((FIT, SAME, _digest(state[name] for name in sorted(state))))
    except (Exception, SystemExit) as error:
        send((FIT, FAILED, _in_short(error)))
        return
    pieces = [(task, number) for task in run.tasks for number in range(len(PLACES))]
    for task, number in reversed(pieces) if run.reverse else pieces:
        try:
            problem = _problem(registry, task, number)
            seed = derive_seed(0, "restore", task, str(number))
            _, result = solve(prior, problem, Context.seeded(seed), seed, "restore", 0)
            ended = SAME, _digest([result.image])
        except NotApplicable as error:
            ended = CANNOT, str(error)
        except (Exception, SystemExit) as error:
            ended = FAILED, _in_short(error)
        send((f"{task}/{number}", *ended))


def _in_short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": ")


def _digest(tensors: Any) -> str:
    """Return a checksum of the bytes of tensors."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _problem(registry: Registry, task: str, number: int) -> Any:
    """Return the problem that a task makes of one of the two images."""
    import torch

    entry = registry.tasks[task]
    seed = derive_seed(0, "corrupt", task, str(number))
    seed_everything(seed)
    corruption = entry.load()(**entry.spec.parameters().model_dump())
    image = corruption.fit(photograph(*PLACES[number], SIDE))
    return corruption.corrupt(image, torch.Generator().manual_seed(seed))
