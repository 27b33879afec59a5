"""A build of hostile rows, and its report."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from builders.build_prefs import main
from tests.builders.report.hostile import hostile_rows


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build of the embedded sample and the hostile rows."""
    folder = tmp_path_factory.mktemp("hostile")
    file = folder / "<img src=x onerror=alert(1)>.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in hostile_rows()), encoding="utf-8")
    command = ["--lang", "zh", "--sample", "--workers", "1", "--out", str(folder / "out"), "--json"]
    assert main([*command, "--add", str(file), "--add-name", "own", "--add-licence", "<b>MIT</b>"]) == 0
    return folder / "out" / "zh"


@pytest.fixture(scope="session")
def hostile_html(hostile: Path) -> str:
    return (hostile / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """The elements of a page, with the text of those of which `kept` are wanted."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.elements[-1][0] if self.elements else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Page]:
    return Page


@pytest.fixture(scope="session")
def data_of() -> Callable[[str], dict[str, Any]]:
    """The data of the page's script."""

    def read(html: str) -> dict[str, Any]:
        text = html.split('<script type="application/json" id="data">')[1].split("</script>", maxsplit=1)[0]
        data: dict[str, Any] = json.loads(text)
        return data

    return read
