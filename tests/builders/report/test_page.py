"""report.html as a file: what is in it, what cannot be in it, and that it is the same every time."""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main
from builders.building.pipeline import Built
from builders.report import draw_charts
from builders.report.page import MAX_BYTES
from tests.builders.report.conftest import Page
from tests.builders.report.hostile import ATTACKS

ELEMENTS = """
    html head meta link title style body a header p h1 h2 h3 span dl div dt dd nav ul li b main section figure svg g
    defs path use text clippath rect figcaption table thead tbody tfoot tr th td details summary code button kbd
    noscript form label input select ol article footer script br
"""


def digest(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_upstream_text_adds_no_element_and_no_attribute(hostile_html: str, parse: Callable[[str], Page]) -> None:
    parsed = parse(hostile_html)
    assert {name for name, _ in parsed.elements} <= set(ELEMENTS.split())
    assert [attributes.get("type") for attributes in parsed.all("script")] == ["application/json", None]
    assert len(parsed.all("style")) == len(parsed.all("title")) == len(parsed.all("body")) == 1
    for _, attributes in parsed.elements:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("style", "src", "srcdoc", "action")
        ]


def test_the_page_points_nowhere_but_into_itself(hostile_html: str, parse: Callable[[str], Page]) -> None:
    for name, attributes in parse(hostile_html).elements:
        for key in {"href", "xlink:href"} & set(attributes):
            assert (attributes[key] or "").startswith("data:," if name == "link" else "#")
    style = re.findall(r"<style>(.*?)</style>", hostile_html, re.DOTALL)[0]
    assert not re.search(r"@import|url\((?!#)|expression|//", style)


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(
    hostile_html: str, parse: Callable[[str], Page]
) -> None:
    metas = parse(hostile_html).all("meta")
    policy = next(meta["content"] or "" for meta in metas if meta.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    style = re.findall(r"<style>(.*?)</style>", hostile_html, re.DOTALL)
    script = re.findall(r"<script>(.*?)</script>", hostile_html, re.DOTALL)
    assert (len(style), len(script)) == (1, 1)
    assert rules["style-src"] == f"'{digest(style[0])}'"
    assert rules["script-src"] == f"'{digest(script[0])}'"
    assert {rules[name] for name in ("default-src", "connect-src", "base-uri", "form-action")} == {"'none'"}
    assert "unsafe" not in policy
    assert hostile_html.index("Content-Security-Policy") < hostile_html.index("<style>")


def test_every_drawing_is_in_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that report.html.j2 does not place would be drawn and never seen."""
    drawn: dict[str, str] = {}
    draw = draw_charts._draw
    monkeypatch.setattr(draw_charts, "_draw", lambda *given: drawn.update(draw(*given)) or drawn)
    assert main(["--lang", "zh", "--sample", "--workers", "1", "--out", str(tmp_path)]) == 0
    html = (tmp_path / "zh" / "report.html").read_text(encoding="utf-8")
    assert drawn
    assert [name for name, svg in drawn.items() if svg not in html] == []


def test_no_hidden_character_is_in_the_file(hostile_html: str) -> None:
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2028\u2029\ufeff]", hostile_html
    )


def test_the_script_gets_the_texts_as_they_are(
    hostile: Path, hostile_html: str, data_of: Callable[[str], dict[str, Any]]
) -> None:
    data = data_of(hostile_html)
    shown = {row["id"]: row for row in data["rows"] if row["outcome"] < 2}
    kept = {row["id"]: row for path in (hostile / "data").iterdir() for row in pq.read_table(path).to_pylist()}
    assert set(kept) <= set(shown)
    for row in kept.values():
        text = row["chosen"][0]["content"]
        assert shown[row["id"]]["chosen"] == text[:1_600]
        assert f"{data['names']['file'][shown[row['id']]['file']]}:{shown[row['id']]['row']}" == row["source_row"]
    assert any(ATTACKS[0] in str(row.get("chosen")) for row in data["rows"])


def test_every_dropped_row_of_a_small_build_is_shown_with_its_evidence(
    hostile: Path, hostile_html: str, data_of: Callable[[str], dict[str, Any]]
) -> None:
    data = data_of(hostile_html)
    shown = [(data["names"]["outcome"][row["outcome"]], row.get("why")) for row in data["rows"]]
    for row in pq.read_table(hostile / "dropped.parquet").to_pylist():
        assert (f"{row['reason']} ({row['stage']})", row["evidence"]) in shown


def test_the_page_says_what_was_built_and_what_was_not_checked(hostile_html: str, parse: Callable[[str], Page]) -> None:
    text = " ".join(text for _, text in parse(hostile_html).texts)
    for words in ("cvalues_rlhf", "own_zh", "exact_duplicate", "Length-only AUC", "Chinese preference pairs",
                  "layout guessed", "<b>MIT</b>", "made by synth-prefs"):  # fmt: skip
        assert words in text


def test_the_manifest_lists_the_report(hostile: Path, hostile_html: str) -> None:
    outputs = json.loads((hostile / "manifest.json").read_text())["outputs"]
    listed = next(output for output in outputs if output["path"] == "report.html")
    raw = hostile_html.encode()
    assert listed == {"path": "report.html", "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    assert len(raw) <= MAX_BYTES


def test_the_same_build_gives_the_same_report(build_sample: Callable[..., list[Built]], tmp_path: Path) -> None:
    pages = []
    for number, workers in enumerate((1, 2)):
        out = tmp_path / str(number)
        build_sample(out=out, workers=workers, report=True)
        pages.append((out / "zh" / "report.html").read_bytes())
    assert pages[0] == pages[1]


def test_no_report_where_none_is_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", "--sample", "--no-report", "--out", str(tmp_path)]) == 0
    assert not (tmp_path / "zh" / "report.html").exists()
    manifest = json.loads((tmp_path / "zh" / "manifest.json").read_text())
    assert "report.html" not in [output["path"] for output in manifest["outputs"]]


def test_english_pairs_have_a_report_too(build_sample: Callable[..., list[Built]], tmp_path: Path) -> None:
    build_sample(out=tmp_path / "en", langs=("en",), report=True)
    html = (tmp_path / "en" / "en" / "report.html").read_text()
    assert "English preference pairs" in html
    assert 'lang="zh-Hans"' not in html
