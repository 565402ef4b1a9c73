import base64
import re
import shutil

import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from priorbench.store.drawings import LARGEST_SVG
from tests.workflow.test_smoke import snakemake

LARGE = "gallery-small-inpaint-50"


@pytest.fixture(scope="session")
def report(finished, tmp_path_factory):
    """The report of the smoke experiment, of which one gallery is as large as those of
    photographs.
    """
    folder = tmp_path_factory.mktemp("report")
    project = type(finished)(shutil.copytree(finished.root, folder / "project"))
    with (project.root / "results/smoke/figures" / f"{LARGE}.svg").open("a") as drawing:
        drawing.write(f"<!--{'x' * LARGEST_SVG}-->")
    snakemake(project, "--report", str(folder / "report.html"))
    return folder / "report.html"


@pytest.fixture
def page(browser, report):
    """The report, freshly opened; a test leaves no error in the console."""
    browser.get(report.as_uri())
    yield browser
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors


def find(page, xpath):
    return WebDriverWait(page, 30).until(lambda driver: driver.find_element(By.XPATH, xpath))


def wait_for_text(page, text):
    WebDriverWait(page, 30).until(
        lambda driver: text in driver.find_element(By.TAG_NAME, "body").text, text
    )


def click(page, xpath):
    """Click as soon as it can be done: while the page builds itself, its entries move and are
    replaced.
    """
    building = (
        ElementClickInterceptedException,
        ElementNotInteractableException,
        StaleElementReferenceException,
    )
    WebDriverWait(page, 30, ignored_exceptions=building).until(
        lambda driver: driver.find_element(By.XPATH, xpath).click() or True, xpath
    )


def open_category(page, name):
    click(page, f"//span[normalize-space()='{name}']")


def press(page, row, icon):
    click(page, f"//tr[td[normalize-space()='{row}']]//a[@iconname='{icon}']")


def test_front_page_explains_the_benchmark(page):
    wait_for_text(page, "no access to the clean image")


@pytest.mark.parametrize(
    ("category", "row", "caption", "form"),
    [
        ("Figures", "psnr", "by prior and task", "svg"),
        ("Figures", "gallery-small-denoise-25", "restored by each prior", "svg"),
        ("Figures", LARGE, "restored by each prior", "png"),
        ("Studies", "gmm-sweep", "against the number of components", "png"),
    ],
)
def test_a_figure_shows_and_has_its_caption(page, category, row, caption, form):
    open_category(page, category)
    if category == "Studies":
        click(page, "//label[normalize-space()='figure']")
    press(page, row, "eye")
    image = find(page, f"//img[contains(@src, '{form}')][not(ancestor::nav)]")
    WebDriverWait(page, 30).until(
        lambda driver: driver.execute_script("return arguments[0].naturalWidth", image)
    )
    assert image.is_displayed()
    press(page, row, "information-circle")
    wait_for_text(page, caption)


def test_the_category_of_tables_lists_every_table(page, finished):
    open_category(page, "Tables")
    tables = list((finished.root / "results/smoke/tables").glob("*.md"))
    assert tables
    for table in tables:
        wait_for_text(page, table.stem)


@pytest.mark.parametrize(
    ("category", "row", "shown"),
    [
        ("Tables", "psnr", "GMM K=4"),
        ("Studies", "gmm-sweep", "log_likelihood"),
    ],
)
def test_a_table_is_shown_in_place(page, category, row, shown):
    open_category(page, category)
    if category == "Studies":
        # Of a figure and a page, which is shown first is a matter of chance.
        click(page, "//label[normalize-space()='claims and numbers']")
    press(page, row, "eye")
    page.switch_to.frame(find(page, "//iframe"))
    wait_for_text(page, shown)


def test_no_drawing_in_the_report_is_large_and_every_figure_is_there_once(report, finished):
    text = report.read_text(encoding="utf-8")
    found = {
        form: [*map(base64.b64decode, re.findall(rf'"data:image/{form}[^,]*;base64,([^"]+)', text))]
        for form in ("svg", "png")
    }
    results = finished.root / "results/smoke"
    figures = {file.stem for file in (results / "figures").glob("*.png")}
    drawings = [(results / f"figures/{name}.svg").read_bytes() for name in figures - {LARGE}]
    pictures = [(results / f"figures/{LARGE}.png").read_bytes()]
    pictures += [file.read_bytes() for file in (results / "studies").glob("*.png")]
    assert max(map(len, found["svg"])) <= LARGEST_SVG
    # Snakemake's page has a drawing of its own.
    assert sorted(each for each in found["svg"] if b"Matplotlib" in each) == sorted(drawings)
    assert sorted(found["png"]) == sorted(pictures)
