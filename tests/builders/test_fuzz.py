"""Random damage to upstream files: a right build or one clear line, never anything else."""

import gzip
import json
import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main
from sources.fetch.fetcher import SAMPLE
from tests.examples import examples

HARMLESS = "Skepsun/cvalues_rlhf/harmless_train.json"
HELPFUL = "Skepsun/cvalues_rlhf/helpful_train.json"
LLAMA_FACTORY = "hiyouga/LLaMA-Factory/data"
HUOZI = "HIT-SCIR/huozi/data/huozi-rlhf/huozi_rlhf_data.csv"
ZHIHU = "liyucheng/zhihu_rlhf_3k/zhihu_3k_rlfh.tsv"
BEAVER = "PKU-Alignment/BeaverTails/round0/30k/train.jsonl.gz"
JSON_FILES = {
    HARMLESS: "zh",
    HELPFUL: "zh",
    f"{LLAMA_FACTORY}/comparison_gpt4_data_zh.json": "zh",
    f"{LLAMA_FACTORY}/comparison_gpt4_data_en.json": "en",
    f"{LLAMA_FACTORY}/oaast_rm_zh.json": "zh",
    BEAVER: "en",
}
FILES = {**JSON_FILES, HUOZI: "zh", ZHIHU: "zh"}
ROUNDS = examples(60)
LIMIT_S = 600.0

Mutation = Callable[[bytes, random.Random], bytes]

EVIL_BYTES = [
    b"\xff",
    b"\0",
    b"\x1b[31m",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"]",
    b"},{",
    b",",
    b"\t",
    b"\n",
    b"\r",
    b"\xef\xbb\xbf",
]
EVIL_VALUES: list[Any] = [
    *(None, True, 0, -1, 2**70, 1e400, "", " ", "\0", "\x1b[31m", "\u202e", "\ud800", "\ufffd" * 9, "<|im_end|>"),
    *(
        [],
        {},
        [None],
        [[]],
        {"a": None},
        ["a"],
        ["a", "b", 3],
        ["a", None],
        [["a", "b", "c"]],
        [["a", None]],
        "[" * 999,
    ),
    *("長" * 20_000, "e\u0301" * 99, "\U0001f468\u200d\U0001f469" * 50, "true", "nan", "風" * 3),
]


def cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data))]


