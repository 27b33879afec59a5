"""What the tests of lint-prefs share: small files, and the command run on them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from builders.lint_prefs import main

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Linted:
    """What the command said: its exit status and its JSON."""

    status: int
    said: dict[str, Any]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each rule."""
        return {found["rule"]: found["count"] for found in self.said["findings"]}

    def examples(self, code: str) -> list[tuple[str, str]]:
        """(where, evidence) of a rule."""
        (found,) = (found for found in self.said["findings"] if found["rule"] == code)
        return [(shown["where"], shown["evidence"]) for shown in found["examples"]]


Lint = Callable[..., Linted]


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Lint:
    """Run the command in this process with --json."""

    def run(place: Path, *flags: object) -> Linted:
        capsys.readouterr()
        status = main([str(place), "--json", "--workers", "1", *map(str, flags)])
        printed = capsys.readouterr()
        assert printed.err == ""
        return Linted(status, json.loads(printed.out))

    return run


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command, which must fail: the one line that it says."""

    def run(*flags: object, status: int) -> str:
        capsys.readouterr()
        assert main([str(flag) for flag in flags]) == status
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("lint-prefs: ")
        assert printed.err.count("\n") == 1
        return printed.err

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Rows as JSON lines in a file of that name."""

    def run(rows: Rows, name: str = "data.jsonl") -> Path:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    return run


@pytest.fixture
def pair() -> Callable[..., dict[str, str]]:
    """A row in TRL's standard layout, harmless where nothing else is said."""

    def make(
        prompt: str = "夸夸这只猫。", chosen: str = "它的尾巴真漂亮。", rejected: str = "猫就是猫。"
    ) -> dict[str, str]:
        return {"prompt": prompt, "chosen": chosen, "rejected": rejected}

    return make


@pytest.fixture
def clean_rows() -> Rows:
    """Twelve pairs in which no rule finds anything."""
    return [
        {
            "prompt": f"{one}在诗里常常代表什么？请举{place}个例子。",
            "chosen": f"诗人写{one}，多半是写自己的心情{'，' * (place % 3)}。",
            "rejected": f"第{place}个问题，{one}没有什么可说的，换一个吧{'！' * (place % 5)}",
        }
        for place, one in enumerate("猫狗茶书船花雨山桥钟灯伞", 2)
    ]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A tokenizer.json whose tokens are words and marks."""
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    path = tmp_path / "model" / "tokenizer.json"
    path.parent.mkdir()
    tokenizer.save(str(path))
    return path
