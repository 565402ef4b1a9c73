"""The results site as a reader uses it: opened from its folder in Chromium."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

AXE = (Path(__file__).parent / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
SECTIONS = (
    "overview",
    "leaderboard",
    "images",
    "cost",
    "studies",
    "environment",
    "downloads",
)
ADDRESSES = (*SECTIONS, "leaderboard?task=denoise-25", "images?task=denoise-25&prior=dip&other=tv")
WIDE, NARROW = (1440, 900), (390, 844)


class Site:
    """The page in a browser, as a person handles it."""

    def __init__(self, browser, root):
        self.browser = browser
        self.root = root

    def open(self, address="overview", size=WIDE, theme="light", mobile=False):
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=mobile,
        )
        self.command("Emulation.setTouchEmulationEnabled", enabled=mobile)
        feature = {"name": "prefers-color-scheme", "value": theme}
        self.command("Emulation.setEmulatedMedia", media="", features=[feature])
        self.browser.get("about:blank")
        self.browser.get(f"{(self.root / 'index.html').as_uri()}#{address}")
        self.wait(lambda: self.script("return document.readyState") == "complete")
        section = address.partition("?")[0]
        if section != "overview":
            self.wait(lambda: self.find(f"#section-{section} .body > *"))
        return self

    def command(self, name, **arguments):
        return self.browser.execute_cdp_cmd(name, arguments)

    def script(self, code, *arguments):
        return self.browser.execute_script(code, *arguments)

    def wait(self, condition):
        return WebDriverWait(
            self.browser,
            15,
            poll_frequency=0.05,
            ignored_exceptions=[StaleElementReferenceException],
        ).until(lambda _: condition())

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def find(self, selector):
        found = self.all(selector)
        return found[0] if found else None

    def see(self, selector):
        """Wait until an element is visible."""
        return self.wait(lambda: next((e for e in self.all(selector) if e.is_displayed()), None))

    def field(self, label):
        return self.browser.find_element(
            By.XPATH,
            f"//section[not(@hidden)]//label[contains(@class, 'field')][text()[1]='{label}']/*[self::select or self::input]",
        )

    def choose(self, label, value):
        Select(self.field(label)).select_by_value(value)
        self.wait(
            lambda: Select(self.field(label)).first_selected_option.get_attribute("value") == value
        )

    @property
    def hash(self):
        return self.script("return location.hash")

    def column(self, name):
        """Return the texts of a column of the table that is shown."""
        heads = [
            head.text.rstrip(" \u202f↑↓↕") for head in self.all("section:not([hidden]) thead th")
        ]
        index = heads.index(name) + 1
        return [
            cell.text for cell in self.all(f"section:not([hidden]) tbody tr > :nth-child({index})")
        ]

    def sort(self, name):
        self.browser.find_element(
            By.XPATH, f"//section[not(@hidden)]//thead//button[normalize-space()='{name}']"
        ).click()

    @contextmanager
    def new_tab(self):
        """Use a tab without a history for a while."""
        first = self.browser.current_window_handle
        self.browser.switch_to.new_window("tab")
        try:
            yield
        finally:
            self.browser.close()
            self.browser.switch_to.window(first)

    def back(self):
        # Chromium's own button passes over what was added without a person's touch.
        # The script has to end before the page is left.
        self.script("setTimeout(() => history.back())")

    def style(self, element, name):
        return self.script("return getComputedStyle(arguments[0])[arguments[1]]", element, name)

    @property
    def zoom(self):
        return float(
            self.style(self.find(".stage"), "--zoom")
            or self.script(
                "return document.querySelector('.stage').style.getPropertyValue('--zoom')"
            )
        )

    def transforms(self):
        """Return where each picture of the stage is drawn."""
        return {
            self.style(image, "transform").partition("(")[2].split(",")[0]: image
            for image in self.all(".stage img")
        }

    @property
    def exposure(self):
        return self.script(
            "return document.querySelector('image-compare').shadowRoot.querySelector('input').value"
        )

    def slider(self):
        return self.script(
            "return document.querySelector('image-compare').shadowRoot.querySelector('input')"
        )


@pytest.fixture(scope="module")
def root(finished, tmp_path_factory):
    """The site, copied to another place as a reader would: alone, and under a name with spaces."""
    target = tmp_path_factory.mktemp("a copy") / "results, 50 % #1"
    shutil.copytree(finished.root / "results/smoke/site", target)
    return target


@pytest.fixture(scope="module")
def data(root):
    text = (root / "data/experiment.js").read_text(encoding="utf-8")
    return json.loads(text.partition(", ")[2].rstrip().removesuffix(")"))


@pytest.fixture
def site(browser, root):
    """The site; a test leaves no error in the console and has asked for nothing from elsewhere."""
    browser.get("about:blank")
    browser.get_log("browser")
    page = Site(browser, root)
    yield page
    loaded = page.script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert [name for name in loaded if not name.startswith(("file:", "data:"))] == []
    assert [
        entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")
    ] == []


# -- Everything, everywhere ------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_section_opens_by_its_address_and_fits_a_phone(site, address):
    section = address.partition("?")[0]
    for size in (WIDE, NARROW):
        site.open(address, size)
        shown = [
            each.get_attribute("data-page")
            for each in site.all("[data-page]")
            if each.is_displayed()
        ]
        assert shown == [section]
        assert site.find("nav [aria-current=page]").get_attribute("data-section") == section
        assert site.find(f"#section-{section}").text.strip()
        assert site.script("return document.documentElement.scrollWidth") <= size[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_serious_barrier(site, address, theme):
    site.open(address, theme=theme)
    site.script(AXE)
    result = site.browser.execute_async_script(
        "axe.run(document, {preload: false}).then(arguments[0])"
    )
    found = [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in result["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    assert not found, "\n".join(found)


def test_the_console_would_tell_of_a_request_outside(browser, root):
    """The policy of the page forbids it; the two tests above rely on the console."""
    page = Site(browser, root).open()
    browser.get_log("browser")
    page.script(
        "document.body.append(Object.assign(new Image(), {src: 'https://example.org/a.png'}))"
    )
    messages = page.wait(lambda: [entry["message"] for entry in browser.get_log("browser")])
    assert any("Content Security Policy" in message for message in messages)


def test_the_start_page_is_small(root):
    scripts = [path.stat().st_size for path in (root / "assets").rglob("*.js")]
    assert sum(scripts) <= 100_000
    assets = sum(path.stat().st_size for path in (root / "assets").rglob("*") if path.is_file())
    page = (root / "index.html").stat().st_size + (root / "data/experiment.js").stat().st_size
    assert assets + page <= 1_000_000


def test_the_overview_needs_no_script(site, data):
    site.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        site.browser.get((site.root / "index.html").as_uri())
        text = site.browser.find_element(By.TAG_NAME, "main").text
    finally:
        site.command("Emulation.setScriptExecutionDisabled", value=False)
    assert data["sentence"] in text
    assert all(claim["statement"] in text for claim in data["claims"])
    reason = data["failures"]["columns"].index("reason")
    assert data["failures"]["rows"]
    assert all(" ".join(row[reason].split()) in text for row in data["failures"]["rows"])


def test_without_its_data_the_page_says_so(browser, root, tmp_path):
    shutil.copytree(root, tmp_path / "site")
    (tmp_path / "site/data/experiment.js").unlink()
    page = Site(browser, tmp_path / "site")
    browser.get((tmp_path / "site/index.html").as_uri())
    assert "data/experiment.js" in page.see("[role=alert]").text


def test_every_link_of_the_sections_leads_to_a_file(site):
    links = set()
    for address in ADDRESSES:
        site.open(address)
        links |= set(
            site.script(
                "return [...document.querySelectorAll('a, img')].map((e) => new URL(e.getAttribute(e.tagName === 'IMG' ? 'src' : 'href'), document.baseURI).href)"
            )
        )
    files = {link.partition("#")[0] for link in links if link.startswith("file:")}
    assert len(files) > 20
    from urllib.parse import unquote, urlsplit

    assert [file for file in files if not Path(unquote(urlsplit(file).path)).exists()] == []


# -- Leaderboard -----------------------------------------------------------------------------------


def numbers(texts):
    return [
        float(text.split()[0].replace("−", "-"))
        for text in texts
        if text and text[0] in "−0123456789"
    ]


def test_columns_sort_both_ways(site):
    site.open("leaderboard?task=denoise-25")
    assert len(numbers(site.column("PSNR, dB"))) > 3
    site.sort("PSNR, dB")
    first = numbers(site.column("PSNR, dB"))
    site.sort("PSNR, dB")
    second = numbers(site.column("PSNR, dB"))
    assert {tuple(first), tuple(second)} == {
        tuple(sorted(first)),
        tuple(sorted(first, reverse=True)),
    }
    assert "sort=mean" in site.hash
    [head] = site.all("section:not([hidden]) th[aria-sort]")
    assert head.text.startswith("PSNR")
    site.sort("Prior")
    names = site.column("Prior")
    assert names == sorted(names, key=str.lower)


def test_every_column_with_a_button_sorts(site):
    site.open("leaderboard?task=denoise-25")
    names = [
        button.text.rstrip(" \u202f↑↓↕")
        for button in site.all("section:not([hidden]) thead button")
    ]
    for name in names:
        site.sort(name)
        site.wait(
            lambda name=name: site.find("section:not([hidden]) th[aria-sort]").text.startswith(name)
        )


def test_sorting_by_keyboard_keeps_the_focus(site):
    site.open("leaderboard?task=denoise-25")
    button = site.browser.find_element(
        By.XPATH, "//section[not(@hidden)]//thead//button[normalize-space()='Prior']"
    )
    button.send_keys(Keys.ENTER)
    site.wait(lambda: "sort=prior" in site.hash)
    site.wait(lambda: site.browser.switch_to.active_element.text.startswith("Prior"))


def test_filters(site, data):
    site.open("leaderboard")
    every = site.column("Prior")
    assert len(every) >= len(data["priors"])
    site.field("Prior").send_keys("gmm")
    site.wait(lambda: len(site.column("Prior")) < len(every))
    labels = {prior["label"] for prior in data["priors"] if "gmm" in json.dumps(prior).lower()}
    assert set(site.column("Prior")) <= labels
    assert site.browser.switch_to.active_element.get_attribute("value") == "gmm"
    site.field("Prior").send_keys("xyz")
    assert "No prior" in site.see("section:not([hidden]) [role=status]").text
    site.open("leaderboard")
    site.choose("Family", "dip")
    site.wait(lambda: len(site.column("Prior")) == 1)
    site.choose("Family", "")
    site.choose("Task", "inpaint-50")
    site.choose("Metric", "ssim")
    assert "metric=ssim" in site.hash
    assert site.column("SSIM")


def test_a_number_of_the_table_is_that_of_the_data(site, data):
    columns = data["scores"]["columns"]
    rows = [dict(zip(columns, row, strict=True)) for row in data["scores"]["rows"]]
    site.open("leaderboard?task=denoise-25")
    shown = dict(zip(site.column("Prior"), site.column("PSNR, dB"), strict=True))
    for prior in data["priors"]:
        [row] = [
            r
            for r in rows
            if (r["task"], r["metric"], r["prior"]) == ("denoise-25", "psnr", prior["id"])
        ]
        if row["mean"] is not None:
            assert shown[prior["label"]].split()[0] == f"{row['mean']:.2f}"
        else:
            assert shown[prior["label"]] in ("cannot", "–", row["status"])


def test_a_cell_leads_to_picture_log_and_specification_in_two_clicks(site):
    site.open("leaderboard")
    site.see("section:not([hidden]) td a.value").click()
    card = site.see(".card[aria-label=Left]")
    targets = {
        link.text: link.get_attribute("href") for link in card.find_elements(By.TAG_NAME, "a")
    }
    assert {
        "picture, 16 bits",
        "log",
        "specification",
        "configuration",
        "environment",
    } <= targets.keys()
    card.find_element(By.LINK_TEXT, "specification").click()
    site.wait(lambda: '"fingerprint"' in site.browser.page_source)


# -- Images ----------------------------------------------------------------------------------------

CAMERA = "images?dataset=small&task=denoise-25&image=camera&prior=tv&other=gmm-K4"


def compared(site):
    site.see("image-compare")
    site.wait(
        lambda: all(
            site.script(
                "return [...document.querySelectorAll('.stage img:not([hidden])')].map((i) => i.naturalWidth > 0)"
            )
        )
    )
    return site.find(".main-view .view")


def test_a_link_shows_its_image_and_priors(site):
    site.open(CAMERA + "&view=2.00,0.3000,0.6000")
    compared(site)
    sources = [image.get_attribute("src") for image in site.all(".stage img")]
    assert [
        part
        for part in (
            "restored/small/denoise-25/tv/camera.png",
            "restored/small/denoise-25/gmm-K4/camera.png",
            "clean/small/camera.png",
            "observed/small/denoise-25/camera.png",
        )
        if not any(part in source for source in sources)
    ] == []
    assert site.zoom == 2
    assert shared(site) == (2, -0.1, -0.7)


def test_the_back_button_returns(site):
    # Of 50 entries, the most that a tab has, Chromium drops first those without a person's touch.
    with site.new_tab():
        goes_back(site)


def goes_back(site):
    site.open(CAMERA)
    compared(site)
    site.choose("Image", "astronaut")
    site.choose("Left", "~clean")
    site.back()
    site.wait(
        lambda: Select(site.field("Left")).first_selected_option.get_attribute("value") == "tv"
    )
    site.back()
    site.wait(
        lambda: Select(site.field("Image")).first_selected_option.get_attribute("value") == "camera"
    )
    site.find("[data-section=cost]").click()
    site.see("#section-cost svg.chart")
    site.back()
    assert site.see("image-compare")


def test_the_slider_follows_keyboard_mouse_and_finger(site):
    site.open(CAMERA)
    view = compared(site)
    clip = "return getComputedStyle(document.querySelector('[slot=image-2]')).clipPath"
    site.script("arguments[0].focus()", site.slider())
    before = site.script(clip)
    ActionChains(site.browser).send_keys(Keys.ARROW_LEFT * 10).perform()
    assert site.exposure == "40"
    site.wait(lambda: site.script(clip) != before)

    def handle():
        box = view.rect
        share = int(site.exposure) / 100
        return box["width"] * (share - 0.5), box["height"] / 2 - 26

    x, y = handle()
    ActionChains(site.browser).move_to_element_with_offset(
        view, round(x), round(y)
    ).click_and_hold().move_by_offset(120, 0).release().perform()
    assert int(site.exposure) > 50
    assert site.zoom == 1

    site.open(CAMERA, NARROW, mobile=True)
    view = compared(site)
    site.script("arguments[0].scrollIntoView({block: 'center'})", view)
    finger = PointerInput("touch", "finger")
    actions = ActionChains(site.browser, devices=[finger])
    x, y = handle()
    actions.w3c_actions.pointer_action.move_to(view, round(x), round(y)).pointer_down().move_to(
        view, round(x) - 80, round(y)
    ).pointer_up()
    actions.perform()
    assert int(site.exposure) < 40


def shared(site):
    """Return the scale and place that all pictures of the stage have, as shares of their own size."""
    found = site.script("""
        return [...document.querySelectorAll('.stage img:not([hidden])')].map((image) => {
          const matrix = new DOMMatrix(getComputedStyle(image).transform);
          return [matrix.a, matrix.e / image.clientWidth, matrix.f / image.clientHeight].map((x) => x.toFixed(2)).join(' ');
        })""")
    assert len(found) == 8
    assert len(set(found)) == 1, found
    return tuple(map(float, found[0].split()))


def test_wheel_drag_and_keys_move_all_views_together(site):
    site.open(CAMERA)
    view = compared(site)
    assert shared(site) == (1, 0, 0)
    corner = ScrollOrigin.from_element(
        view, -round(view.rect["width"] / 2) + 20, -round(view.rect["height"] / 2) + 20
    )
    ActionChains(site.browser).scroll_from_origin(corner, 0, -400).perform()
    site.wait(lambda: site.zoom > 1.5)
    scale, x, y = shared(site)
    # What was under the pointer is there still: the corner.
    assert -0.1 < x <= 0
    assert -0.1 < y <= 0
    ActionChains(site.browser).move_to_element(view).click_and_hold().move_by_offset(
        -100, -60
    ).release().perform()
    moved = shared(site)
    assert moved[0] == scale
    assert moved[1] == pytest.approx(x - 100 / view.rect["width"], abs=0.02)
    assert moved[2] == pytest.approx(y - 60 / view.rect["height"], abs=0.02)
    assert site.exposure == "50"
    site.wait(lambda: "view=" in site.hash)
    site.script("arguments[0].focus()", view)
    ActionChains(site.browser).send_keys(Keys.ARROW_RIGHT).perform()
    assert shared(site)[1] == pytest.approx(moved[1] - 0.1, abs=0.02)
    ActionChains(site.browser).send_keys("+").perform()
    assert shared(site)[0] > scale
    ActionChains(site.browser).send_keys("0").perform()
    assert shared(site) == (1, 0, 0)
    site.wait(lambda: "view=" not in site.hash)
    assert "pixelated" in view.get_attribute("class")
    assert site.style(site.find(".pane img"), "imageRendering") == "pixelated"


def test_two_fingers_enlarge(site):
    site.open(CAMERA, NARROW, mobile=True)
    view = compared(site)
    site.script("arguments[0].scrollIntoView({block: 'center'})", view)
    box = site.script("return arguments[0].getBoundingClientRect()", view)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 40

    def touch(kind, *places):
        points = [{"x": place, "y": y, "id": number} for number, place in enumerate(places)]
        site.command("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    touch("touchStart", x - 30, x + 30)
    for apart in (45, 60, 75, 90):
        touch("touchMove", x - apart, x + apart)
    touch("touchEnd")
    site.wait(lambda: site.zoom == pytest.approx(3, rel=0.15))
    shared(site)


def test_differences_are_amplified(site):
    site.open(CAMERA)
    compared(site)
    layer = site.find(".view.difference .layer")
    assert site.style(layer, "filter") == "brightness(8)"
    assert site.style(layer.find_elements(By.TAG_NAME, "img")[1], "mixBlendMode") == "difference"
    site.choose("Differences", "16")
    site.wait(
        lambda: site.style(site.find(".view.difference .layer"), "filter") == "brightness(16)"
    )
    # The clean image against itself would be black: it is compared with the observation.
    site.choose("Left", "~clean")
    site.wait(lambda: "|clean − observed| × 16" in site.find(".panes").text)


def test_keys_and_arrows_step_through_the_images(site):
    site.open(CAMERA)
    compared(site)
    for press, image in (
        (lambda: ActionChains(site.browser).send_keys("n").perform(), "astronaut"),
        (lambda: ActionChains(site.browser).send_keys("p").perform(), "camera"),
        (lambda: site.find("[aria-label='Next image']").click(), "astronaut"),
    ):
        press()
        site.wait(lambda image=image: f"image={image}" in site.hash)
        site.wait(lambda image=image: image in site.find(".scores h2").text)
    # Nothing happens while a name is typed elsewhere.
    site.open("leaderboard")
    site.field("Prior").send_keys("n")
    assert "image" not in site.hash


def test_a_thumbnail_chooses_left_and_with_shift_right(site):
    site.open(CAMERA)
    compared(site)
    assert site.find(".scores img").get_attribute("loading") == "lazy"
    pick = site.see(".pick[aria-label='Deep Image Prior on the left']")
    ActionChains(site.browser).key_down(Keys.SHIFT).click(pick).key_up(Keys.SHIFT).perform()
    site.wait(lambda: "other=dip" in site.hash)
    site.wait(lambda: site.see(".pick[aria-label='Deep Image Prior on the left']").click() or True)
    site.wait(lambda: "prior=dip" in site.hash)
    site.see("[aria-label='R: show total variation on the right']").click()
    site.wait(lambda: "other=tv" in site.hash)


def test_a_trace_is_drawn_where_there_is_one(site):
    site.open("images?task=denoise-25&prior=tv&other=gmm-K4")
    compared(site)
    assert not site.all(".trace")
    site.choose("Left", "dip")
    curve = site.see(".trace .curve")
    assert curve.get_attribute("d").count("L") >= 1
    before = curve.get_attribute("d")
    select = Select(site.browser.find_element(By.CSS_SELECTOR, ".trace select"))
    select.select_by_value("loss")
    site.wait(lambda: site.find(".trace .curve").get_attribute("d") != before)
    ActionChains(site.browser).move_to_element(site.find(".trace svg")).perform()
    site.wait(lambda: site.find(".readout").text)


def test_what_failed_says_why_in_place_of_an_image(site):
    site.open("images?task=denoise-25&image=camera&prior=raising&other=tv")
    assert "the licence has expired" in site.see(".main-view .absent").text
    site.choose("Left", "tv")
    site.choose("Right", "tv")
    compared(site)
    assert not site.find(".main-view .absent").is_displayed()


def test_worst_and_best_image_are_a_click_away(site, data):
    columns = data["worst_best"]["columns"]
    [row] = [
        row
        for row in (dict(zip(columns, row, strict=True)) for row in data["worst_best"]["rows"])
        if (row["task"], row["metric"], row["prior"]) == ("denoise-25", "psnr", "tv")
    ]
    site.open(CAMERA)
    card = site.see(".card[aria-label=Left]")
    card.find_element(By.PARTIAL_LINK_TEXT, "best image").click()
    site.wait(lambda: f"image={row['best_image']}" in site.hash)


# -- The rest --------------------------------------------------------------------------------------


def test_the_theme_follows_the_system_and_the_switch(site):
    def ground():
        return site.style(site.find("body"), "backgroundColor")

    site.open(theme="light")
    light = ground()
    site.open(theme="dark")
    dark = ground()
    assert light != dark
    button = site.find("#theme")
    button.click()
    assert ground() == light
    site.open("cost", theme="dark")
    assert ground() == light
    site.find("#theme").click()
    assert ground() == dark
    site.find("#theme").click()
    assert site.find("#theme").text == "Theme: auto"


@pytest.mark.parametrize("address", ["overview", "leaderboard", "images"])
def test_print_is_light_and_without_controls(site, address):
    site.open(address, theme="dark")
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    site.command("Emulation.setEmulatedMedia", media="print", features=[dark])
    assert site.style(site.find("body"), "backgroundColor") == "rgb(255, 255, 255)"
    assert not site.find(".top").is_displayed()
    assert not [each for each in site.all(".controls") if each.is_displayed()]
    assert site.find(f"#section-{address} h1").is_displayed()
    assert site.command("Page.printToPDF")["data"]


def test_marks_of_the_chart_lead_to_images(site):
    site.open("cost")
    mark = site.see("svg.chart a")
    assert mark.get_attribute("aria-label")
    site.script("arguments[0].focus()", mark)
    ActionChains(site.browser).send_keys(Keys.ENTER).perform()
    site.see("image-compare")


def test_a_claim_leads_to_its_study(site, data):
    site.open(f"studies?study={data['studies'][-1]['name']}")
    site.wait(lambda: site.browser.switch_to.active_element.text == data["studies"][-1]["name"])
    assert site.see(".study img").is_displayed()


def test_commands_can_be_copied(site):
    site.open("environment")
    site.see(".command button").click()
    site.wait(lambda: site.find(".command button").text == "Copied")


def test_the_keyboard_reaches_the_results_first(site):
    site.open("leaderboard")
    ActionChains(site.browser).send_keys(Keys.TAB).perform()
    skip = site.browser.switch_to.active_element
    assert "skip" in skip.get_attribute("class")
    assert skip.rect["x"] >= 0
    skip.send_keys(Keys.ENTER)
    assert site.browser.switch_to.active_element.get_attribute("id") == "main"
