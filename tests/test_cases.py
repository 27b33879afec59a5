"""Every small input of the shared cases gives its right result: how it is read, what is skipped, what is named."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from builders import lint
from sources.command.errors import PrefsError


@dataclass(frozen=True)
class Right:
    """What lint makes of a case: pairs of how many rows, the layouts of its files, columns that are not used."""

    pairs: int
    rows: int
    layouts: tuple[str, ...] = ("trl-standard",)
    unused: dict[str, int] = field(default_factory=dict)


def six(*layouts: str, **unused: int) -> Right:
    """Six rows that are six pairs."""
    return Right(6, 6, layouts or ("trl-standard",), unused)


READ = {
    "01-swift-system-key.jsonl": six("ms-swift"),
    "02-swift-rejected-list.jsonl": Right(12, 6, ("ms-swift",)),
    "03-swift-query.jsonl": six("ms-swift-query"),
    "04-tool-calls.jsonl": Right(5, 5, ("trl",)),
    "04b-tool-role.jsonl": Right(5, 5, ("trl",)),
    "04c-tools-column-plain.jsonl": Right(5, 5, ("trl",)),
    "06c-parts-text.jsonl": six("trl"),
    "08-openai-preference.jsonl": Right(6, 6, ("openai",), {"input.parallel_tool_calls": 6}),
    "09-kto-trl.jsonl": Right(6, 12, ("kto",)),
    "09c-kto-lf.jsonl": Right(6, 12, ("kto-llamafactory",)),
    "10b-scored-completions.jsonl": six("scored"),
    "10c-score-columns-reversed.jsonl": six(),
    "10d-score-ties-strings.jsonl": six(),
    "10e-scores-nan.jsonl": six(),
    "10f-hugeint.jsonl": six(id=6),
    "11-dict-answers.jsonl": Right(6, 6, ("named-sides",), {"id": 6, "neg_answer.actions": 6, "pos_answer.actions": 6}),
    "12-bom.json": six(),
    "12b-bom.jsonl": six(),
    "12c-gbk.jsonl": six(),
    "12d-utf16.jsonl": six(),
    "12e-utf16.json": six(),
    "12f-crlf.jsonl": six(),
    "12g-excel-gbk.csv": six(),
    "12h-excel-bom.csv": six(),
    "13-concat.json": six(),
    "13b-jsonl-named-json.json": six(),
    "13c-array-named-jsonl.jsonl": six(),
    "13f-trailing-comma.json": six(),
    "13i-null-then-string.jsonl": six(),
    "13j-types-change.jsonl": six(meta=6),
    "13k-str-and-messages-mixed.jsonl": six("trl"),
    "13l.json.gz": six(),
    "13n-five-percent-messages.jsonl": Right(100, 100),
    "13o-late-change.jsonl": Right(420, 420),
    "14-cantonese.jsonl": six(),
    "14b-traditional.jsonl": six(),
    "14c-ja-ko.jsonl": Right(7, 7),
    "14d-trad-simp-dup.jsonl": Right(5, 5),
    "14e-zh-en-mixed.jsonl": Right(5, 5),
    "14f-emoji-only.jsonl": six(),
    "14g-answer-english.jsonl": six(),
    "20-large-string.parquet": six(),
    "20b-dictionary.parquet": six(),
    "20c-string-view.parquet": six(),
    "20d-ultrafeedback.parquet": six("ultrafeedback"),
    "20e-binary.parquet": six(),
    "20f-null-struct-fields.parquet": six("trl"),
    "20g-pandas-categorical.parquet": six(__index_level_0__=6),
    "20h-large-list.parquet": six("ultrafeedback"),
    "20i-struct-of-lists.parquet": six("ultrafeedback"),
    "21-save-to-disk": six(),
    "21b-dict-save-to-disk": Right(12, 12, ("trl-standard", "trl-standard")),
    "22.jsonl.bz2": six(),
    "22c.zip": six(),
    "22d.ndjson": six(),
    "22e.txt": six(),
    "24-folder-mixed": Right(12, 12, ("ultrafeedback", "trl-standard")),
    "24c-folder-test-leak": Right(9, 9, ("trl-standard", "trl-standard")),
    "30-repetition.jsonl": six(),
    "31-nan-strings.jsonl": six(),
    "31b-empty-cells.csv": six(),
    "33-invisible.jsonl": six(),
    "33b-blank-invisible.jsonl": six(),
    "33c-near-identical.jsonl": six(),
    "34-math-numbers.jsonl": six(),
    "34b-tool-args.jsonl": six(),
    "34d-moderation-template.jsonl": Right(10, 10),
    "35-cycle.jsonl": six(),
    "35b-one-prompt-many-rejected.jsonl": Right(7, 7),
    "36-tokens.jsonl": Right(16, 16),
    "36b-prefix-speaker.jsonl": six(),
    "37b-identity.jsonl": six(),
    "38-cut-off.jsonl": six(),
    "39-list-of-strings.jsonl": Right(12, 6),
    "39d-helpsteer.jsonl": six("helpsteer"),
    "39e-arena.jsonl": Right(3, 6, ("arena",), {"question_id": 3}),
    "40b-consecutive-user.jsonl": six("trl"),
    "40c-prompt-ends-assistant.jsonl": six("trl"),
    "40d-double-system.jsonl": six("sharegpt"),
    "40e-developer-role.jsonl": six("trl"),
    "40f-empty-system.jsonl": six("ms-swift"),
    "40i-openai-content-null.jsonl": Right(4, 6, ("trl",)),
    "40j-chosen-is-label.jsonl": six("pku", safer_response_id=6),
    "41-history-key.jsonl": six(),
    "42-mojibake-kinds.jsonl": six(),
    "42c-gbk-as-latin1.jsonl": six(),
    "60b-system-turn.jsonl": six("trl"),
}

REFUSED = {
    "06-swift-images.jsonl": "06-swift-images.jsonl:0: no upstream row gave a pair (has_media 6)",
    "06b-parts-image.jsonl": "has_media, prompt[0] has a part of type image",
    "06d-lf-videos-in-answers.jsonl": "has_media, videos is ['w0.mp4', 'l0.mp4']",
    "40-chosen-user-last.jsonl": "broken_turns, chosen[1] is user's, expected",
    "50-synth-prompts.jsonl": "no known layout; the first row has prompt (string), chosen (string)",
}

FOUND = {
    "10c-score-columns-reversed.jsonl": {"score_contradicts": 6},
    "10d-score-ties-strings.jsonl": {"score_tie": 6},
    "40b-consecutive-user.jsonl": {"broken_turns": 6},
    "40c-prompt-ends-assistant.jsonl": {"broken_turns": 6},
    "40i-openai-content-null.jsonl": {"no_pair": 2},
    "39e-arena.jsonl": {"no_pair": 3},
    "34d-moderation-template.jsonl": {},
    "60b-system-turn.jsonl": {},
    "34-math-numbers.jsonl": {},
    "34b-tool-args.jsonl": {},
    "35b-one-prompt-many-rejected.jsonl": {},
}
"""What the rules find, where that belongs to how a case is read or must be nothing."""


@pytest.fixture
def cases(shared: Path) -> Path:
    return shared / "cases"


@pytest.mark.shared
@pytest.mark.parametrize("name", READ)
def test_a_case_is_read_rightly(name: str, cases: Path) -> None:
    result = lint(cases / name)
    right = READ[name]
    assert (result.pairs, result.rows) == (right.pairs, right.rows)
    assert tuple(taken.name for _, taken in result.examined.layouts) == right.layouts
    unused = {column: count for column, count in result.examined.account.unused.items() if column != "score"}
    assert unused == right.unused
    if name in FOUND:
        assert {finding.rule: finding.count for finding in result.findings} == FOUND[name]


@pytest.mark.shared
@pytest.mark.parametrize("name", REFUSED)
def test_a_case_of_which_nothing_can_be_read_says_why(name: str, cases: Path) -> None:
    with pytest.raises(PrefsError) as refused:
        lint(cases / name)
    assert REFUSED[name] in str(refused.value)


@pytest.mark.shared
def test_every_case_is_above(cases: Path) -> None:
    there = {path.name for path in cases.iterdir()} - {"README.md"}
    assert there == {*READ, *REFUSED}
