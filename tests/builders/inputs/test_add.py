"""build-prefs --add: a file of one's own beside the sources of the recipe, its licence asked for, all accounted for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main

Run = Callable[..., tuple[int, str, str]]

ZH = [
    {"instruction": f"请夸一夸第{word}只猫。", "input": "", "chosen": f"第{word}只猫的尾巴真漂亮。", "rejected": "猫。"}
    for word in "一二三四五六七八"
]
EN = [
    {"instruction": f"Praise the {word} cat.", "input": "", "chosen": f"What a {word} tail it has!", "rejected": "Cat."}
    for word in ("black", "white", "tabby")
]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on huozi's sample: exit code, stdout, stderr. The output folder is tmp_path/out."""

    def call(*flags: object, lang: str = "zh") -> tuple[int, str, str]:
        capsys.readouterr()
        fixed = ["--lang", lang, "--sample", "--workers", "1", "--no-report", "--out", str(tmp_path / "out")]
        code = main([*fixed, *map(str, flags)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def cats(tmp_path: Path) -> Path:
    return write(tmp_path / "cats.jsonl", *ZH)


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def accounts(out: str) -> dict[str, dict[str, Any]]:
    return {account["source"]: account for built in json.loads(out)["built"] for account in built["sources"]}


def test_the_rows_of_a_file_are_pairs_of_the_dataset(cats: Path, tmp_path: Path, run: Run) -> None:
    code, out, err = run("--only", "huozi", "--add", cats, "--add-licence", "MIT", "--json")
    assert (code, err) == (0, "")
    account = accounts(out)["cats_zh"]
    assert (account["license"], account["rows_read"], account["pairs_made"]) == ("MIT", len(ZH), len(ZH))
    files = sorted((tmp_path / "out/zh/data").glob("*.parquet"))
    rows = [row for file in files for row in pq.read_table(file).to_pylist() if row["source"] == "cats_zh"]
    lost = [row for row in pq.read_table(tmp_path / "out/zh/dropped.parquet").to_pylist() if row["source"] == "cats_zh"]
    assert len(rows) + len(lost) == len(ZH)
    assert {(row["license"], row["signal"]) for row in rows} == {("MIT", "unknown")}
    assert sorted(row["source_row"] for row in (*rows, *lost)) == [f"cats.jsonl:{number}" for number in range(len(ZH))]
    assert any("cats.jsonl read as llamafactory" in line for line in json.loads(out)["remarks"])


def test_the_manifest_names_the_file_by_its_hash_and_not_its_folder(cats: Path, tmp_path: Path, run: Run) -> None:
    run("--only", "huozi", "--add", cats, "--add-licence", "MIT")
    text = (tmp_path / "out/zh/manifest.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    (file,) = [each for each in json.loads(text)["inputs"] if each["source"] == "cats_zh"]
    assert (file["file"], len(file["sha256"])) == ("cats.jsonl", 64)


def test_both_languages_share_a_file_row_by_row(tmp_path: Path, run: Run) -> None:
    both = write(tmp_path / "both.jsonl", *ZH, *EN)
    flags = ("--only", "huozi", "--only", "beavertails", "--add", both, "--add-name", "mine", "--add-licence", "MIT")
    code, out, _ = run(*flags, "--json", lang="all")
    assert code == 0
    found = accounts(out)
    for name, ours in (("mine_zh", ZH), ("mine_en", EN)):
        account = found[name]
        assert account["rows_read"] == len(ZH) + len(EN)
        assert account["rows_used"] == len(ours)
        assert account["rows_skipped"] == {"adapt": {"other_language_file": len(ZH) + len(EN) - len(ours)}}


def test_a_named_layout_and_a_name_are_taken(tmp_path: Path, run: Run) -> None:
    rows = [{"问": row["instruction"], "好": row["chosen"], "坏": row["rejected"]} for row in ZH]
    path = write(tmp_path / "x.jsonl", *rows)
    layout = "keys(prompt=问,chosen=好,rejected=坏)"
    flags = ("--only", "huozi", "--add", f"{path}:{layout}", "--add-name", "cats", "--add-licence", "CC-BY-4.0")
    _, out, _ = run(*flags, "--json")
    assert accounts(out)["cats_zh"]["pairs_made"] == len(ZH)
    assert any("--add says so" in line for line in json.loads(out)["remarks"])


def test_two_files_keep_their_order_of_names_and_licences(cats: Path, tmp_path: Path, run: Run) -> None:
    dogs = write(tmp_path / "dogs.jsonl", *({**row, "chosen": row["chosen"] + "汪！"} for row in ZH))
    flags = ["--only", "huozi", "--add", cats, "--add", dogs, "--add-name", "a", "--add-name", "b"]
    _, out, _ = run(*flags, "--add-licence", "MIT", "--add-license", "Apache-2.0", "--json")
    found = accounts(out)
    assert (found["a_zh"]["license"], found["b_zh"]["license"]) == ("MIT", "Apache-2.0")


def test_a_row_that_gives_no_pair_is_accounted_for(tmp_path: Path, run: Run) -> None:
    broken = [{**ZH[0], "chosen": 7}, {**ZH[1], "history": [["一"]]}]
    path = write(tmp_path / "cats.jsonl", *ZH[2:] * 4, *broken)
    _, out, _ = run("--only", "huozi", "--add", path, "--add-licence", "MIT", "--json")
    account = accounts(out)["cats_zh"]
    assert account["rows_skipped"]["adapt"] == {"broken_history": 1, "wrong_type": 1}
    assert account["rows_read"] == account["rows_used"] + 2


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        ("--add {cats}", 2, ["--add-licence", "0 for 1 --add", "an SPDX id, or unknown"]),
        ("--add-licence MIT", 2, ["1 for 0 --add"]),
        ("--add {cats} --add {cats} --add-licence MIT", 2, ["1 for 2 --add"]),
        ("--add {cats} --add-licence MIT --add-name a --add-name b", 2, ["--add-name", "2 for 1 --add"]),
        ("--add {cats} --add {cats} --add-licence MIT --add-licence MIT", 2, ["2 sources are called cats_zh"]),
        ("--add {cats}:llamafactry --add-licence MIT", 2, ["Did you mean llamafactory?"]),
        ("--add {cats}:keys(prompt=a) --add-licence MIT", 2, ["names prompt", "each once"]),
        ("--add {place}/none.jsonl --add-licence MIT", 1, ["none.jsonl", "no such file"]),
        (
            "--add {place}/odd.jsonl --add-licence MIT",
            1,
            ["no known layout; the first row has a (number), b (number)", "keys("],
        ),
        ("--add {place}/empty.jsonl --add-licence MIT", 1, ["empty.jsonl", "empty"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    flags: str, code: int, words: list[str], cats: Path, tmp_path: Path, run: Run
) -> None:
    write(tmp_path / "odd.jsonl", {"a": 1, "b": 2})
    write(tmp_path / "empty.jsonl")
    found, out, err = run("--only", "huozi", *flags.format(cats=cats, place=tmp_path).split())
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert err.startswith("build-prefs: ")
    assert [word for word in words if word not in err] == []
    assert not (tmp_path / "out" / "zh").exists()


def test_commercial_ok_and_own_data(cats: Path, run: Run) -> None:
    """What the owner adds is taken: only he can know what he may do with it."""
    _, out, _ = run("--commercial-ok", "--add", cats, "--add-licence", "MIT", "--json")
    assert "cats_zh" in accounts(out)


def test_the_dry_run_shows_the_file(cats: Path, run: Run) -> None:
    code, out, _ = run("--only", "huozi", "--add", cats, "--add-licence", "MIT", "--dry-run")
    assert code == 0
    assert "cats_zh" in out
    assert "MIT" in out


def test_the_same_file_gives_the_same_bytes_whatever_the_workers(cats: Path, tmp_path: Path, run: Run) -> None:
    made = []
    for workers in (1, 2):
        assert run("--only", "huozi", "--add", cats, "--add-licence", "MIT", "--workers", workers)[0] == 0
        made.append({p.name: p.read_bytes() for p in sorted((tmp_path / "out/zh").rglob("*")) if p.is_file()})
    assert made[0] == made[1]


def test_only_takes_the_name_of_added_data_and_only_added_leaves_the_recipe_out(cats: Path, run: Run) -> None:
    added = ("--add", cats, "--add-licence", "MIT", "--json")
    for flags in (("--only", "cats"), ("--only", "cats_zh"), ("--only-added",)):
        code, out, err = run(*added, *flags)
        assert (code, err) == (0, "")
        assert list(accounts(out)) == ["cats_zh"]
    code, out, _ = run(*added, "--only", "huozi", "--without", "cats")
    assert list(accounts(out)) == ["huozi"]
    code, _, err = run("--only-added")
    assert (code, err) == (2, "build-prefs: --only-added: needs --add. Name your data with --add FILE.\n")


def test_the_card_says_of_own_data_only_what_its_owner_said(cats: Path, tmp_path: Path, run: Run) -> None:
    added = ("--add", cats, "--add-licence", "MIT", "--only-added")
    card = tmp_path / "out/zh/README.md"
    assert run(*added)[0] == 0
    assert "annotations_creators" not in card.read_text(encoding="utf-8")
    assert "human-feedback" not in card.read_text(encoding="utf-8")
    assert run(*added, "--add-signal", "human")[0] == 0
    assert "- crowdsourced" in card.read_text(encoding="utf-8")
    assert "- human-feedback" in card.read_text(encoding="utf-8")
    code, _, err = run(*added, "--add-signal", "nobody")
    assert code == 2
    assert "--add-signal: no signal is called nobody; expected human, votes" in err


def test_data_of_which_no_row_gives_a_pair_names_its_first_row(tmp_path: Path, run: Run) -> None:
    rows = [{"prompt": f"{n}?", "chosen": [{"role": "user", "content": "a"}], "rejected": "b"} for n in range(3)]
    data = write(tmp_path / "odd.jsonl", *rows)
    layout = f"{data}:keys(prompt=prompt,chosen=chosen,rejected=rejected)"
    code, _, err = run("--add", layout, "--add-licence", "MIT", "--only-added")
    assert code == 1
    assert err.startswith("build-prefs: odd.jsonl:0: no upstream row gave a pair (")
    assert "of this first row: " in err


def test_data_in_one_language_asks_for_that_language(cats: Path, run: Run) -> None:
    code, _, err = run("--add", cats, "--add-licence", "MIT", "--only-added", lang="all")
    assert code == 1
    assert err == "build-prefs: --lang en: no row gave a pair in English. Give --lang zh.\n"
