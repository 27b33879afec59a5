"""The command build-prefs as people type it: every flag, every exit code, and what it says of what is missing."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.build_prefs import EXAMPLES, main, parse
from sources.fetch.fetcher import SAMPLE
from sources.pairs.schema import PAIRS
from sources.registry import SOURCES

COMMAND = str(Path(sys.executable).with_name("build-prefs"))

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
    "--no-report",
    "--dry-run",
    "--json",
    "--debug",
    "--help",
]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: exit code, stdout, stderr. The output folder is tmp_path/out."""

    def call(*flags: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*map(str, flags), "--out", str(tmp_path / "out")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def build(run: Run) -> Callable[..., dict[str, Any]]:
    """Build the sample with these flags in one process: what --json says."""

    def call(*flags: object) -> dict[str, Any]:
        code, out, err = run("--sample", "--workers", 1, "--json", *flags)
        assert (code, err) == (0, "")
        answer: dict[str, Any] = json.loads(out)
        return answer

    return call


def sources(answer: dict[str, Any]) -> list[str]:
    return [account["source"] for built in answer["built"] for account in built["sources"]]


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
        ("--lang fr", "invalid choice: 'fr'"),
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


def test_the_sample_builds_into_a_folder_by_language(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--lang", "zh", "--sample", "--workers", 1)
    assert (code, err) == (0, "")
    assert "Chinese pairs" in out
    assert str(tmp_path / "out/zh") in out
    files = sorted(path.relative_to(tmp_path / "out/zh").as_posix() for path in (tmp_path / "out/zh").rglob("*.*"))
    assert files == [
        "LICENSE.md",
        "README.md",
        "data/test-00000-of-00001.parquet",
        "data/train-00000-of-00001.parquet",
        "dropped.parquet",
        "manifest.json",
        "report.html",
    ]


def test_the_default_folder_is_prefs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--lang", "zh", "--sample", "--workers", "1", "--only", "huozi"]) == 0
    assert (tmp_path / "prefs/zh/manifest.json").is_file()


def test_lang_all_builds_both_languages(build: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    assert [built["lang"] for built in build("--lang", "all")["built"]] == ["zh", "en"]
    for lang in ("zh", "en"):
        rows = pq.read_table(tmp_path / "out" / lang / "data")
        assert rows["lang"].unique().to_pylist() == [lang]


def test_json_says_what_the_manifest_says(build: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    answer = build("--lang", "en")
    manifest = json.loads((tmp_path / "out/en/manifest.json").read_text(encoding="utf-8"))
    assert answer["built"][0]["sources"] == manifest["sources"]
    assert answer["built"][0]["total"] == manifest["total"]
    assert answer["built"][0]["folder"] == str(tmp_path / "out/en")


def test_a_dry_run_reads_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--lang", "all", "--sample", "--dry-run")
    assert (code, err) == (0, "")
    assert "nothing was read" in out
    assert "oaast_rm_zh.json" in out
    assert not (tmp_path / "out").exists()


def test_a_dry_run_as_json_lists_files_and_what_is_left_out(run: Run) -> None:
    plan = json.loads(run("--lang", "zh", "--sample", "--dry-run", "--json", "--commercial-ok")[1])
    assert {file["source"] for file in plan["files"]} == {"cvalues_rlhf", "oaast_rm_zh", "huozi"}
    assert all(file["commercial_use"] and file["where"] == "sample" for file in plan["files"])
    assert {name for name, _ in plan["left_out"]} == {"comparison_gpt4_zh", "zhihu_rlhf_3k", "synth_zh"}


def test_a_dry_run_without_a_mirror_says_download_and_downloads_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILD_PREFS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    plan = json.loads(run("--lang", "zh", "--dry-run", "--json", "--only", "comparison_gpt4_zh")[1])
    assert [file["where"] for file in plan["files"]] == ["download"]
    assert not (tmp_path / "cache").exists()


def test_only_may_be_repeated(build: Callable[..., dict[str, Any]]) -> None:
    assert sources(build("--lang", "zh", "--only", "huozi", "--only", "oaast_rm_zh")) == ["oaast_rm_zh", "huozi"]


def test_without_may_be_repeated(build: Callable[..., dict[str, Any]]) -> None:
    without = ("--without", "cvalues_rlhf", "--without", "huozi", "--without", "zhihu_rlhf_3k")
    assert sources(build("--lang", "zh", *without)) == ["comparison_gpt4_zh", "oaast_rm_zh"]


@pytest.mark.parametrize("limit", [1, 7, 30])
def test_limit_reads_at_most_so_many_rows_of_each_source(limit: int, build: Callable[..., dict[str, Any]]) -> None:
    accounts = [account for built in build("--lang", "all", "--limit", limit)["built"] for account in built["sources"]]
    assert [account["rows_read"] for account in accounts] == [limit] * len(accounts)


def test_commercial_ok_takes_only_licences_that_allow_it(build: Callable[..., dict[str, Any]]) -> None:
    answer = build("--lang", "zh", "--commercial-ok")
    allowed = {source.name for source in SOURCES if source.commercial_use}
    assert sources(answer)
    assert set(sources(answer)) <= allowed
    assert any("zhihu_rlhf_3k: --commercial-ok: CC-BY-2.0" in line for line in answer["remarks"])


def test_commercial_ok_without_any_such_source_is_wrong_usage(run: Run) -> None:
    code, _, err = run("--lang", "en", "--sample", "--commercial-ok")
    assert code == 2
    assert "none is left for --lang en" in err


def test_synth_pairs_are_read_from_a_folder_or_a_file(build: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    def said(role: str, content: str) -> list[dict[str, str]]:
        return [{"role": role, "content": content}]

    row = {
        "prompt": said("user", "春天适合种什么菜？"),
        "chosen": said("assistant", "春天可以种小白菜、菠菜和豌豆。"),
        "rejected": said("assistant", "随便种点什么都可以。"),
        "lang": "zh",
        "source_row": "prompts:7",
        "chosen_model": "a-model",
        "tags": ["kind:garden"],
    }
    (tmp_path / "synth").mkdir()
    path = tmp_path / "synth/pairs-00000.parquet"
    pq.write_table(pa.Table.from_pylist([row], PAIRS), path)
    for where in (path, path.parent):
        answer = build("--lang", "zh", "--only", "synth_zh", "--synth", where)
        assert answer["built"][0]["total"]["pairs_made"] == 1
        (written,) = pq.read_table(tmp_path / "out/zh/data").to_pylist()
        assert (written["source_row"], written["chosen_model"], written["tags"]) == (
            "prompts:7",
            "a-model",
            row["tags"],
        )
        assert written["source"] == "synth_zh"


def test_synth_pairs_are_left_out_with_a_word_when_no_folder_is_given(build: Callable[..., dict[str, Any]]) -> None:
    assert any(line.startswith("left out  synth_zh") for line in build("--lang", "zh")["remarks"])


def test_benchmarks_of_the_folder_are_looked_for(build: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "mine/copa").mkdir(parents=True)
    prompt = json.loads((SAMPLE / "Skepsun/cvalues_rlhf/harmless_train.json").read_text(encoding="utf-8"))[0]["prompt"]
    line = json.dumps({"premise": prompt, "idx": 5}, ensure_ascii=False)
    (tmp_path / "mine/copa/val.jsonl").write_text(f"{line}\n", encoding="utf-8")
    answer = build("--lang", "zh", "--benchmarks", tmp_path / "mine", "--only", "cvalues_rlhf")
    assert answer["built"][0]["total"]["pairs_dropped"]["contamination"] == {"contaminated": 1}
    assert any("not checked  hellaswag" in line for line in answer["remarks"])


def test_a_recipe_of_ones_own_is_followed(build: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("name: mine\nsources: {huozi: {max_pairs: 5}}\nstages: [caps, split]\n")
    total = build("--lang", "zh", "--recipe", tmp_path / "my.yaml")["built"][0]["total"]
    assert total["train"] + total["test"] == 5
    assert list(total["pairs_dropped"]) == ["caps"]


def test_verify_hashes_bears_files_whose_hash_is_not_known(run: Run) -> None:
    assert run("--lang", "zh", "--mirror", SAMPLE, "--only", "huozi", "--verify-hashes", "--workers", 1)[0] == 0


def test_an_interrupt_exits_130_and_no_memory_exits_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, code, words in ((KeyboardInterrupt, 130, "interrupted"), (MemoryError, 1, "out of memory")):

        def fail(*_: object, error: type[BaseException] = error) -> None:
            raise error

        monkeypatch.setattr("builders.building.pipeline.build", fail)
        found, out, err = run("--lang", "zh", "--sample")
        assert (found, out) == (code, "")
        assert err.startswith(f"build-prefs: {words}")


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    command = [COMMAND, "--lang", "zh", "--mirror", str(tmp_path / "none"), "--debug"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("extra", [[], ["--json"], ["--dry-run"]])
def test_a_full_device_behind_stdout_is_one_line(extra: list[str], tmp_path: Path) -> None:
    command = [COMMAND, "--lang", "zh", "--sample", "--out", str(tmp_path / "out"), "--workers", "1", *extra]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("build-prefs: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("extra", [[], ["--json"], ["--dry-run"]])
def test_a_closed_pipe_behind_stdout_gives_no_traceback(extra: list[str], tmp_path: Path) -> None:
    script = shlex.join([COMMAND, "--lang", "zh", "--sample", "--out", str(tmp_path / "out"), "--workers", "1", *extra])
    done = subprocess.run(f"{script} | true", shell=True, stderr=subprocess.PIPE, text=True, timeout=300, check=False)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("extra", [[], ["--json"], ["--dry-run"]])
def test_a_stdout_that_is_not_utf8_gives_no_traceback(extra: list[str], tmp_path: Path) -> None:
    command = [COMMAND, "--lang", "zh", "--sample", "--out", str(tmp_path / "aus→gabe"), "--workers", "1", *extra]
    environment = {"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, timeout=300, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
