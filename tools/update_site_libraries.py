"""Bring the libraries of the results site and of its tests into the repository.

``python tools/update_site_libraries.py`` downloads them from the npm registry.
For a new version, change the version and the checksums below (``npm view <package>
dist.integrity``) and run it again. Nothing is written unless every archive is the one that is
pinned.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
REGISTRY = "https://registry.npmjs.org"


@dataclass(frozen=True, eq=False)
class Library:
    """Files of an npm package.

    Args:
        package: its name.
        version: which.
        integrity: SHA-512 of the archive in base 64, as the registry states it.
        folder: where its files are kept, from the root of the repository.
        files: those that are needed, by their path in the package, with their SHA-256.
    """

    package: str
    version: str
    integrity: str
    folder: str
    files: dict[str, str]

    @property
    def url(self) -> str:
        """Of the archive."""
        name = self.package.rpartition("/")[2]
        return f"{REGISTRY}/{self.package}/-/{name}-{self.version}.tgz"

    def target(self, file: str) -> Path:
        """Return where a file of the package is kept."""
        return ROOT / self.folder / Path(file).name


LIBRARIES = (
    Library(
        package="@cloudfour/image-compare",
        version="1.0.5",
        integrity="2rYQphoQ6eqIjxmBfaWAAkuHFZ5ziT/vCcaijh0SAtCTPOMyP5guklHsQpMQymTBWsQ4FtT5tPqNDVC+orI4kQ==",
        folder="src/priorbench/site/assets/vendor/image-compare",
        files={
            "LICENSE": "2be550d8cf14d88e052f2c3f971e52553cb65b91eb7cd89294160698297a2cf1",
            "dist/index.min.js": "146d62400b3240dbc028ac0fae1e3545c8f5021e4402469a776546a7827219e8",
        },
    ),
    # Not shipped: the tests of the site look for barriers with it.
    Library(
        package="axe-core",
        version="4.14.1",
        integrity="FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        folder="tests/browser/axe-core",
        files={
            "LICENSE": "af175b9d96ee93c21a036152e1b905b0b95304d4ae8c2c921c7609100ba8df7e",
            "axe.min.js": "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
        },
    ),
)


def unpack(library: Library, archive: bytes) -> dict[str, bytes]:
    """Return the files of a library from its archive.

    Raises:
        ValueError: the archive or a file is another one than is pinned.
    """
    found = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != library.integrity:
        raise ValueError(f"{library.url} has the SHA-512 {found}, not {library.integrity}")
    contents = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for file, checksum in library.files.items():
            member = tar.extractfile(f"package/{file}")
            if member is None:
                raise ValueError(f"{file} of {library.url} is no file")
            contents[file] = member.read()
            found = hashlib.sha256(contents[file]).hexdigest()
            if found != checksum:
                raise ValueError(f"{file} of {library.url} has the SHA-256 {found}, not {checksum}")
    return contents


def download(library: Library) -> bytes:
    """Return the archive of a library, as the registry serves it."""
    with urllib.request.urlopen(library.url, timeout=60) as response:
        content: bytes = response.read()
    return content


def main() -> None:
    """Download all, check all, then write."""
    contents = {library: unpack(library, download(library)) for library in LIBRARIES}
    for library, files in contents.items():
        for file, content in files.items():
            library.target(file).parent.mkdir(parents=True, exist_ok=True)
            library.target(file).write_bytes(content)
        print(f"{library.package} {library.version}: {', '.join(files)}")


if __name__ == "__main__":
    main()
