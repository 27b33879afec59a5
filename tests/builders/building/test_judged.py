"""A build that takes the verdicts of judge-prefs: accounted for, and named in the manifest."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main
from builders.measures.judge_audit import DONE, LINES, JudgeAudit
from synth.judging.audit import audit

Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build one small source of the embedded sample."""

    def run(*more: object, name: str = "prefs", code: int = 0) -> Path:
        flags = ["--lang", "zh", "--sample", "--only", "huozi", "--no-report", "--workers", 1, "--out", tmp_path / name]
        assert main([str(flag) for flag in [*flags, *more]]) == code
        return tmp_path / name / "zh"

    return run


def pairs_of(folder: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]


@pytest.fixture
def verdicts(tmp_path: Path, build: Build) -> Path:
    """A folder of judge-prefs: the judge disagrees with the first two pairs and has no preference in the third."""
    ids = [row["id"] for row in pairs_of(build(name="whole"))]
    labels = ["rejected", "rejected", "tie", *["chosen"] * (len(ids) - 4), None]
    score = {"chosen": (1.0, 0.0), "rejected": (0.0, 1.0), "tie": (0.5, 0.5), None: (None, None)}
    folder = tmp_path / "judged"
    folder.mkdir()
    columns = {
        "id": ids,
        "judge": ["m"] * len(ids),
        "label": labels,
        "score_chosen": [score[label][0] for label in labels],
        "score_rejected": [score[label][1] for label in labels],
    }
    pq.write_table(pa.table(columns), folder / "scores.parquet")
    said = pa.array([label or None for label in labels], pa.string())
    lengths = {"chosen_chars": [9] * len(ids), "rejected_chars": [5] * len(ids)}
    rows = {"source": ["huozi"] * len(ids), "label": said, "chosen_first": said, "rejected_first": said, **lengths}
    found = [each.as_dict() for each in audit(pa.table(rows))]
    told = {
        "judges": [{"model": "m", "audit": found}],
        "scale": "two orders",
        "rubric": {"name": "pairwise-zh"},
        "findings": ["m likes | its kin"],
    }
    (folder / "manifest.json").write_text(json.dumps(told))
    return folder


def test_what_the_judge_disagrees_with_is_dropped_and_accounted_for(build: Build, verdicts: Path) -> None:
    built = build("--judged", verdicts)
    dropped = pq.read_table(built / "dropped.parquet").to_pylist()
    lost = [(row["stage"], row["reason"], row["evidence"]) for row in dropped if row["stage"] == "judge"]
    assert sorted(lost) == [
        ("judge", "judge_disagrees", "m: rejected, margin 1"),
        ("judge", "judge_disagrees", "m: rejected, margin 1"),
        ("judge", "judge_tie", "m: tie, margin 0"),
    ]
    manifest = json.loads((built / "manifest.json").read_bytes())
    told = manifest["flags"]["judged"]
    assert (told["judge"], told["scale"], told["disagrees"], told["min_margin"]) == ("m", "two orders", "drop", 0.0)
    assert len(pairs_of(built)) == len(pairs_of(build(name="again"))) - 3


def test_manifest_card_and_report_show_the_audit_of_the_judge(build: Build, verdicts: Path, tmp_path: Path) -> None:
    built = build("--judged", verdicts, "--min-margin", "0.5")
    told = json.loads((built / "manifest.json").read_bytes())["judge_audit"]
    pairs = len(pairs_of(build(name="again")))
    assert (told["judge"], told["judges"], told["rubric"], told["kappa"]) == ("m", ["m"], "pairwise-zh", None)
    (row,) = told["audit"]
    assert (row["source"], row["pairs"], row["judged"]) == ("huozi", pairs, pairs - 1)
    assert row["agreement"]["of"] == pairs - 2
    card = (built / "README.md").read_text(encoding="utf-8")
    assert "## Judged by a model" in card
    assert "judged by `m` with the rubric `pairwise-zh`" in card
    assert "a margin below 0.5 dropped a pair" in card
    assert "likes" in card
    for line in LINES.values():
        assert line in card
    shown = JudgeAudit.from_dict(told).total.shown
    assert f"| {' | '.join(shown)} |" in card
    assert "Judged by a model" not in (tmp_path / "again" / "zh" / "README.md").read_text(encoding="utf-8")


