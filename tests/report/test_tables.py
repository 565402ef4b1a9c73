import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from priorbench.config import DatasetSection
from priorbench.report.cost_table import cost_csv, cost_grid
from priorbench.report.failure_table import failures_csv, failures_grid
from priorbench.report.grid import Cell, Grid, Section, to_latex, to_markdown, to_rich
from priorbench.report.page import to_html
from priorbench.report.ranking_table import PARTIAL_NOTE, ranking_csv, ranking_grid
from priorbench.report.score_table import score_csv, score_grid
from priorbench.report.tables import terminal_tables, write_tables
from priorbench.results import Catalogue
from priorbench.results.published import published_rows
from priorbench.results.rankings import COLUMNS, rankings
from priorbench.results.statistics import summarise


@pytest.fixture(scope="module")
def tables(experiment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    files = write_tables(experiment.scores, experiment.runs, experiment.catalogue, folder)
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def printed(tables):
    console = Console(width=220, file=(shown := io.StringIO()), color_system=None)
    for table in tables:
        console.print(table)
    return shown.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 220])
def test_a_narrow_terminal_cuts_no_number_and_no_reason(experiment, width):
    made = terminal_tables(experiment.scores, experiment.runs, experiment.catalogue, width)
    console = Console(width=width, file=(output := io.StringIO()), color_system=None)
    for table in made:
        console.print(table)
    shown = output.getvalue()
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= width
    metric = experiment.catalogue.main_metric
    grid = score_grid(experiment.scores, experiment.catalogue, metric)
    numbers = [
        cell.text
        for section in grid.sections
        for block in section.blocks
        for row in block
        for cell in row[1:]
    ]
    # Column by column below each other, in the order of the tables: each number is there, whole.
    for number in set(numbers):
        assert shown.count(number) >= numbers.count(number)


@pytest.mark.slow
def test_the_files_are_those_known_beforehand(experiment, tables):
    names = [*experiment.catalogue.metrics, "cost", "failures", "paired", "ranking"]
    assert sorted(tables) == sorted(
        f"{name}.{ending}" for name in names for ending in ("csv", "html", "md", "tex")
    )


@pytest.mark.slow
def test_the_same_results_give_the_same_files(experiment, tables, tmp_path):
    shuffled = (
        experiment.scores.sample(frac=1, random_state=1),
        experiment.runs.sample(frac=1, random_state=2),
    )
    for file in write_tables(*shuffled, experiment.catalogue, tmp_path):
        assert file.read_text(encoding="utf-8") == tables[file.name]


@pytest.mark.parametrize("ending", ["md", "tex", "html"])
def test_failures_stay_visible_in_text(tables, ending):
    assert "timeout" in tables[f"psnr.{ending}"]
    assert "diverged" in tables[f"psnr.{ending}"]
    assert re.search(r"2\d\.\d\d .{1,5} \d\.\d\d \(10/12\)", tables[f"psnr.{ending}"])
    assert (
        "LinAlgError" in tables[f"failures.{ending}"]
        and "second line" not in tables[f"failures.{ending}"]
    )
    assert "timeout" in tables[f"cost.{ending}"]


def test_failures_stay_visible_in_csv_and_in_the_terminal(experiment, tables):
    rows = {
        (row["dataset"], row["prior"]): row
        for row in csv.DictReader(io.StringIO(tables["psnr.csv"]))
    }
    assert (
        rows["bsd68", "odd_one"]["denoise-50_status"] == "timeout"
        and not rows["bsd68", "odd_one"]["denoise-50"]
    )
    assert (
        rows["bsd68", "tv"]["denoise-25_n_failed"] == "2"
        and rows["bsd68", "tv"]["denoise-25_mark"] == ""
    )
    failed = experiment.runs["status"].isin(["failed", "timeout", "diverged"])
    assert len(pd.read_csv(io.StringIO(tables["failures.csv"]))) == failed.sum() > 0
    text = printed(terminal_tables(experiment.scores, experiment.runs, experiment.catalogue, 220))
    for word in ("timeout", "diverged", "(10/12)", "LinAlgError", "cannot identify"):
        assert word in text


