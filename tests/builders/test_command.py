"""The command build-prefs as people type it: every flag, every exit code, and what it says of what is missing."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from builders.build_prefs import EXAMPLES, main, parse
from sources.fetch.fetcher import SAMPLE
from sources.registry import SOURCES
from tests.builders.running import COMMAND, Run

FLAGS = [
    "--lang",
    "--out",
    "--sample",
    "--mirror",
    "--recipe",
    "--only",
    "--without",
    "--limit",
    "--commercial-ok",
    "--benchmarks",
    "--synth",
    "--verify-hashes",
    "--workers",
    "--memory",
    "--no-cache",
    "--cache-info",
    "--cache-clear",
    "--no-report",
    "--dry-run",
    "--json",
    "--debug",
    "--help",
]


def rejects(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The words of the parser when it exits with 2."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    return capsys.readouterr().err


def test_help_names_every_flag_and_gives_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    shown = capsys.readouterr().out
    assert exit_.value.code == 0
    assert [flag for flag in FLAGS if flag not in shown] == []
    assert EXAMPLES in shown


def test_every_example_of_the_help_is_accepted() -> None:
    examples = re.findall(r"^  (build-prefs .+?)(?:  .*)?$", EXAMPLES, re.M)
    assert len(examples) >= 6
    for example in examples:
        parse(shlex.split(example)[1:])


def test_the_installed_command_answers_help_quickly_and_without_stderr() -> None:
    done = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: build-prefs")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("", "--lang"),
        ("--lang zh --no-such-flag", "--no-such-flag"),
        ("--lang zh --limit 0", "--limit"),
        ("--lang zh --limit -3", "--limit"),
        ("--lang zh --limit many", "--limit"),
        ("--lang zh --workers 0", "--workers"),
        ("--lang zh --sample --mirror .", "not allowed with"),
        ("--lang zh --sample extra", "extra"),
    ],
)
def test_a_wrong_flag_exits_2_and_is_named(flags: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = rejects(flags.split(), capsys)
    assert words in said
    assert "build-prefs: error: " in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        ("--sample --only huozzi", 2, ["--only", "no source is called huozzi", "Did you mean huozi?", "zhihu_rlhf_3k"]),
        ("--sample --without nothing", 2, ["--without", "no source is called nothing", "one of cvalues_rlhf"]),
        ("--sample --only alpaca_gpt4_zh", 2, ["--only", "alpaca_gpt4_zh gives prompts, not pairs"]),
        ("--sample --without alpaca_gpt4_zh", 2, ["alpaca_gpt4_zh is not in recipe ct-llm", "expected one of"]),
        ("--sample --only beavertails", 2, ["none is left for --lang zh", "at least one of"]),
        ("--mirror no/such/folder", 1, ["no folder no/such/folder", "--mirror"]),
        ("--sample --recipe no-such", 2, ["--recipe", "no recipe no-such", "ct-llm"]),
        ("--sample --benchmarks no/such", 2, ["--benchmarks", "no folder no/such"]),
        ("--sample --synth no/such", 1, ["--synth no/such", "no such folder", "synth-prefs"]),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(flags: str, code: int, words: list[str], run: Run) -> None:
    found, out, err = run("--lang", "zh", *flags.split())
    assert (found, out) == (code, "")
    assert err.startswith("build-prefs: ")
    assert err.count("\n") == 1
    assert [word for word in words if word not in err] == []


def test_a_wrong_source_name_lists_every_source(run: Run) -> None:
    _, _, err = run("--lang", "zh", "--sample", "--only", "x")
    assert [source.name for source in SOURCES if source.name not in err] == []


def test_a_missing_file_of_a_mirror_is_named_with_what_is_there(run: Run, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    shutil.copytree(SAMPLE, mirror)
    (mirror / "Skepsun/cvalues_rlhf/helpful_train.json").unlink()
    code, _, err = run("--lang", "zh", "--mirror", mirror, "--workers", 1)
    assert code == 1
    assert "no file Skepsun/cvalues_rlhf/helpful_train.json" in err
    assert "<owner>/<repository>/<path>" in err
    assert "harmless_train.json" in err
    assert not list((tmp_path / "out").glob("[!.]*"))


def test_a_synth_folder_without_pairs_says_what_is_in_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "synth").mkdir()
    (tmp_path / "synth/notes.txt").touch()
    code, _, err = run("--lang", "zh", "--sample", "--synth", tmp_path / "synth", "--workers", 1)
    assert code == 1
    assert "no pairs*.parquet there; found notes.txt" in err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("- one\n", "holds a list"),
        ("a: [\n", "is no YAML"),
        ("name: x\nsources: {huozi: {}}\nstages: [split]\nstagez: []\n", "stagez: no such key"),
        ("name: x\nsources: {huozi: {flie: csv}}\nstages: [split]\n", "Did you mean file?"),
        ("name: x\nsources: {huozi: {file: tsv}}\nstages: [split]\n", "sources.huozi.file"),
        ("name: x\nsources: {alpaca_gpt4_zh: {}}\nstages: [split]\n", "gives prompts, not pairs"),
        ("name: x\nsources: {huozi: {}}\nstages: [split, check]\n", "split last"),
        ("name: x\nsources: {huozi: {}}\nstages: [split]\ntest_share: 2\n", "test_share"),
        ("name: x\nsources: {huozi: {}}\nstages: [check, split]\nchecks: {mojibak: drop}\n", "Did you mean mojibake?"),
    ],
)
def test_a_wrong_recipe_exits_2_and_says_which_key(content: str, words: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(content, encoding="utf-8")
    code, _, err = run("--lang", "zh", "--sample", "--recipe", tmp_path / "my.yaml")
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