def test_the_report_has_the_audit_and_names_judge_rubric_and_what_was_done(verdicts: Path, tmp_path: Path) -> None:
    flags = ["--lang", "zh", "--sample", "--only", "huozi", "--workers", "1", "--out", str(tmp_path / "told")]
    assert main([*flags, "--judged", str(verdicts), "--judge-disagrees", "tag"]) == 0
    page = (tmp_path / "told" / "zh" / "report.html").read_text(encoding="utf-8")
    section = page[page.index('<section id="judge">') : page.index('<section id="languages">')]
    assert "<svg" in section
    assert "Judged by m with the rubric pairwise-zh" in section
    assert DONE["tag"] in section
    assert "m likes | its kin" in section
    audit = JudgeAudit.from_dict(json.loads((tmp_path / "told/zh/manifest.json").read_bytes())["judge_audit"])
    for share in audit.total.shown:
        assert f"<td>{share}</td>" in section


def test_turned_round_pairs_are_kept_and_tagged(build: Build, verdicts: Path) -> None:
    before = {row["source_row"]: row for row in pairs_of(build(name="whole"))}
    after = {row["source_row"]: row for row in pairs_of(build("--judged", verdicts, "--judge-disagrees", "flip"))}
    turned = {where for where, row in after.items() if "judge_flipped" in row["tags"]}
    assert len(turned) == 2
    assert len(after) == len(before) - 1
    for where, row in after.items():
        side = "rejected" if where in turned else "chosen"
        assert row["chosen"] == before[where][side]


def test_tags_stay_on_the_pairs(build: Build, verdicts: Path) -> None:
    built = build("--judged", verdicts, "--judge-disagrees", "tag")
    tags = [tag for row in pairs_of(built) for tag in row["tags"] if tag.startswith("judge_")]
    assert sorted(tags) == ["judge_disagrees", "judge_disagrees", "judge_tie"]


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--judge-disagrees", "tag"], 2, "--judge-disagrees: needs --judged"),
        (["--min-margin", "1"], 2, "--min-margin: needs --judged"),
        (["--judged", "nowhere"], 1, "--judged nowhere: no manifest.json there. Make it with judge-prefs."),
    ],
)
def test_wrong_usage_is_one_line(
    flags: list[str], code: int, said: str, build: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    build(*flags, code=code)
    assert said in capsys.readouterr().err


def test_a_manifest_of_another_command_is_none(
    build: Build, verdicts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (verdicts / "manifest.json").write_text('{"writers": []}')
    build("--judged", verdicts, code=1)
    assert "is no manifest of judge-prefs (KeyError: 'judges')" in capsys.readouterr().err


def test_how_many_pairs_have_a_verdict_is_said(
    build: Build, verdicts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = build("--judged", verdicts, "--judge-disagrees", "flip")
    (account,) = json.loads((built / "manifest.json").read_bytes())["sources"]
    made, counted = account["pairs_made"], account["pairs_with_verdict"]
    assert len(pairs_of(built)) <= counted < made
    assert f"huozi: a verdict on {counted} of {made} pairs made" in capsys.readouterr().out
    assert "pairs_with_verdict" not in (build(name="plain") / "manifest.json").read_text(encoding="utf-8")


def test_verdicts_on_other_pairs_are_an_error(build: Build, verdicts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build("--judged", verdicts, "--only", "zhihu_rlhf_3k", "--without", "huozi", code=2)
    assert "no verdict on any of these 36 pairs" in capsys.readouterr().err