def test_csv_keeps_all_digits(experiment, tables):
    summary = summarise(experiment.scores, experiment.catalogue.metrics)
    summary = summary[(summary["metric"] == "psnr") & (summary["n"] > 0)]
    rows = [
        row
        for row in csv.DictReader(io.StringIO(tables["psnr.csv"]))
        if row["source"] == "measured"
    ]
    table = {(row["dataset"], row["prior"]): row for row in rows}
    for row in summary.itertuples():
        assert float(table[row.dataset, row.prior][row.task]) == row.mean


def test_nothing_is_bold_that_cannot_be_told_from_the_second(experiment, tables):
    for dataset, text in zip(
        experiment.catalogue.datasets, tables["psnr.md"].split("### ")[1:], strict=True
    ):
        assert text.startswith(dataset) and "**" not in text
        [best] = [line for line in text.splitlines() if line.startswith("| GMM K=200 |")]
        assert best.count("<ins>") == len(experiment.catalogue.tasks)
        rows = [line.split(" | ") for line in text.splitlines() if "<ins>" in line]
        for column in range(1, 1 + len(experiment.catalogue.tasks)):
            assert sum("<ins>" in row[column] for row in rows) > 1
    assert tables["psnr.tex"].count(r"\underline{") == tables["psnr.md"].count("<ins>") > 0


def test_exactly_the_best_of_each_column_is_bold(experiment, tmp_path):
    scores = experiment.scores.copy()
    ahead = (scores["prior"] == "gmm-K200") & (scores["metric"] == "psnr")
    scores.loc[ahead, "value"] += 4
    files = write_tables(scores, experiment.runs, experiment.catalogue, tmp_path)
    tables = {file.name: file.read_text(encoding="utf-8") for file in files}
    for text in tables["psnr.md"].split("### ")[1:]:
        assert "<ins>" not in text
        bold = [line for line in text.splitlines() if "**" in line]
        assert len(bold) == 1 and bold[0].startswith("| GMM K=200 |")
        assert bold[0].count("**") == 2 * len(experiment.catalogue.tasks)
    assert tables["psnr.tex"].count(r"\textbf{") == tables["psnr.md"].count("**") // 2
    assert tables["psnr.html"].count("<b>") == tables["psnr.md"].count("**") // 2
    section = tables["paired.md"].split("### ")[1]
    assert section.count("**best mean**") == len(experiment.catalogue.tasks)
    ranks = tables["ranking.md"].split("### ")[1]
    [best] = [line for line in ranks.splitlines() if "**" in line]
    assert best.startswith("| GMM K=200 | **1.0 (1.0–1.0) a** | **1 (1–1) a** |")


def test_published_numbers_stand_apart_with_their_citation(experiment, tables):
    line = next(
        line for line in tables["psnr.md"].splitlines() if line.startswith("| bm3d (paper: Zoran")
    )
    published = experiment.scores[experiment.scores["note"].str.startswith("Zoran")]
    value = published.query("prior == 'bm3d' and task == 'denoise-25'")["value"].item()
    assert f"{value:.2f}" in line and "**" not in line
    assert tables["psnr.tex"].index("bm3d") > tables["psnr.tex"].index(r"odd\_one")


def test_a_number_by_another_protocol_has_a_mark_and_says_how_it_differs(experiment):
    catalogue = replace(experiment.catalogue, datasets=("color9",), tasks={"denoise-25": "denoise"})
    section = DatasetSection(source="dip", parameters={"group": "color9"}, gray=False)
    published = published_rows("made-up", {"color9": section}, {"denoise-25"}, {"psnr"})
    own = experiment.scores.query("source == 'measured' and task == 'denoise-25'")
    own = own[own["dataset"] == own["dataset"].iloc[0]].assign(dataset="color9")
    scores = pd.concat([own, pd.DataFrame(published)], ignore_index=True)
    grid = score_grid(scores, catalogue, "psnr")
    rows = {row[0].text: row[1].text for row in grid.sections[0].blocks[1]}
    assert {text for text in rows.values() if "†" in text} == {"29.22 †", "30.43 †", "31.00 †"}
    for label, text in rows.items():
        assert ("protocol differs: the noisy image is clipped" in label) == ("†" in text)
    assert sum("†" in note for note in grid.notes) == 1
    assert r"29.22 \dag{}" in to_latex(grid)
    plain = score_grid(own, catalogue, "psnr")
    assert not any("†" in note for note in plain.notes)


def test_a_task_that_a_prior_cant_do_says_so(tables):
    line = next(line for line in tables["psnr.md"].splitlines() if line.startswith("| wavelet"))
    assert line.endswith("| cannot |")


