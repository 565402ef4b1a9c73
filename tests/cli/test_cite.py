import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from pybtex.database import parse_string
from typer.testing import CliRunner

import priorbench
from priorbench.cli import app
from priorbench.cli.cite import citation_file
from priorbench.plugins import citations
from priorbench.plugins.citations import Source, cite, named_in, plain, read_publications
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import PluginError

ROOT = Path(__file__).parents[2]
REGISTRY = load_plugins([ROOT / "plugins"])
KINDS = {"priors": "prior", "tasks": "task", "datasets": "data set", "metrics": "metric"}
SOURCES = [
    Source(label, entry)
    for kind, label in (KINDS | {"studies": "study"}).items()
    for entry in getattr(REGISTRY, kind).values()
]
FILES = [citations.LIBRARY, *sorted((ROOT / "plugins").rglob("references.bib"))]
NEEDED = {
    "article": {"author", "title", "journal", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "incollection": {"author", "title", "booktitle", "publisher", "year"},
    "book": {"author", "title", "publisher", "year"},
    "misc": {"author", "title", "year", "eprint"},
}
PLUGIN = """
from priorbench import PriorSpec, hookimpl
from priorbench.priors import Denoiser

class Median(Denoiser):
    def denoise(self, image, sigma):
        return image

@hookimpl
def register_priors():
    yield PriorSpec(name="median", factory=Median, summary="a filter", reference="{reference}")
"""


def run(*arguments: str):
    return CliRunner().invoke(app, ["cite", *arguments])


def entries(text: str) -> dict:
    """Parse by pybtex, which the project does not use."""
    return dict(parse_string(text, "bibtex").entries.items())


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Return a function that writes a plugin with its publications, and cites its prior."""
    monkeypatch.chdir(tmp_path)

    def write(reference: str, bibtex: str = ""):
        folder = tmp_path / "plugins" / "median"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plugin.py").write_text(PLUGIN.replace("{reference}", reference))
        if bibtex:
            (folder / "references.bib").write_text(bibtex)
        return run("median")

    return write


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_every_publication_of_what_is_built_in_has_an_entry(source):
    found, missing = cite([source])
    assert not missing
    assert len(found) == len(named_in(source.entry.spec.reference))
    for citation in found:
        assert set(entries(citation.bibtex)) == {citation.key}


def test_what_has_a_paper_names_it():
    named = {str(source) for source in SOURCES if source.entry.spec.reference}
    assert {f"prior {name}" for name in REGISTRY.priors} - named == {
        "prior observed",
        "prior exact",
    }
    assert {"metric ssim", "metric ms-ssim", "task sr", "task cs", "data set kodak24"} <= named


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_entries_have_what_their_kind_needs(file):
    parsed = parse_string(file.read_text(), "bibtex").entries
    assert len(parsed) == len(read_publications(file)) > 0
    for key, entry in parsed.items():
        fields = {*entry.fields, *entry.persons}
        assert NEEDED[entry.type] <= fields, key
        assert 1900 < int(entry.fields["year"]) < 2030
        assert key.isidentifier() or "-" in key
        # A link, without which a reader has to search.
        assert {"doi", "url", "eprint"} & fields or key == "achddou2021"
        assert all(person.last_names for person in entry.persons["author"])


def test_a_publication_stands_in_one_file_only():
    known = [one for file in FILES for one in read_publications(file)]
    for one, other in combinations(known, 2):
        assert not one.names & other.names
        assert one.key != other.key


def test_no_entry_is_kept_for_nothing():
    used = {one.key for one in cite(SOURCES)[0]}
    assert used == {one.key for file in FILES for one in read_publications(file)}


def test_an_experiment_is_cited_with_the_project_and_each_publication_once(monkeypatch):
    monkeypatch.chdir(ROOT)
    result = run()
    assert result.exit_code == 0, result.output
    parsed = entries(result.stdout)
    assert {"priorbench", "zoran2011", "ulyanov2018", "wang2004", "scikit-image"} <= set(parsed)
    # In another experiment only.
    assert "wang2003" not in parsed and "roth2005" not in parsed
    assert result.stdout.count("@") == len(parsed)
    assert (
        "% prior gmm, prior mvg, prior ind-pixel, prior pca, prior ica, study likelihood"
        in result.stdout
    )


def test_the_project_is_cited_as_its_citation_file_says():
    known = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert known["version"] == priorbench.__version__
    assert citation_file() == ROOT / "CITATION.cff"
    [entry] = entries(run("priorbench").stdout).values()
    assert entry.fields["title"] == known["title"] and entry.fields["version"] == known["version"]
    assert [str(person) for person in entry.persons["author"]] == [
        f"{{{author['name']}}}" for author in known["authors"]
    ]


def test_names_and_ids_are_cited_without_the_project(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert set(entries(run("ssim", "gmm-K50", "mvg").stdout)) == {"wang2004", "zoran2011"}
    wrong = run("gmmm")
    assert isinstance(wrong.exception, PluginError) and "did you mean 'gmm'" in str(wrong.exception)


def test_without_an_experiment_the_project_is_cited(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run()
    assert set(entries(result.stdout)) == {"priorbench"}
    assert "no config.yaml here" in result.stderr


def test_json_has_the_same(monkeypatch):
    monkeypatch.chdir(ROOT)
    found = json.loads(run("--json").stdout)
    parsed = entries(run().stdout)
    assert [one["key"] for one in found["citations"]] == list(parsed)
    assert found["missing"] == []
    by_key = {one["key"]: one for one in found["citations"]}
    assert "metric ssim" in by_key["wang2004"]["used_by"]


def test_a_plugin_brings_its_own_publications(plugin):
    result = plugin(
        "doi:10.1234/Own_1, arXiv:1711.10925",
        "@string{p = {A Press}}\n@book{own, title = {An {Own} \\& Paper}, author = {Doe, J. and\n"
        '  Roe, R.}, publisher = p, year = 1999, doi = "10.1234/OWN_1"}',
    )
    parsed = entries(result.stdout)
    assert list(parsed) == ["own", "ulyanov2018"]
    assert parsed["own"].type == "book"
    assert parsed["own"].fields["publisher"] == "A Press"
    assert parsed["own"].fields["title"] == r"An {Own} \& Paper"
    assert len(parsed["own"].persons["author"]) == 2


def test_text_names_a_publication_by_its_title(plugin):
    bibtex = "@misc{own, title = {On {Medians}}, year = {1999}}"
    assert list(entries(plugin("Doe, On medians, 1999", bibtex).stdout)) == ["own"]


def test_what_has_no_entry_is_named(plugin):
    result = plugin("doi:10.1234/none, doi:10.1109/TIP.2003.819861")
    assert list(entries(result.stdout)) == ["wang2004"]
    assert "prior median: no BibTeX for 10.1234/none" in result.stderr
    assert "10.1234/none" in json.loads(run("median", "--json").stdout)["missing"][0]["reference"]


@pytest.mark.parametrize(
    ("bibtex", "said"),
    [
        ("\n@article{a, title = {open\n", "line 2"),
        ("@article{a, title = {A}}\n@article{a, title = {B}}", "line 2"),
        ("@article{a, title = {A}, title = {B}}", "line 1"),
    ],
)
def test_a_broken_file_is_one_clear_error(plugin, bibtex, said):
    result = plugin("doi:10.1/x", bibtex)
    assert isinstance(result.exception, PluginError)
    assert "references.bib" in str(result.exception) and said in str(result.exception)


def test_two_publications_of_one_key_are_both_printed(plugin):
    result = plugin(
        "doi:10.1234/own, doi:10.1109/TIP.2003.819861",
        "@misc{wang2004, title = {Another}, doi = {10.1234/own}}",
    )
    assert list(entries(result.stdout)) == ["wang2004", "wang2004-2"]


def test_a_copy_of_a_publication_in_two_plugins_is_printed_once(tmp_path, monkeypatch):
    for name, key in (("one", "a"), ("two", "b")):
        folder = tmp_path / "plugins" / name
        folder.mkdir(parents=True)
        text = PLUGIN.replace("{reference}", "doi:10.1234/x").replace('"median"', f'"{name}"')
        (folder / "plugin.py").write_text(text)
        (folder / "references.bib").write_text(
            f"@misc{{{key}, title = {{T}}, doi = {{10.1234/X}}}}"
        )
    monkeypatch.chdir(tmp_path)
    result = run("one", "two")
    assert list(entries(result.stdout)) == ["a"]
    assert "% prior one, prior two" in result.stdout


@pytest.mark.parametrize(
    ("reference", "names"),
    [
        ("", []),
        ("10.1109/ICCV.2011.6126278", ["10.1109/iccv.2011.6126278"]),
        ("doi:10.1016/S0893-6080(00)00026-5.", ["10.1016/s0893-6080(00)00026-5"]),
        ("https://doi.org/10.1/a, arXiv:1312.6114", ["10.1/a", "arxiv:1312.6114"]),
        ("arXiv:math/0309136", ["arxiv:math/0309136"]),
        ("https://a.org/b?c=d", ["https://a.org/b?c=d"]),
        ("Doe, A book, 1999", ["doe, a book, 1999"]),
    ],
)
def test_what_a_reference_names(reference, names):
    assert named_in(reference) == names


def test_braces_are_no_part_of_a_title():
    assert plain("The {BSD} of {{Two}}") == "The BSD of Two"


def test_the_command_needs_no_heavy_import():
    code = (
        "import sys; from priorbench.cli import app; app(['cite', 'ssim'], standalone_mode=False); "
        "sys.exit(bool({'torch', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
