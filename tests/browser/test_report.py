import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.workflow.test_smoke import snakemake


@pytest.fixture(scope="session")
def report(finished, tmp_path_factory):
    """The report of the smoke experiment."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    snakemake(finished, "--report", str(path))
    return path


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
    ("category", "row", "caption"),
    [
        ("Figures", "psnr", "by prior and task"),
        ("Figures", "gallery-small-denoise-25", "clean, corrupted, and restored by each prior"),
        ("Studies", "gmm-sweep", "against the number of components"),
    ],
)
def test_a_figure_shows_and_has_its_caption(page, category, row, caption):
    open_category(page, category)
    if category == "Studies":
        click(page, "//label[normalize-space()='figure']")
    press(page, row, "eye")
    image = find(page, "//img[contains(@src, 'svg')][not(ancestor::nav)]")
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