def test_every_markdown_row_has_as_many_cells_as_the_head(tables):
    for name in ("psnr.md", "cost.md", "failures.md", "paired.md", "ranking.md"):
        for text in re.split("^##.*$", tables[name], flags=re.MULTILINE):
            widths = {
                len(re.findall(r"(?<!\\)\|", line))
                for line in text.splitlines()
                if line.startswith("|")
            }
            assert len(widths) <= 1


def test_markup_in_names_is_escaped():
    nasty = r"a\b_c*d|e&f%g$h#i{j}k~l^m<n>o"
    grid = Grid("t", ["x"], [Section("", [[[Cell(nasty)]]])])
    latex = to_latex(grid).splitlines()[-3]
    for character in "&%$#_{}":
        assert not re.search(
            rf"(?<!\\){re.escape(character)}",
            latex.replace("{}", "").replace(r"\textbackslash", ""),
        )
    assert (
        r"\textbackslash{}b" in latex
        and r"\textasciitilde{}" in latex
        and r"\textasciicircum{}" in latex
    )
    row = to_markdown(grid).splitlines()[-1]
    assert row == r"| a\\b\_c\*d\|e&f%g$h\#i{j}k~l^m\<n\>o |"
    assert nasty in printed(to_rich(grid, 200))


class Page(HTMLParser):
    """The text of each cell, row by row, and the classes and tags around it."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open, self.void = [], [], {"meta"}
        self.feed(text)
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag, attributes):
        if tag in self.void:
            return
        self.open.append((tag, dict(attributes).get("class", "")))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if any(tag in ("td", "th") for tag, _ in self.open):
            self.rows[-1][-1] += data


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20))
def test_a_page_shows_every_text_as_it_is(text):
    grid = Grid(
        text, [text, "b"], [Section(text, [[[Cell(text), Cell(text, "best")]]])], notes=[text]
    )
    page = to_html(text, [grid], lead=text)
    assert Page(page).rows == [[text, "b"], [text, text]]


def test_pages_hold_the_cells_of_the_other_forms(experiment, tables):
    grid = score_grid(experiment.scores, experiment.catalogue, "psnr")
    expected = []
    for section in grid.sections:
        expected += [
            list(grid.columns),
            *([cell.text for cell in row] for block in section.blocks for row in block),
        ]
    assert Page(tables["psnr.html"]).rows == expected
    assert tables["psnr.html"].count("<b>") == tables["psnr.tex"].count(r"\textbf{")
    assert tables["psnr.html"].count('"number tied"') == tables["psnr.tex"].count(r"\underline{")
    for name in ("cost", "failures", "paired", "ranking"):
        assert len(Page(tables[f"{name}.html"]).rows) > 1


def test_greek_and_signs_have_latex_names():
    grid = Grid("t", ["σ=15 ± 2"], [Section("", [[[Cell("8×8 – …")]]])])
    assert r"$\sigma$=15 $\pm$ 2" in to_latex(grid)
    assert r"8$\times$8 -- \dots{}" in to_latex(grid)


def test_a_line_break_in_a_reason_does_not_break_the_table():
    grid = Grid("t", ["x"], [Section("", [[[Cell("a\nb")]]])])
    assert "| a b |" in to_markdown(grid) and r"a b \\" in to_latex(grid)


def test_cost_counts_successful_runs_only(experiment):
    costs = cost_csv(experiment.runs, experiment.catalogue).set_index(["dataset", "prior", "task"])
    ok = experiment.runs.query(
        "dataset == 'bsd68' and prior == 'tv' and task == 'denoise-25' and status == 'ok'"
    )
    row = costs.loc[("bsd68", "tv", "denoise-25")]
    assert row["n"] == len(ok) and row["device"] == "cpu"
    for name in ("seconds", "processor_seconds"):
        found = row[[f"{name}_mean", f"{name}_min", f"{name}_max"]].tolist()
        expected = ok[name].mean(), ok[name].min(), ok[name].max()
        assert found == pytest.approx(expected)
    assert ("bsd68", "odd_one", "denoise-50") not in costs.index


def row_of(experiment, runs, prior):
    """Return the columns and a prior's cells of the table of costs of the first data set."""
    grid = cost_grid(runs, experiment.catalogue)
    label = experiment.catalogue.priors[prior]
    [row] = [row for row in grid.sections[0].blocks[0] if row[0].text == label]
    return dict(zip(grid.columns, [cell.text for cell in row], strict=True)), grid.notes


