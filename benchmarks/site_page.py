"""How long a reader waits: ``python benchmarks/site_page.py <folder of a site>``, in Chromium.

Opens the site from its folder several times with an empty cache, and prints the median in
milliseconds until the overview is there with its figure decoded, until the leaderboard of all tasks
can be used, and of a sort of it, from the click until it is painted; and how large the start page is.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

REPEATS = 7
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")

OVERVIEW = """
    const done = arguments[0];
    document.querySelector('.headline img').decode().catch(() => {}).then(() =>
        requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
"""
LEADERBOARD = """
    const done = arguments[0];
    (function look() {
        if (document.querySelector('#section-leaderboard tbody tr'))
            requestAnimationFrame(() => setTimeout(() => done(performance.now())));
        else requestAnimationFrame(look);
    })();
"""
SORT = """
    const done = arguments[arguments.length - 1];
    const head = document.querySelectorAll('#section-leaderboard thead button')[arguments[0]];
    const body = () => document.querySelector('#section-leaderboard tbody');
    const before = body(), start = performance.now();
    head.click();
    (function look() {
        if (body() !== before) requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
        else setTimeout(look);
    })();
"""


def open_browser() -> webdriver.Chrome:
    """Return a Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in FLAGS:
        options.add_argument(flag)
    return webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )


def median(measure: Callable[[int], float]) -> float:
    return statistics.median(measure(repeat) for repeat in range(REPEATS))


def main() -> None:
    root = Path(sys.argv[1]).resolve()
    page = root / "index.html"
    browser = open_browser()

    def opened(section: str, script: str) -> float:
        browser.get("about:blank")
        browser.get(f"{page.as_uri()}#{section}")
        return float(browser.execute_async_script(script))

    def sorted_by(repeat: int) -> float:
        buttons = "return document.querySelectorAll('#section-leaderboard thead button').length"
        count = WebDriverWait(browser, 30).until(lambda driver: driver.execute_script(buttons))
        return float(browser.execute_async_script(SORT, repeat % count))

    try:
        print(f"overview      {median(lambda _: opened('overview', OVERVIEW)):7.0f} ms")
        print(f"leaderboard   {median(lambda _: opened('leaderboard', LEADERBOARD)):7.0f} ms")
        print(f"sort          {median(sorted_by):7.0f} ms")
    finally:
        browser.quit()
    assets = [path for path in (root / "assets").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in (page, root / "data" / "experiment.js", *assets))
    scripts = sum(path.stat().st_size for path in assets if path.suffix == ".js")
    print(f"start page    {size / 1000:7.0f} kB, of which scripts {scripts / 1000:.0f} kB")


if __name__ == "__main__":
    main()
