import pandas as pd
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

SECTIONS = ("overview", "leaderboard", "images", "cost", "studies", "environment", "downloads")
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture(scope="module")
def site(finished):
    return finished / "results/smoke/site"


@pytest.fixture
def page(browser, site):
    """A function that opens a section; a test leaves no error in the console."""
    browser.get_log("browser")

    def open_at(address):
        browser.get("about:blank")
        browser.get(f"{(site / 'index.html').as_uri()}#{address}")
        return browser

    yield open_at
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors


def wait(driver, condition):
    return WebDriverWait(driver, 20).until(condition)


def rows(driver):
    return driver.find_elements(By.CSS_SELECTOR, "#section-leaderboard table tbody tr")


def names(driver):
    return [row.find_element(By.CSS_SELECTOR, "th, td").text for row in rows(driver)]


def heading(driver, text):
    path = f"//section[@id='section-leaderboard']//thead//th[contains(., '{text}')]//button"
    return driver.find_element(By.XPATH, path)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_opens_alone_and_asks_nothing_of_the_network(page, section):
    driver = page(section)
    wait(driver, lambda d: d.find_element(By.ID, f"section-{section}").text)
    shown = [
        name for name in SECTIONS if driver.find_element(By.ID, f"section-{name}").is_displayed()
    ]
    assert shown == [section]
    asked = driver.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert not [address for address in asked if not address.startswith(("file:", "data:"))]


@pytest.mark.parametrize("section", SECTIONS)
def test_nothing_is_wider_than_a_phone(page, section):
    driver = page("overview")
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    driver = page(section)
    wait(driver, lambda d: d.find_element(By.ID, f"section-{section}").text)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_leaderboard_sorts_by_any_column(page, site):
    driver = page("leaderboard")
    wait(driver, rows)
    table = pd.read_csv(site / "tables/psnr.csv").sort_values("denoise-25", ascending=False)
    assert names(driver) == list(table["label"])
    heading(driver, "denoise").click()
    wait(driver, lambda d: names(d) == list(table["label"])[::-1])
    heading(driver, "Prior").click()
    wait(driver, lambda d: names(d) == sorted(table["label"], key=str.lower))


def test_the_leaderboard_is_filtered_by_what_is_typed(page):
    driver = page("leaderboard")
    wait(driver, rows)
    field = driver.find_element(By.CSS_SELECTOR, "#section-leaderboard input[type=search]")
    field.send_keys("gmm")
    wait(driver, lambda d: names(d) and all("gmm" in name.lower() for name in names(d)))


def test_a_score_leads_to_its_picture_log_and_configuration(page):
    driver = page("leaderboard")
    wait(driver, rows)[0].find_element(By.CSS_SELECTOR, "td a, td button").click()
    wait(driver, lambda d: d.find_element(By.ID, "section-images").is_displayed())
    for text in ("log", "configuration", "picture"):
        link = wait(
            driver, lambda d, t=text: d.find_element(By.PARTIAL_LINK_TEXT, t)
        ).get_attribute("href")
        assert link.startswith("file:")
    driver.back()
    wait(driver, lambda d: d.find_element(By.ID, "section-leaderboard").is_displayed())


def test_an_address_shows_the_same_again(page):
    driver = page("images?dataset=small&task=inpaint-50")
    images = wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, "#section-images img"))
    assert images
    driver.find_element(By.TAG_NAME, "body").send_keys("n")
    address = wait(driver, lambda d: "image=" in d.current_url and d.current_url)
    chosen = driver.find_elements(By.CSS_SELECTOR, "#section-images select")
    before = [select.get_attribute("value") for select in chosen]
    driver = page(address.partition("#")[2])
    wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, "#section-images img"))
    chosen = driver.find_elements(By.CSS_SELECTOR, "#section-images select")
    assert [select.get_attribute("value") for select in chosen] == before
    assert "inpaint-50" in before


def test_the_slider_moves_by_keys(page):
    driver = page("images")
    inside = "return document.querySelector('#section-images image-compare')?.shadowRoot"
    slider = wait(driver, lambda d: d.execute_script(f"{inside}?.querySelector('input')"))
    before = float(slider.get_property("value"))
    slider.send_keys(Keys.ARROW_RIGHT)
    wait(driver, lambda d: float(slider.get_property("value")) > before)


def test_pictures_are_there(page):
    driver = page("images")
    wait(driver, lambda d: d.find_elements(By.CSS_SELECTOR, "#section-images img"))
    wait(
        driver,
        lambda d: d.execute_script(
            "return [...document.querySelectorAll('#section-images img')]"
            ".filter((image) => image.loading !== 'lazy')"
            ".every((image) => image.complete && image.naturalWidth > 0)"
        ),
    )


def test_the_page_is_dark_where_the_system_is(page):
    driver = page("overview")
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = driver.execute_script(ground)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    assert driver.execute_script(ground) != light
