"""Chromium, and the experiment whose pages it opens."""

import shutil

import pytest
from selenium import webdriver

from tests.workflow.test_smoke import make_smoke

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # Whatever the page wants from elsewhere fails, and a failed load is an error in the console.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--window-size=1600,1200",
)


@pytest.fixture(scope="module")
def browser(require, tmp_path_factory):
    chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    require("browser", bool(chromium and driver), "chromium or chromedriver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.fixture(scope="session")
def finished(share):
    """The smoke experiment, which other tests look at too."""
    return share("smoke", make_smoke)