def test_cost_is_in_processor_seconds_with_those_by_the_clock_beside(experiment):
    runs = experiment.runs.copy()
    own = runs["prior"] == "tv"
    runs.loc[own, ["seconds", "processor_seconds"]] = [105.2, 38.14]
    row, notes = row_of(experiment, runs, "tv")
    assert row["denoise σ=15 (s)"] == "38 / 105"
    assert "GPU memory (MiB)" not in row and not any("GPU" in note for note in notes)
    runs.loc[own, ["seconds", "processor_seconds"]] = [0.5, 0.00002]
    assert row_of(experiment, runs, "tv")[0]["denoise σ=15 (s)"] == "< 0.001 / 0.50"
    runs.loc[own, "seconds"] = 0.0004
    assert row_of(experiment, runs, "tv")[0]["denoise σ=15 (s)"] == "< 0.001"


def test_cost_on_a_gpu_is_by_the_clock_with_its_memory(experiment):
    runs = experiment.runs.copy()
    runs.loc[
        runs["prior"] == "gmm-K50",
        ["seconds", "processor_seconds", "device_memory_mb", "training_device_memory_mb"],
    ] = [0.4, 0.1, 1234.4, 5000]
    row, notes = row_of(experiment, runs, "gmm-K50")
    assert row["denoise σ=15 (s)"] == "GPU 0.40"
    assert (row["GPU memory (MiB)"], row["training (s)"]) == ("1,234", "GPU 31")
    assert any("GPU" in note for note in notes)
    other, _ = row_of(experiment, runs, "gmm-K10")
    assert (other["GPU memory (MiB)"], other["training (s)"]) == ("–", "1.6 / 4.0")


def test_images_of_a_prior_on_both_devices_are_not_averaged(experiment):
    runs = experiment.runs.copy()
    own = (runs["prior"] == "tv") & (runs["task"] == "denoise-15") & (runs["dataset"] == "bsd68")
    runs.loc[own, ["seconds", "processor_seconds"]] = [4.0, 3.0]
    gpu = own & (runs["image"] == "im00")
    runs.loc[gpu, ["seconds", "device_memory_mb"]] = [0.4, 100]
    assert row_of(experiment, runs, "tv")[0]["denoise σ=15 (s)"] == "3.0 / 4.0, GPU 0.40"
    costs = cost_csv(runs, experiment.catalogue).query(
        "dataset == 'bsd68' and prior == 'tv' and task == 'denoise-15'"
    )
    assert costs[["device", "n"]].to_numpy().tolist() == [["cpu", 11], ["gpu", 1]]


def test_cost_has_the_fit_and_the_size_of_what_learns(experiment):
    grid = cost_grid(experiment.runs, experiment.catalogue)
    assert grid.columns[-2:] == ["training (s)", "parameters"]
    rows = {row[0].text: [cell.text for cell in row[-2:]] for row in grid.sections[0].blocks[0]}
    assert rows["GMM K=50"] == ["12 / 31", "100,849"]
    assert rows["total variation"] == ["–", "–"]
    assert rows["odd_one & co | 50%"] == ["–", "7"]
    costs = cost_csv(experiment.runs, experiment.catalogue)
    own = costs[costs["prior"] == "gmm-K50"]
    assert set(own["training_seconds"]) == {31.25} and set(own["n_parameters"]) == {100849}
    assert set(own["training_processor_seconds"]) == {12.5}
    of_fit = ["training_seconds", "training_processor_seconds", "n_parameters"]
    assert costs[costs["prior"] == "tv"][of_fit].isna().all(axis=None)


def test_while_a_run_goes_on_a_fit_that_is_not_there_yet_is_a_dash(experiment):
    runs = experiment.runs[experiment.runs["prior"] != "gmm-K200"]
    planned = {
        (dataset, task, prior): 1
        for dataset in experiment.catalogue.datasets
        for task in experiment.catalogue.tasks
        for prior in experiment.catalogue.priors
    }
    grid = cost_grid(runs, experiment.catalogue, planned)
    rows = {row[0].text: [cell.text for cell in row[-2:]] for row in grid.sections[0].blocks[0]}
    assert rows["GMM K=200"] == ["–", "–"] and rows["GMM K=50"] == ["12 / 31", "100,849"]


