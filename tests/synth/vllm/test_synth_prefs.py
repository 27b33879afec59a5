"""synth-prefs against a real vLLM: the weaker model answers, the pairs are made, and a build takes them."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main as build_prefs
from synth.synth_prefs import main as synth_prefs

RECIPE = """\
name: tiny
rejected:
  sampling: {temperature: TEMPERATURE, max_tokens: 24}
vllm: {dtype: float32, max_model_len: 512, max_num_seqs: 64, max_num_batched_tokens: 32768}
checks: {empty_side: drop, repeats_template: drop}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[..., str]:
    def write(temperature: float = 0.0, more: str = "") -> str:
        path = tmp_path / f"recipe-{temperature}-{len(more)}.yaml"
        path.write_text(RECIPE.replace("TEMPERATURE", str(temperature)).replace("24}", f"24{more}}}"))
        return str(path)

    return write


def rejected_of(folder: Path) -> dict[str, str]:
    """Upstream row to rejected text."""
    rows = pq.read_table(folder / "pairs.parquet").select(["source_row", "rejected"]).to_pylist()
    return {row["source_row"]: row["rejected"][0]["content"] for row in rows}


def candidates_of(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "candidates.parquet").to_pylist()
    return [row for row in rows if row["side"] == "rejected"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_base_model_answers_by_the_template_and_a_build_accounts_for_every_prompt(
    lang: str, baichuan_url: str, recipe: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "synth" / lang
    model = ["--rejected-model", "baichuan-7b", "--rejected-url", baichuan_url]
    arguments = ["--lang", lang, "--sample", *model, "--recipe", recipe(0.7), "--out", str(out), "--json"]
    assert synth_prefs(arguments) == 0
    said = json.loads(capsys.readouterr().out)
    assert any("completions, with the instruction template" in line for line in said["remarks"])
    assert (said["asked"]["answers"], said["account"]["rows_read"]) == (40, 40)
    built = [
        "--lang",
        lang,
        "--sample",
        "--synth",
        str(tmp_path / "synth"),
        "--out",
        str(tmp_path / "prefs"),
        "--json",
        "--no-report",
    ]
    assert build_prefs(built) == 0
    sources = json.loads(capsys.readouterr().out)["built"][0]["sources"]
    (synth,) = [source for source in sources if source["source"] == f"synth_{lang}"]
    assert synth["rows_read"] == 40
    reasons = {reason for stage in synth["rows_skipped"].values() for reason in stage}
    assert reasons == {reason for stage in said["account"]["pairs_dropped"].values() for reason in stage}


def test_a_model_with_a_chat_template_is_found_out_to_be_one(
    chat_url: str, recipe: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--lang", "en", "--sample", "--rejected-model", "tiny-chat", "--rejected-url", chat_url]
    assert synth_prefs([*arguments, "--recipe", recipe(), "--out", str(tmp_path / "out"), "--json"]) == 0
    assert any(line.endswith(": chat") for line in json.loads(capsys.readouterr().out)["remarks"])


def test_an_option_that_vllm_does_not_know_is_an_error_and_one_that_it_knows_is_sent(
    chat_url: str, recipe: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--lang", "en", "--sample", "--limit", "4", "--rejected-model", "tiny-chat"]
    arguments += ["--rejected-url", chat_url, "--out", str(tmp_path / "out")]
    assert synth_prefs([*arguments, "--recipe", recipe(0.7, ", repetition_penalti: 1.1")]) == 2
    assert "Did you mean repetition_penalty?" in capsys.readouterr().err
    assert synth_prefs([*arguments, "--recipe", recipe(0.7, ", repetition_penalty: 1.1, top_k: 20")]) == 0


def test_a_prompt_that_does_not_fit_is_recorded_with_what_vllm_says_and_asked_once(
    baichuan_url: str, recipe: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = tmp_path / "prompts.jsonl"
    rows = [{"prompt": "太长了。" * 2000, "chosen": "好"}, {"prompt": "春天有什么花？", "chosen": "桃花。"}]
    prompts.write_text("\n".join(json.dumps(row) for row in rows))
    out = tmp_path / "out"
    arguments = ["--lang", "zh", "--prompts", str(prompts), "--rejected-model", "baichuan-7b", "--json"]
    arguments += ["--rejected-url", baichuan_url, "--recipe", recipe(), "--out", str(out)]
    assert synth_prefs(arguments) == 0
    assert json.loads(capsys.readouterr().out)["account"]["rows_skipped"] == {"ask": {"refused": 1}}
    (lost,) = [row for row in pq.read_table(out / "dropped.parquet").to_pylist() if row["reason"] == "refused"]
    assert "context length" in lost["evidence"]
    assert synth_prefs(arguments) == 0
    assert json.loads(capsys.readouterr().out)["asked"]["answers"] == 0


def served(url: str) -> int:
    """How many requests the server finished, as it counts them."""
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return round(sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("vllm:request_success_total")))


def test_a_run_that_is_killed_again_and_again_pays_for_no_answer_twice(
    baichuan_url: str, recipe: Callable[..., str], tmp_path: Path
) -> None:
    concurrency, kills = 8, 3
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("\n".join(json.dumps({"prompt": f"第{n}题：春天？", "chosen": "桃花。"}) for n in range(300)))
    command = [sys.executable, "-m", "synth.synth_prefs", "--lang", "zh", "--prompts", str(prompts)]
    command += ["--rejected-model", "baichuan-7b", "--rejected-url", baichuan_url, "--recipe", recipe(0.7)]
    command += ["--concurrency", str(concurrency)]
    before = served(baichuan_url)
    journal = tmp_path / "killed" / "journal.sqlite-wal"
    for _ in range(kills):
        process = subprocess.Popen([*command, "--out", str(tmp_path / "killed")])
        size = journal.stat().st_size if journal.exists() else 0
        while process.poll() is None and (not journal.exists() or journal.stat().st_size <= size + 40_000):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([*command, "--out", str(tmp_path / "killed")], check=True)
    assert 300 <= served(baichuan_url) - before <= 300 + kills * concurrency
    assert len(candidates_of(tmp_path / "killed")) == 300
    assert all(row["text"] is not None for row in candidates_of(tmp_path / "killed"))


def test_vllm_in_this_process_answers_as_the_server_does(
    baichuan_url: str, converted_baichuan: Path, recipe: Callable[..., str], tmp_path: Path
) -> None:
    arguments = ["--lang", "zh", "--sample", "--recipe", recipe(), "--concurrency", "64"]
    server = ["--rejected-model", "baichuan-7b", "--rejected-url", baichuan_url]
    assert synth_prefs([*arguments, *server, "--out", str(tmp_path / "server")]) == 0
    local = ["--engine", "vllm", "--rejected-model", str(converted_baichuan)]
    command = [sys.executable, "-m", "synth.synth_prefs", *arguments, *local, "--out", str(tmp_path / "local")]
    environment = os.environ | {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    assert rejected_of(tmp_path / "local") == rejected_of(tmp_path / "server")
    assert {row["model"] for row in candidates_of(tmp_path / "local")} == {converted_baichuan.name}
