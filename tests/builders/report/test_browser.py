"""report.html in a real Chromium: what upstream text cannot do there, and what a reader can.

Needs Chromium (CHROMIUM, or one on the PATH) and the package playwright, which drives it: `make test-browser`.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from builders.build_prefs import main
from tests.builders.report.hostile import ATTACKS

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium, started with an empty profile."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("needs Chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Open:
    """A page in the browser, and all that it said, asked for or opened."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)

    def calm(self) -> None:
        """Nothing, if nothing ran that should not have, and nothing was loaded or complained of."""
        assert self.page.evaluate("window.hacked") is None
        assert self.page.evaluate("window.violations") == []
        assert self.said == []
        assert len(self.asked_for) == 1, self.asked_for

    def until(self, condition: str) -> None:
        """Wait for it: not with wait_for_function, which the page's policy forbids."""
        for _ in range(300):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(condition)

    def search(self, words: str) -> None:
        """Type it and wait for what it finds."""
        self.page.fill("#search", words)
        self.page.wait_for_timeout(300)

    def text(self, selector: str) -> str:
        found: str = self.page.locator(selector).inner_text()
        return found

    def pick(self, select: str, label: str) -> None:
        """The option that begins so."""
        options = self.page.locator(f"#{select} option").all_inner_texts()
        self.page.select_option(f"#{select}", label=next(one for one in options if one.startswith(label)))

    def count(self) -> int:
        return int(self.text("#count").split()[0].replace(",", ""))


def open_page(browser: Any, path: Path, **settings: Any) -> Open:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
    opened = Open(context.new_page())
    page = opened.page
    page.set_default_timeout(15_000)
    page.add_init_script(WATCH)
    page.on("console", lambda message: opened.said.append(message.text))
    page.on("pageerror", lambda error: opened.said.append(str(error)))
    page.on("dialog", lambda dialog: (opened.said.append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda popup: opened.said.append("popup"))
    page.on("request", lambda request: opened.asked_for.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("#list button")
    return opened


@pytest.fixture
def attacked(chromium: Any, hostile: Path) -> Iterator[Open]:
    opened = open_page(chromium, hostile / "report.html")
    yield opened
    opened.page.context.close()


@pytest.fixture(scope="session")
def sample_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    assert main(["--lang", "zh", "--sample", "--workers", "1", "--out", str(out), "--json"]) == 0
    return out / "zh" / "report.html"


@pytest.fixture
def opened(chromium: Any, sample_report: Path) -> Iterator[Open]:
    page = open_page(chromium, sample_report)
    yield page
    page.calm()
    page.page.context.close()


def test_planted_attacks_do_not_run_load_or_widen_the_page(attacked: Open) -> None:
    page = attacked.page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    attacked.pick("source", "own_zh")
    for _ in range(2 * len(ATTACKS)):
        page.keyboard.press("j")
    for attack in ("<script>window.hacked", 'onerror="window', "a" * 40):
        attacked.search(attack)
        assert attacked.count() >= 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("img, iframe, base, object, embed").count() == 0
    attacked.calm()


def test_the_policy_stops_what_gets_past_everything_else(chromium: Any, hostile: Path) -> None:
    opened = open_page(chromium, hostile / "report.html")
    opened.page.evaluate(
        """() => {
            const image = document.createElement("img");
            image.src = "https://evil.invalid/pixel";
            const frame = document.createElement("iframe");
            frame.src = "https://evil.invalid/";
            document.body.append(image, frame);
            try { document.body.insertAdjacentHTML("beforeend", "<b>x</b>"); window.hacked = 1; } catch { }
        }"""
    )
    opened.until("window.violations.length >= 3")
    assert opened.page.evaluate("window.hacked") is None
    assert [url for url in opened.asked_for if "evil" in url] == [] or opened.said
    opened.page.context.close()


def test_hidden_characters_are_seen(attacked: Open) -> None:
    attacked.search("gnp.exe")
    assert "U+202E" in attacked.page.locator("#pair .hidden").all_inner_texts()
    assert "\u202e" not in attacked.text("body")


def test_search_finds_words_in_any_order_and_highlights_them(opened: Open) -> None:
    whole = opened.count()
    first = opened.text("#pair .chosen .box")[:6]
    opened.search(first)
    assert 1 <= opened.count() < whole
    assert opened.page.evaluate("CSS.highlights.get('hit').size") >= 1
    opened.search("no such words anywhere")
    assert "No row matches" in opened.text("#pair .empty")
    assert opened.count() == 0
    opened.page.click("#clear")
    opened.page.wait_for_selector("#list button")
    assert opened.count() == whole


def test_filters_by_source_outcome_and_tag(opened: Open) -> None:
    whole = opened.count()
    opened.pick("source", "huozi")
    assert all(text.startswith("huozi") for text in opened.page.locator("#list .meta").all_inner_texts())
    by_source = opened.count()
    opened.pick("outcome", "dropped")
    dropped = opened.count()
    opened.pick("outcome", "in the dataset")
    assert dropped + opened.count() == by_source < whole
    opened.page.click("#clear")
    opened.pick("tag", "refusal_rejected")
    assert "refusal_rejected" in opened.text("#pair .facts")


def test_from_a_reason_to_its_pairs_and_to_their_evidence(opened: Open) -> None:
    opened.page.click("summary:has-text('near_duplicate')")
    opened.page.click("details[open] .see")
    assert "near_duplicate" in opened.text("#outcome option:checked")
    assert "similarity" in opened.text("#pair .facts")
    own = opened.text("#pair .facts .mono")
    opened.page.get_by_text("Show that pair").click()
    assert opened.text("#pair .facts .mono") != own
    opened.page.get_by_text("Back", exact=True).click()
    assert opened.text("#pair .facts .mono") == own


def test_the_keyboard_is_enough(opened: Open) -> None:
    page = opened.page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("j/k")
    assert page.input_value("#search") == "j/k"
    opened.search("")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert opened.text("#pair .at").startswith("2 of")
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert opened.text("#pair .at").startswith("1 of")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_differences_are_marked_and_can_be_unmarked(opened: Open) -> None:
    opened.pick("outcome", "in the dataset")
    for _ in range(60):
        if opened.page.locator("#pair mark").count():
            break
        opened.page.keyboard.press("j")
    assert opened.page.locator("#pair mark").count() >= 1
    text = opened.text("#pair .sides")
    opened.page.uncheck("#marks")
    assert opened.page.locator("#pair mark").count() == 0
    assert opened.text("#pair .sides") == text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(chromium: Any, sample_report: Path, scheme: str) -> None:
    settings = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme, "is_mobile": True, "has_touch": True}
    opened = open_page(chromium, sample_report, **settings)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 390
    light = opened.page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 128")
    assert light == (scheme == "light")
    opened.page.locator("#list button").nth(3).tap()
    assert opened.text("#pair .at").startswith("4 of")
    print("first paint", opened.page.evaluate("performance.getEntriesByName('first-paint')[0].startTime"), "ms")
    opened.calm()
    opened.page.context.close()


def test_without_scripts_all_but_the_browser_of_pairs_is_there(chromium: Any, sample_report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(sample_report.as_uri())
    assert page.locator("svg.chart").count() >= 7
    assert "needs JavaScript" in page.locator("#browse").inner_text()
    context.close()