def test_a_run_that_stopped_at_its_limit_has_a_cost_and_is_listed(experiment):
    runs = experiment.runs.query("dataset == 'bsd68' and prior == 'tv' and task == 'denoise-15'")
    runs = runs.assign(status=runs["status"].where(runs["image"] != "im00", "timeout"))
    assert cost_csv(runs, experiment.catalogue)["n"].tolist() == [len(runs)]
    scores = experiment.scores.iloc[:0]
    assert failures_csv(runs, scores)[["image", "status"]].to_numpy().tolist() == [
        ["im00", "timeout"]
    ]


def test_failures_of_scoring_are_listed_once_and_with_their_metric(experiment):
    scores = experiment.scores.copy()
    own = (scores["prior"] == "nlm") & (scores["metric"] == "ssim") & (scores["image"] == "im00")
    scores.loc[own, ["value", "status", "reason"]] = [np.nan, "failed", "RuntimeError: no idea"]
    found = failures_csv(experiment.runs, scores)
    known = failures_csv(experiment.runs, experiment.scores)
    assert len(found) == len(known) + own.sum()
    assert set(known["stage"]) == {"prepare", "restore"}
    added = found[found["stage"] == "score"]
    assert set(added["reason"]) == {"ssim: RuntimeError: no idea"}
    assert set(zip(added["prior"], added["status"], strict=True)) == {("nlm", "failed")}
    grid = failures_grid(experiment.runs, scores, experiment.catalogue)
    texts = [[cell.text for cell in row] for row in grid.sections[0].blocks[0]]
    assert sum("ssim: RuntimeError: no idea" in row for row in texts) == 2


def test_what_the_prior_cannot_do_and_what_the_metric_cannot_measure_differ(experiment):
    scores = experiment.scores.copy()
    small = (scores["metric"] == "ssim") & (scores["task"] == "denoise-15")
    some = (scores["metric"] == "ssim") & (scores["task"] == "denoise-25")
    some &= scores["image"].isin(["im00", "im01"])
    for rows in (small, some):
        scores.loc[rows & scores["value"].notna(), ["value", "status", "reason"]] = [
            np.nan, "undefined", "the image is too small",
        ]  # fmt: skip
    grid = score_grid(scores, experiment.catalogue, "ssim")
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in grid.sections[0].blocks[0]}
    assert rows["wavelet"][0] == rows["wavelet"][3] == "cannot"
    assert rows["wavelet"][1].endswith(" (10/12)")
    marks = {row[0].text: row[2].mark for row in grid.sections[0].blocks[0]}
    assert marks["GMM K=200"] == "tied" and marks["GMM K=1"] == ""
    notes = [note for note in grid.notes if note.startswith("cannot")]
    assert len(notes) == 2 and "prior can't do the task" in notes[0]
    assert "on denoise σ=15" in notes[1] and "the image is too small" in notes[1]
    frame = score_csv(scores, experiment.catalogue, "ssim").set_index(["dataset", "prior"])
    statuses = frame.loc[("bsd68", "wavelet"), ["denoise-15_status", "inpaint-50_status"]]
    assert statuses.tolist() == ["undefined", "unsupported"]
    assert failures_csv(experiment.runs, scores).equals(
        failures_csv(experiment.runs, experiment.scores)
    )


def test_no_results_give_tables_that_say_so(experiment, tmp_path):
    nothing = experiment.scores.iloc[:0], experiment.runs.iloc[:0]
    write_tables(*nothing, experiment.catalogue, tmp_path)
    assert "No scores." in (tmp_path / "psnr.md").read_text()
    assert "No failures." in (tmp_path / "failures.md").read_text()
    assert failures_csv(nothing[1], nothing[0]).empty
    table = score_csv(nothing[0], experiment.catalogue, "psnr")
    assert table["denoise-15"].isna().all() and set(table["denoise-15_status"]) == {"unsupported"}


