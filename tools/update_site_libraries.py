"""Bring the libraries of the results site, its tests and the documentation into the repository.

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
        return ROOT / self.folder / file.removeprefix("dist/")


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
    # The formulas of the documentation; it is not in the wheel.
    Library(
        package="katex",
        version="0.19.1",
        integrity="jG8uKntjSEcm2EpQOh0XturpPuuC9r3Sq5HLHdsFdWZT27E672SF19QEi+of0/YeOy15lDgRhKvr5614uRrEfA==",
        folder="docs/assets/katex",
        files={
            "LICENSE": "766ccc1f306c885aa45542a9846bbd0a505b27a0374f146778171c2254ce18e3",
            "dist/katex.min.css": "00e0b094171b07f58422075f469b4feac2b2f7bce1aeec943c08da4d697f4dcf",
            "dist/katex.min.js": "fa140498b8cfc8302cbe5e7cb1bdbc1f952bc38b3fa258ede09e73edbf9a74bc",
            "dist/contrib/auto-render.min.js": "e5372d199bcdae8b4de71d0f7ceba72a4ba12774a27c60a6f1f77d03b3228ee4",
            "dist/fonts/KaTeX_AMS-Regular.woff2": "0cdd387c9590a1a9f9794560022dbb59654a7d86f187aa0c81495ad42d3a7308",
            "dist/fonts/KaTeX_Caligraphic-Bold.woff2": "de7701e42cf1f4cf0b766c03fb27977207eee2f4fd5d76fa82188406da43ea4c",
            "dist/fonts/KaTeX_Caligraphic-Regular.woff2": "5d53e70ad607c2352162dec9e0923fb54ecdafaccbf604cd8dcf7d00facb989b",
            "dist/fonts/KaTeX_Fraktur-Bold.woff2": "74444efd593c005e3f4573b44524704c0af0a937fe911cca9e94068d0d140d3f",
            "dist/fonts/KaTeX_Fraktur-Regular.woff2": "51814d270d06ff0255dba0799994fa4d8c84d11f09951d47595f4abb1f3602dc",
            "dist/fonts/KaTeX_Main-Bold.woff2": "0f60d1b897938ec918c8ce073092411baf9438f6739465693ff18b0f9d20b021",
            "dist/fonts/KaTeX_Main-BoldItalic.woff2": "99cd42a3c072d918f2f44984a807cf7aa16e13545fd0875fc07c6c65f99e715b",
            "dist/fonts/KaTeX_Main-Italic.woff2": "97479ca6cce906abc961ecac96faa5f9ca2e61b8e7670d475826bcdee9a7c267",
            "dist/fonts/KaTeX_Main-Regular.woff2": "c2342cd8b869e01752a9321dc17213fc40d4d04c79688c1d43f2cf316abd7866",
            "dist/fonts/KaTeX_Math-BoldItalic.woff2": "dc47344dbb6cb5b655c8460d561f4df5f501b90c804ad3c6cec65fe322351ab1",
            "dist/fonts/KaTeX_Math-Italic.woff2": "7af58c5ec8f132a2ddde9027c6d7814decce4d3b822a11192a42a20e2e973264",
            "dist/fonts/KaTeX_SansSerif-Bold.woff2": "e99ae51144bf1232efcc1bfe5add36262c6866b0faab24fa75740e1b98577a62",
            "dist/fonts/KaTeX_SansSerif-Italic.woff2": "00b26ac825e2095056396e0553b8ac26d3f8ad158c3826e28b4c45b385c4714a",
            "dist/fonts/KaTeX_SansSerif-Regular.woff2": "68e8c73ef42afd3ccec58bf0fba302cce448938e7fc020a5e31f8a952eee1342",
            "dist/fonts/KaTeX_Script-Regular.woff2": "036d4e95149b69ff9bcc0cd55771efeb25ffa3947293e69acd78d5ac328c684b",
            "dist/fonts/KaTeX_Size1-Regular.woff2": "6b47c40166b6dbe21a5dfca7718413f2147fd2399be1ba605d8ad39cedf25dfe",
            "dist/fonts/KaTeX_Size2-Regular.woff2": "d04c54219f9eaec6d4d4fd42dfb28785975a4794d6b2fc71e566b9cd6db842dd",
            "dist/fonts/KaTeX_Size3-Regular.woff2": "73d591271b1604960cb10bb90fee021670af7297017e0e98480b332d11f51995",
            "dist/fonts/KaTeX_Size4-Regular.woff2": "a4af7d414440a1c1790825cfb700cf9cf43b0f2c4b04f0ebc523011ad9853ec0",
            "dist/fonts/KaTeX_Typewriter-Regular.woff2": "71d517d67827787cfabdf186914cc3358eda539e37931941f2b2fd4a21f68c0b",
        },
    ),
    # The search of the documentation where it is opened from the disk.
    Library(
        package="iframe-worker",
        version="1.0.4",
        integrity="roeaaI+Lg1LJNfgpCjoRe/+WzEjy9+Z08LoEvu85MCPbBjwm+qXz8Ag5U05lHa6V1CysZyGzE0SOkAtSUA5q7Q==",
        folder="docs/assets/iframe-worker",
        files={
            "LICENSE": "dd69737a4768aab9f934a5aed9efab9561ac4062d4fdbe490d44369a2cf48b6b",
            "shim/index.js": "e8e412dbcfea9b7e31b5ffa288d7b6035915e714c542f4176a0cdbe262fc9609",
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
