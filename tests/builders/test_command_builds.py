"""What build-prefs builds by its flags, and what it says."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main
from sources.fetch.fetcher import SAMPLE
from sources.pairs.schema import PAIRS
from sources.registry import SOURCES
from tests.builders.running import Run, sources
from tests.forking import Forking


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


def test_debug_shows_the_traceback(tmp_path: Path, forking: Forking) -> None:
    done = forking.run("builders.build_prefs", "--lang", "zh", "--mirror", tmp_path / "none", "--debug", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


SAMPLE_FLAGS = ("--lang", "zh", "--sample", "--workers", "1", "--no-report")


@pytest.mark.parametrize("extra", [[], ["--json"], ["--dry-run"]])
def test_a_full_device_behind_stdout_is_one_line(extra: list[str], tmp_path: Path, forking: Forking) -> None:
    flags = (*SAMPLE_FLAGS, "--out", tmp_path / "out", *extra)
    with Path("/dev/full").open("w") as full:
        done = forking.run("builders.build_prefs", *flags, stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr.startswith("build-prefs: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("extra", [[], ["--json"], ["--dry-run"]])
def test_a_closed_pipe_behind_stdout_gives_no_traceback(extra: list[str], tmp_path: Path, forking: Forking) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = forking.run("builders.build_prefs", *SAMPLE_FLAGS, "--out", tmp_path / "out", *extra, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("extra", [[], ["--json"], ["--dry-run"]])
def test_a_stdout_that_is_not_utf8_gives_no_traceback(extra: list[str], tmp_path: Path, forking: Forking) -> None:
    environment = {"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    flags = (*SAMPLE_FLAGS, "--out", tmp_path / "aus→gabe", *extra)
    done = forking.run("builders.build_prefs", *flags, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