def test_rows_and_columns_follow_the_catalogue(experiment):
    reverse = Catalogue(
        priors=dict(reversed(experiment.catalogue.priors.items())),
        tasks=dict(reversed(experiment.catalogue.tasks.items())),
        datasets=experiment.catalogue.datasets[::-1],
        metrics=experiment.catalogue.metrics,
    )
    grid = score_grid(experiment.scores, reverse, "ssim")
    assert list(grid.columns[1:]) == list(reverse.tasks.values())
    assert [section.title.split()[0] for section in grid.sections] == list(reverse.datasets)
    assert [row[0].text for row in grid.sections[0].blocks[0]] == list(reverse.priors.values())


def test_one_image_shows_a_mean_without_an_interval(experiment):
    one = experiment.scores.query("dataset == 'bsd68' and image == 'im00'")
    cell = score_grid(one, experiment.catalogue, "psnr").sections[0].blocks[0][0][1]
    assert np.isfinite(float(cell.text))


def test_paired_table_names_the_best_and_shows_signed_differences(experiment, tables):
    section = tables["paired.md"].split("### ")[1]
    assert section.startswith("PSNR (dB), bsd68")
    best = next(line for line in section.splitlines() if line.startswith("| GMM K=200"))
    assert best.count("<ins>best mean</ins>") == len(experiment.catalogue.tasks)
    worse = next(line for line in section.splitlines() if line.startswith("| GMM K=1 "))
    assert re.search(r"\| −\d\.\d\d \(−\d\.\d\d, −\d\.\d\d\) \|", worse)
    assert "$-$" in tables["paired.tex"] and "−" not in tables["paired.tex"]


def test_ranks_have_an_interval_and_letters_and_the_best_come_first(experiment, tables):
    # Two priors fail on a task, so all tasks have fewer than a single one.
    section = tables["ranking.md"].split("### ")[1]
    assert section.startswith("PSNR (dB), bsd68: rank")
    lines = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")][2:]
    assert [line[0] for line in lines[:2]] == ["| GMM K=200", "| GMM K=50"]
    for line in lines[:4]:
        plain = [re.sub(r"</?ins>|\*\*", "", cell) for cell in line]
        assert re.fullmatch(r"\d\.\d \(\d\.\d–\d\.\d\) [a-z]+", plain[1])
        assert re.fullmatch(r"\d \(\d–\d\) [a-z]+", plain[2])
    last = {line[0]: line[1:] for line in lines[-3:]}
    assert set(last) == {"| total variation", "| wavelet", r"| odd\_one & co \| 50%"}
    assert {cells[0] for cells in last.values()} == {"–"}
    # It restored all images of one task.
    assert re.match(r"\d \(", last["| total variation"][1])
    distances = tables["ranking.md"].split("### ")[2]
    assert distances.startswith("PSNR (dB), bsd68: to the best of each image")
    assert re.search(r"\| GMM K=200 \| \d\.\d\d \(\d\.\d\d–\d\.\d\d\) \|", distances)


def test_the_file_of_ranks_has_all_digits_and_the_labels(experiment, tables):
    frame = pd.read_csv(io.StringIO(tables["ranking.csv"]), keep_default_na=False)
    assert set(frame.columns) == {*COLUMNS, "label"}
    expected = rankings(experiment.scores, experiment.catalogue.metrics)
    assert frame["rank"].tolist() == expected["rank"].tolist()
    assert frame["label"].tolist() == [
        experiment.catalogue.priors[prior] for prior in expected["prior"]
    ]
    assert set(frame["task"]) == {"", *experiment.catalogue.tasks}


def test_a_column_that_lacks_images_has_no_ranks(experiment):
    counts = experiment.runs.groupby(["dataset", "task", "prior"]).size()
    planned = {tuple(map(str, cell)): int(count) for cell, count in counts.items()}
    scores = experiment.scores
    lost = (scores["task"] == "denoise-25") & (scores["prior"] == "nlm")
    lost &= (scores["dataset"] == "bsd68") & (scores["image"] == "im03")
    found = ranking_csv(scores[~lost], experiment.catalogue, planned)
    whole = ranking_csv(scores, experiment.catalogue)
    gone = (whole["dataset"] == "bsd68") & (whole["task"] == "denoise-25")
    of_task, of_all = found[found["task"] != ""], whole[~gone & (whole["task"] != "")]
    pd.testing.assert_frame_equal(of_task.reset_index(drop=True), of_all.reset_index(drop=True))
    grid = ranking_grid(scores[~lost], experiment.catalogue, planned)
    assert grid.notes[0].startswith("Not finished") and grid.notes[1] == PARTIAL_NOTE
