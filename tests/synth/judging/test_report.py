"""report.html of an audit: what it shows, and what hostile texts cannot do to it."""

from collections.abc import Callable
from html.parser import HTMLParser

from sources.pages.hidden import HIDDEN
from tests.conftest import pair_table
from tests.synth.judging.court import Court, perfect
from tests.synth.place import Said
from tests.synth.played_server import PlayedServer

Judge = Callable[..., Said]
Start = Callable[..., PlayedServer]
ATTACKS = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{ 7 * 7 }}", "\x1b[31m\u202e", "</style>"]


class Elements(HTMLParser):
    """The names of all elements and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


def page_of(court: Court) -> str:
    return (court.out / "report.html").read_text(encoding="utf-8")


def test_the_page_has_the_figures_and_the_disagreements(judge: Judge, court: Court, played: Start) -> None:
    court.write(12, wrong=3)
    judge(played(says=perfect).url)
    html = page_of(court)
    assert "75.0%" in html
    assert html.count('<div class="example">') == 3
    assert "差：不知道2。" in html
    assert html.count('<svg class="chart"') == 3


def test_texts_of_a_source_or_a_judge_add_nothing_to_the_page(judge: Judge, court: Court, played: Start) -> None:
    rows = [(f"{attack} {number}", f"差{attack}", f"好：{attack}") for number, attack in enumerate(ATTACKS)]
    court.write_table(pair_table(rows, "zh", None, "<b>one"))  # type: ignore[arg-type]
    judge(played(says=lambda body: f"<img src=x>{perfect(body)}").url)
    html = page_of(court)
    assert html.count('<div class="example">') == len(ATTACKS)
    found = Elements(html)
    assert not found.names & {"script", "img"}
    assert not [name for name in found.attributes if name.startswith("on") or name in ("src", "style")]
    assert not HIDDEN.search(html)
    assert html.count("{{ 7 * 7 }}") == 3


def test_a_page_without_disagreements_says_so(judge: Judge, court: Court, played: Start) -> None:
    judge(played(says=perfect).url)
    assert "In no pair does the judge prefer the rejected answer" in page_of(court)