def flip(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 8])):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def insert(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + draw.choice(EVIL_BYTES) + data[at:]


def remove(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + data[at + draw.randrange(1, 200) :]


def repeat(data: bytes, draw: random.Random) -> bytes:
    at, to = sorted(draw.randrange(len(data)) for _ in range(2))
    return data[:to] + data[at:to] + data[to:]


BYTES: list[Mutation] = [cut, flip, insert, insert, remove, repeat]


def value(row: dict[str, Any], draw: random.Random) -> Any:
    return {**row, draw.choice(list(row)): draw.choice(EVIL_VALUES)}


def inner(row: dict[str, Any], draw: random.Random) -> Any:
    """Another value inside a list or an object, if the row has one."""
    deep = [name for name, content in row.items() if isinstance(content, (list, dict)) and content]
    if not deep:
        return value(row, draw)
    name = draw.choice(deep)
    content = row[name]
    if isinstance(content, dict):
        return {**row, name: {**content, draw.choice(["a", "\x1b", *content]): draw.choice(EVIL_VALUES)}}
    changed = list(content)
    changed[draw.randrange(len(changed))] = draw.choice(EVIL_VALUES)
    return {**row, name: changed}


def column(row: dict[str, Any], draw: random.Random) -> Any:
    gone = draw.choice(list(row))
    kept = {name: content for name, content in row.items() if name != gone}
    return draw.choice([kept, {**kept, f"{gone}2": row[gone]}, {**row, "extra": 1}])


def whole(row: dict[str, Any], draw: random.Random) -> Any:
    return draw.choice(EVIL_VALUES)


def change_rows(data: bytes, draw: random.Random, change: Callable[[dict[str, Any], random.Random], Any]) -> bytes:
    lines = not data.lstrip().startswith(b"[")
    rows = [json.loads(line) for line in data.splitlines()] if lines else json.loads(data)
    for _ in range(draw.choice([1, 1, 1, 5])):
        at = draw.randrange(len(rows))
        rows[at] = change(rows[at], draw) if isinstance(rows[at], dict) else rows[at]
    if draw.random() < 0.3:
        draw.shuffle(rows)
    if lines:
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    return json.dumps(rows).encode()


def assert_right(out: Path, lang: str) -> None:
    """What is written adds up with the manifest, and is clean text."""
    manifest = json.loads((out / lang / "manifest.json").read_text(encoding="utf-8"))
    pairs = [row for path in (out / lang / "data").iterdir() for row in pq.read_table(path).to_pylist()]
    dropped = pq.read_table(out / lang / "dropped.parquet").to_pylist()
    total = manifest["total"]
    assert total["train"] + total["test"] == len(pairs)
    assert total["pairs_made"] == len(pairs) + sum(row["prompt"] is not None for row in dropped)
    skipped = sum(row["prompt"] is None for row in dropped)
    assert total["rows_read"] == total["rows_used"] + skipped
    assert len({row["id"] for row in pairs}) == len(pairs)
    for row in pairs:
        for side in ("prompt", "chosen", "rejected"):
            assert row[side]
            for message in row[side]:
                assert message["content"].strip()
                assert not re.search("[\x00-\x08\x0e-\x1f\x7f]", message["content"])


def attempt(mirror: Path, out: Path, lang: str, capfd: pytest.CaptureFixture[str]) -> str:
    """Build; what was wrong with how it went, empty if nothing was."""
    capfd.readouterr()
    try:
        code = main(["--lang", lang, "--mirror", str(mirror), "--out", str(out), "--workers", "1", "--no-report"])
    except Exception as error:  # what must not happen, whatever it is
        return f"{type(error).__name__}: {error}"[:200]
    printed = capfd.readouterr()
    if re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", printed.out + printed.err):
        return "raw control characters were printed"
    if [path for path in out.glob(".build-prefs-*") if path.is_dir()]:
        return "scratch was left"
    if code == 0:
        assert_right(out, lang)
        return "" if printed.err == "" else f"stderr: {printed.err}"
    right = code == 1 and re.fullmatch("build-prefs: .+\n", printed.err) and "Traceback" not in printed.err
    return "" if right else f"exit code {code}: {printed.err}"


def fuzz(
    names: dict[str, str],
    mutate: Mutation,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    *,
    packed: bool,
    seed: int,
) -> list[str]:
    """Damage a file of the mirror, build, and mend it again, ROUNDS times; the faults found."""
    mirror = tmp_path / "mirror"
    shutil.copytree(SAMPLE, mirror)
    faults, begun = [], time.monotonic()
    for number in range(ROUNDS):
        draw = random.Random(f"{seed}:{number}")
        name = draw.choice(list(names))
        original = (mirror / name).read_bytes()
        if name == BEAVER and not packed:
            damaged = gzip.compress(mutate(gzip.decompress(original), draw), mtime=0)
        else:
            damaged = mutate(original, draw)
        (mirror / name).write_bytes(damaged)
        if fault := attempt(mirror, tmp_path / "out", names[name], capfd):
            faults.append(f"round {number}, {name}: {fault}")
        (mirror / name).write_bytes(original)
        assert time.monotonic() - begun < LIMIT_S, f"too slow after {number} rounds"
    return faults


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_bytes_give_a_right_build_or_one_clear_line(
    packed: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def mutate(data: bytes, draw: random.Random) -> bytes:
        return draw.choice(BYTES)(data, draw) or b" "

    names = {BEAVER: "en"} if packed else FILES
    assert fuzz(names, mutate, tmp_path, capfd, packed=packed, seed=1) == []


@pytest.mark.parametrize("change", [value, inner, column, whole], ids=lambda change: change.__name__)
def test_damaged_rows_give_a_right_build_or_one_clear_line(
    change: Callable[[dict[str, Any], random.Random], Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def mutate(data: bytes, draw: random.Random) -> bytes:
        return change_rows(data, draw, change)

    assert fuzz(JSON_FILES, mutate, tmp_path, capfd, packed=False, seed=2) == []
