"""The state of a long computation on disk, to go on from after the process was killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from priorbench.store.files import write_atomically
from priorbench.store.times import Times

if TYPE_CHECKING:
    # Plugins of one file import this module with their prior's kind: see priorbench.priors.
    from torch import Tensor, device

__all__ = ["Checkpoint", "part"]


class Checkpoint:
    """Tensors that are written periodically, and read again by a computation of the same
    key.

    Args:
        path: the file; None keeps nothing.
        key: tells what the state belongs to: parameters, data, seed, code. A file with another
            key is not read.
        every: seconds between two writes.

    Attributes:
        spent: times that earlier attempts took until they wrote the state that was loaded; zero
            before that.
    """

    def __init__(self, path: Path | None = None, key: str = "", every: float = 30.0) -> None:
        self._path = path
        self._key = key
        self._every = every
        self._began = Times.now()
        self._written = self._began.wall
        self.spent = Times()

    def load(self) -> dict[str, Tensor] | None:
        """Return the state that was written last, or None if there is none of this key that is
        whole.
        """
        if self._path is None or not self._path.exists():
            return None
        try:
            with safe_open(self._path, "pt") as file:
                about = file.metadata() or {}
                if about.get("key") != self._key:
                    return None
                names = file.keys()
                state = {name: file.get_tensor(name) for name in names}
                self.spent = Times(float(about["seconds"]), float(about["processor_seconds"]))
                return state
        except (
            OSError,
            SafetensorError,
        ):  # A damaged file costs the time that it would have saved, nothing else.
            return None

    def save(self, state: Callable[[], Mapping[str, Tensor]]) -> None:
        """Write ``state()`` atomically if it is time to."""
        if self._path is None or Times.now().wall - self._written < self._every:
            return
        from safetensors.torch import save as serialized

        tensors = {
            name: value.detach().cpu().clone().contiguous() for name, value in state().items()
        }
        # Reading the state has waited for a GPU.
        spent = Times.now() - self._began + self.spent
        about = {
            "key": self._key,
            "seconds": repr(spent.wall),
            "processor_seconds": repr(spent.processor),
        }
        write_atomically(self._path, serialized(tensors, about))
        self._written = Times.now().wall

    def discard(self) -> None:
        """Remove the file: the computation is finished."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def part(state: Mapping[str, Tensor], start: str, to: device | None = None) -> dict[str, Tensor]:
    """Return what begins with ``start`` in a state, under its name without it.

    Args:
        state: of a computation.
        start: of the names.
        to: device that numbers and maps are moved to; None for where they are.
    """
    return {
        key.removeprefix(start): value.to(to)
        for key, value in state.items()
        if key.startswith(start)
    }
