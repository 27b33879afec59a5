"""What build-prefs withstands: each trouble is one clear line, the earlier output stays as it was, nothing is left."""

import fcntl
import gzip
import json
import lzma
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main
from sources.fetch.fetcher import SAMPLE
from sources.pairs.schema import PAIRS

COMMAND = str(Path(sys.executable).with_name("build-prefs"))
LOCK = ".build-prefs.lock"
SCRATCH = ".build-prefs-*"
LIMIT_S = 300.0

HARMLESS = "Skepsun/cvalues_rlhf/harmless_train.json"
HELPFUL = "Skepsun/cvalues_rlhf/helpful_train.json"
COMPARISON = "hiyouga/LLaMA-Factory/data/comparison_gpt4_data_zh.json"
COMPARISON_EN = "hiyouga/LLaMA-Factory/data/comparison_gpt4_data_en.json"
OAAST = "hiyouga/LLaMA-Factory/data/oaast_rm_zh.json"
HUOZI = "HIT-SCIR/huozi/data/huozi-rlhf/huozi_rlhf_data.csv"
ZHIHU = "liyucheng/zhihu_rlhf_3k/zhihu_3k_rlfh.tsv"
BEAVER = "PKU-Alignment/BeaverTails/round0/30k/train.jsonl.gz"
BEAVER_XZ = "PKU-Alignment/BeaverTails/round0/330k/train.jsonl.xz"
XZ_RECIPE = "name: xz\nsources: {beavertails: {file: 330k}}\nstages: [check, split]\n"
ESCAPES = "\x1b[31mred\x9b2J\u202eevil\x07"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

Change = Callable[[bytes], bytes]
Moment = Callable[[Path], bool]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below the folder with its bytes, but for the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def one_line(said: str) -> str:
    """The one clear line that stderr is."""
    assert said.startswith("build-prefs: ")
    assert said.count("\n") == 1
    assert said.endswith("\n")
    assert not RAW.search(said)
    return said


@dataclass(frozen=True, slots=True)
class Place:
    """A mirror to spoil, and an output folder that holds an earlier build of both languages."""

    mirror: Path
    out: Path
    earlier: dict[str, bytes]

    def flags(self, *more: object) -> list[str]:
        given = [str(flag) for flag in more]
        workers = [] if "--workers" in given else ["--workers", "1"]
        lang = [] if "--lang" in given else ["--lang", "zh"]
        recipe = self.mirror.parent / "recipe.yaml"
        own = ["--recipe", str(recipe)] if recipe.exists() else []
        where = [] if "--mirror" in given or "--sample" in given else ["--mirror", str(self.mirror)]
        return [*lang, *where, "--out", str(self.out), *workers, *own, *given]

    def command(self, *more: object) -> subprocess.CompletedProcess[str]:
        """Run it in a process of its own."""
        return subprocess.run(
            [COMMAND, *self.flags(*more)], capture_output=True, text=True, timeout=LIMIT_S, check=False
        )

    def start(self, *more: object) -> subprocess.Popen[str]:
        """Begin it in a process group of its own."""
        return subprocess.Popen(
            [COMMAND, *self.flags(*more)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def spoil(self, name: str, change: Change) -> None:
        path = self.mirror / name
        path.write_bytes(change(path.read_bytes()))

    def recipe(self, text: str) -> None:
        (self.mirror.parent / "recipe.yaml").write_text(text, encoding="utf-8")

    def assert_untouched(self) -> None:
        assert files(self.out) == self.earlier
        self.assert_no_scratch()

    def assert_no_scratch(self) -> None:
        assert [path.name for path in self.out.glob(SCRATCH) if path.name != LOCK] == []

    def dropped(self) -> list[dict[str, Any]]:
        (lang,) = [path.parent for path in self.out.glob("*/manifest.json")]
        rows: list[dict[str, Any]] = pq.read_table(lang / "dropped.parquet").to_pylist()
        return rows


@pytest.fixture(scope="session")
def earlier_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("earlier") / "out"
    assert main(["--lang", "all", "--sample", "--limit", "20", "--workers", "1", "--out", str(out)]) == 0
    return out


@pytest.fixture
def place(earlier_build: Path, tmp_path: Path) -> Place:
    shutil.copytree(SAMPLE, tmp_path / "mirror")
    shutil.copytree(earlier_build, tmp_path / "out", ignore=shutil.ignore_patterns(LOCK))
    return Place(tmp_path / "mirror", tmp_path / "out", files(earlier_build))


@pytest.fixture
def refused(place: Place, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a build that must fail, in this process: what it says. The earlier output must be as it was."""

    def call(*flags: object, code: int = 1) -> str:
        capsys.readouterr()
        found = main(place.flags(*flags))
        printed = capsys.readouterr()
        assert (found, printed.out) == (code, "")
        place.assert_untouched()
        return one_line(printed.err)

    return call


@pytest.fixture
def built(place: Place, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Run a build that must succeed, in this process, into an empty folder: the account of its only source."""

    def call(*flags: object) -> dict[str, Any]:
        shutil.rmtree(place.out)
        capsys.readouterr()
        code = main(place.flags("--json", *flags))
        printed = capsys.readouterr()
        assert (code, printed.err) == (0, "")
        place.assert_no_scratch()
        account: dict[str, Any] = json.loads(printed.out)["built"][0]["total"]
        return account

    return call


def change_rows(changes: dict[int, Any]) -> Change:
    """Other rows in some places of a JSON array: a dict is merged into the row, a list of one replaces it."""

    def change(data: bytes) -> bytes:
        rows = json.loads(data)
        for number, new in changes.items():
            rows[number] = new[0] if isinstance(new, list) else {**rows[number], **new}
        return json.dumps(rows, indent=1).encode()

    return change


def without(*columns: str, row: int = 0) -> Change:
    def change(data: bytes) -> bytes:
        rows = json.loads(data)
        rows[row] = {name: value for name, value in rows[row].items() if name not in columns}
        return json.dumps(rows).encode()

    return change


def gz_line(line: str, at: int = 3) -> Change:
    """One more line in a packed file of JSON lines."""

    def change(data: bytes) -> bytes:
        lines = gzip.decompress(data).splitlines()
        return gzip.compress(b"\n".join([*lines[:at], line.encode(), *lines[at:]]) + b"\n")

    return change


def replace(old: bytes, new: bytes, *, packed: bool = False) -> Change:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


# --- input that cannot be used -------------------------------------------------------------------------------------

BROKEN: list[Any] = [
    pytest.param(BEAVER, "en", lambda d: d[:-300], ["broken after", "unpacked bytes", "truncated"], id="gz cut off"),
    pytest.param(BEAVER, "en", lambda d: d[:900] + b"\0" * 40 + d[940:], ["broken after"], id="gz with other bytes"),
    pytest.param(BEAVER, "en", lambda d: b"{" + d, ["broken after"], id="gz that is none"),
    pytest.param(BEAVER, "en", lambda d: b"", ["empty"], id="gz without a byte"),
    pytest.param(BEAVER, "en", lambda d: gzip.compress(b""), ["empty"], id="gz of nothing"),
    pytest.param(HARMLESS, "zh", lambda d: b"", ["empty", "a JSON array"], id="empty JSON"),
    pytest.param(HARMLESS, "zh", lambda d: b"\xef\xbb\xbf \n", ["empty"], id="JSON of white space"),
    pytest.param(HUOZI, "zh", lambda d: b"", ["empty", "a header line"], id="empty csv"),
    pytest.param(ZHIHU, "zh", lambda d: b"", ["empty", "a header line"], id="empty tsv"),
    pytest.param(
        HARMLESS, "zh", lambda d: d[: len(d) // 2], ["ends in the middle of a row, at byte", "line"], id="JSON cut off"
    ),
    pytest.param(
        HARMLESS,
        "zh",
        lambda d: d[:4000] + d[4000:].replace(b'": "', b'" "', 1),
        ["not JSON", "at byte 4,", "line"],
        id="JSON broken in the middle",
    ),
    pytest.param(
        COMPARISON, "zh", without("chosen"), ["row 0: no column chosen; found instruction, input"], id="column missing"
    ),
    pytest.param(HUOZI, "zh", replace(b"reject", b"r\x1b[1m"), ["no column reject", "r\\x1b[1m"], id="header changed"),
    pytest.param(
        COMPARISON,
        "zh",
        change_rows({3: [[1, 2]], 4: {"chosen": 7}, 5: {"rejected": None}, 6: ["\x1b[31m"]}),
        [
            "4 of 40 rows cannot be read",
            "row 3: not_an_object (list",
            "row 4: wrong_type (chosen is 7, expected string)",
            "row 5: null_value (rejected is null)",
            "row 6: not_an_object (str: \\x1b[31m)",
            "at most 1.0% bad rows",
        ],
        id="more bad rows than borne",
    ),
    pytest.param(
        HELPFUL,
        "zh",
        lambda d: b"\n".join(b"{" + line for line in d.splitlines()),
        ["rows cannot be read: row 0: bad_json", " more; expected"],
        id="every line broken",
    ),
]


@pytest.mark.parametrize(("name", "lang", "change", "words"), BROKEN)
def test_a_broken_input_file_is_named_in_one_line(
    name: str, lang: str, change: Change, words: list[str], place: Place, refused: Callable[..., str]
) -> None:
    place.spoil(name, change)
    said = refused("--lang", lang)
    assert [word for word in [name, *words] if word not in said] == []


def test_a_broken_file_is_the_same_line_from_a_worker_process(
    place: Place, large_mirror: Path, refused: Callable[..., str]
) -> None:
    place.spoil(HELPFUL, lambda _: (large_mirror / HELPFUL).read_bytes())  # so much that processes are started
    place.spoil(HARMLESS, lambda data: data[: len(data) // 2])
    alone = refused()
    done = place.command("--workers", 2)
    assert (done.returncode, done.stdout) == (1, "")
    assert one_line(done.stderr) == alone
    place.assert_untouched()


@pytest.mark.parametrize("change", [lambda d: d[:-100], lambda d: d[:500] + b"\0" * 9 + d[509:], lambda d: d[:3]])
def test_a_broken_xz_is_named_in_one_line(change: Change, place: Place, refused: Callable[..., str]) -> None:
    place.recipe(XZ_RECIPE)
    place.spoil(BEAVER_XZ, change)
    said = refused("--lang", "en")
    assert BEAVER_XZ in said
    assert "broken after" in said


@pytest.mark.parametrize(("name", "pack"), [(BEAVER, gzip.compress), (BEAVER_XZ, lzma.compress)])
def test_an_archive_bomb_is_stopped_at_the_limit(
    name: str, pack: Change, place: Place, refused: Callable[..., str]
) -> None:
    file = "330k" if name == BEAVER_XZ else "30k"
    place.recipe(
        f"name: small\nsources: {{beavertails: {{file: {file}}}}}\nstages: [split]\n"
        "limits: {max_file_bytes: 1000000}\n"
    )
    place.spoil(name, lambda _: pack(b"\n" * (64 << 20)))
    said = refused("--lang", "en")
    assert f"{name}: unpacks to more than 1,000,000 bytes" in said
    assert "limits.max_file_bytes" in said


def test_other_bytes_than_the_pinned_ones_are_refused_when_asked(place: Place, refused: Callable[..., str]) -> None:
    said = refused("--verify-hashes")
    assert COMPARISON in said
    assert "SHA-256 is " in said
    assert "expected a3aad6fc445822b3ffd6144032c3447c6c56322c8a160af0e8b25b2e111c8255" in said


def test_no_pair_left_says_why_there_is_none(place: Place, refused: Callable[..., str]) -> None:
    def same(data: bytes) -> bytes:
        return json.dumps([{**row, "pos_resp": row["neg_resp"]} for row in json.loads(data)]).encode()

    place.spoil(HARMLESS, same)
    place.spoil(HELPFUL, lambda data: b"[]")
    said = refused("--only", "cvalues_rlhf")
    assert re.search("none of [0-9]+ pairs is left to train on", said)


def test_no_row_at_all_is_one_line(place: Place, refused: Callable[..., str]) -> None:
    place.spoil(HUOZI, lambda data: data.splitlines(keepends=True)[0])
    assert "no upstream row gave a pair" in refused("--only", "huozi")


# --- rows that are skipped or dropped, with their reason ------------------------------------------------------------


ROWS: list[Any] = [
    pytest.param(COMPARISON, change_rows({5: [[1, 2]]}), 5, "not_an_object", id="a list"),
    pytest.param(COMPARISON, change_rows({5: [None]}), 5, "not_an_object", id="null"),
    pytest.param(COMPARISON, without("rejected", row=5), 5, "missing_column", id="a column missing"),
    pytest.param(COMPARISON, change_rows({5: {"chosen": ["a"]}}), 5, "wrong_type", id="another type"),
    pytest.param(COMPARISON, change_rows({5: {"chosen": None}}), 5, "null_value", id="a null"),
    pytest.param(COMPARISON, change_rows({5: {"chosen": "a\ud800"}}), 5, "invalid_utf8", id="half a surrogate"),
    pytest.param(COMPARISON, change_rows({5: {"chosen": "a\0b"}}), 5, "control_characters", id="NUL in JSON"),
    pytest.param(COMPARISON, change_rows({5: {"input": ESCAPES}}), 5, "control_characters", id="terminal escapes"),
    pytest.param(HARMLESS, replace("撕".encode(), b"\xff\xfe"), 0, "invalid_utf8", id="no UTF-8 in an array"),
    pytest.param(HARMLESS, replace("撕".encode(), b"\x01"), 0, "control_characters", id="raw control character"),
    pytest.param(HELPFUL, replace("孩子".encode(), b"\xff\xfe"), 0, "invalid_utf8", id="no UTF-8 in a line"),
    pytest.param(HELPFUL, lambda d: d.replace(b"{", b"{{", 1), 0, "bad_json", id="a broken line"),
    pytest.param(HUOZI, lambda d: insert_line(d, 1, b'a "b,"c" d,e'), 0, "bad_csv", id="stray quote"),
    pytest.param(HUOZI, lambda d: insert_line(d, 1, b"a,b"), 0, "wrong_field_count", id="too few fields"),
    pytest.param(HUOZI, lambda d: insert_line(d, 1, b"a,\xff\xfe,c"), 0, "invalid_utf8", id="no UTF-8 in csv"),
    pytest.param(HUOZI, lambda d: insert_line(d, 1, b"a,b\0b,c"), 0, "control_characters", id="NUL in csv"),
    pytest.param(ZHIHU, lambda d: insert_line(d, 1, b"a\tb\tc\tmany\td\t1"), 0, "wrong_type", id="votes are a word"),
    pytest.param(ZHIHU, lambda d: insert_line(d, 1, b"a\tb\tc\tnan\td\t1"), 0, "no_votes", id="votes are no number"),
    pytest.param(OAAST, change_rows({5: {"history": [["a"]]}}), 5, "broken_history", id="half an exchange"),
    pytest.param(OAAST, change_rows({5: {"output": ["a"]}}), 5, "fewer_than_two_answers", id="one answer"),
    pytest.param(OAAST, change_rows({5: {"output": ["a", None]}}), 5, None, id="null answer"),
    pytest.param(OAAST, change_rows({5: {"history": [["a", None]]}}), 5, None, id="null turn"),
    pytest.param(COMPARISON_EN, change_rows({5: {"output": ["a", None]}}), 5, None, id="null side"),
    pytest.param(
        BEAVER,
        gz_line('{"prompt": %s, "response": "b", "is_safe": true, "category": null}' % ("[" * 1000 + "]" * 1000)),
        3,
        "wrong_type",
        id="a deep value",
    ),
    pytest.param(BEAVER, gz_line("[" * 1000 + "]" * 1000), 3, "not_an_object", id="a deep row"),
    pytest.param(BEAVER, gz_line("[" * 90000), 3, "bad_json", id="a bottomless row"),
]

CATEGORIES: list[Any] = [
    "null",
    '"words"',
    '"{[]: 1}"',
    "\"{'a': True, 'b': __import__}\"",
    "[1]",
    "3",
    '{"a": NaN}',
    '{"\\u001b[31m": true}',
    '{"\\ud800": true}',
    '{"a": %s}' % ("[" * 400 + "]" * 400),
    '{"a": 99999999999999999999999, "b": NaN}',
]


def insert_line(data: bytes, at: int, line: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([*lines[:at], line + b"\n", *lines[at:]])


@pytest.mark.parametrize(("name", "change", "row", "reason"), ROWS)
def test_one_bad_row_costs_that_row_and_says_why(
    name: str, change: Change, row: int, reason: str | None, place: Place, built: Callable[..., dict[str, Any]]
) -> None:
    sources = {COMPARISON: "comparison_gpt4_zh", OAAST: "oaast_rm_zh", COMPARISON_EN: "comparison_gpt4_en"}
    source = sources.get(name) or name.split("/")[1].lower()
    lang = "en" if name in (BEAVER, COMPARISON_EN) else "zh"
    before = built("--lang", lang, "--only", source)
    reasons_before = {entry["source_row"]: entry["reason"] for entry in place.dropped()}
    place.spoil(name, change)
    after = built("--lang", lang, "--only", source)
    found = {entry["source_row"]: entry["reason"] for entry in place.dropped()}
    assert found.get(f"{name}:{row}") == reason or (reason is None and f"{name}:{row}" in found)
    added = after["rows_read"] - before["rows_read"]
    assert added in (0, 1)
    assert len(found) - len(reasons_before) <= 1 + (added == 0)


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_of_any_shape_costs_at_most_its_row(
    category: str, place: Place, built: Callable[..., dict[str, Any]]
) -> None:
    before = built("--lang", "en", "--only", "beavertails")
    line = f'{{"prompt": "Why is it so?", "response": "It is.", "is_safe": true, "category": {category}}}'
    place.spoil(BEAVER, gz_line(line))
    after = built("--lang", "en", "--only", "beavertails")
    assert after["rows_read"] == before["rows_read"] + 1
    assert after["pairs_made"] == before["pairs_made"]


HUGE = 50_000_000


def with_huge_row(name: str, data: bytes) -> bytes:
    text = "长" * (HUGE // 3)
    if name == HUOZI:
        return insert_line(data, 4, f"一个问题,{text},答".encode())
    row = {"prompt": "问", "pos_resp": text, "neg_resp": "答", "pos_type": "拒绝为主", "neg_type": "风险回复"}
    line = json.dumps(row, ensure_ascii=False).encode()
    if name == HELPFUL:
        return insert_line(data, 3, line)
    return data.rstrip().removesuffix(b"]") + b"," + line + b"]"


@pytest.mark.parametrize(
    ("name", "reason"), [(HARMLESS, "row_too_large"), (HELPFUL, "row_too_large"), (HUOZI, "bad_csv")]
)
def test_a_string_of_50_mb_is_skipped_in_bounded_memory(name: str, reason: str, place: Place) -> None:
    source = "huozi" if name == HUOZI else "cvalues_rlhf"
    place.spoil(name, lambda data: with_huge_row(name, data))
    done = place.command("--only", source, "--json", "--no-report")
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["reason"] for row in pq.read_table(place.out / "zh/dropped.parquet").to_pylist()].count(reason) == 1
    assert json.loads(done.stdout)["peak_memory_mib"]["main"] < 200 + 8 * (HUGE >> 20)


# --- recipes, benchmarks and synth files that break -----------------------------------------------------------------

RECIPE = "name: x\nsources: {huozi: {}, beavertails: {pairs_per_prompt: 1}}\nstages: [check, split]\n"


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(
            RECIPE.replace(": 1}", ": -1}"),
            id="pairs_per_prompt -1",
        ),
        pytest.param(
            RECIPE + "limits: {max_row_bytes: 99999999999999999999}\n",
            id="max_row_bytes 10**20",
        ),
        pytest.param("[" * 3000, id="deep YAML"),
        pytest.param(RECIPE + '"\\e[31m": 1\n', id="an escape as a key"),
        pytest.param(RECIPE.encode("utf-16"), id="not UTF-8"),
        pytest.param("name: [\x1b[31m]", id="a raw escape"),
    ],
)
def test_a_strange_recipe_is_wrong_usage(recipe: str | bytes, place: Place, refused: Callable[..., str]) -> None:
    path = place.mirror.parent / "recipe.yaml"
    path.write_bytes(recipe if isinstance(recipe, bytes) else recipe.encode())
    assert "recipe" in refused("--lang", "all", code=2)


@pytest.mark.parametrize(
    "content",
    [
        b"[1]\n",
        b'{"premise": 3}\n',
        b'{"premise": "a\xff"}\n',
        b'{"premise": "\x1b[31m\n',
        pytest.param(
            b'{"premise": "\\ud800 a few words"}\n',
        ),
        pytest.param(b"[" * 100_000),
    ],
)
def test_a_broken_benchmark_file_is_named_in_one_line(
    content: bytes, place: Place, refused: Callable[..., str]
) -> None:
    (place.mirror.parent / "mine/copa").mkdir(parents=True)
    (place.mirror.parent / "mine/copa/val.jsonl").write_bytes(content)
    assert "copa/val.jsonl" in refused("--benchmarks", place.mirror.parent / "mine")


@pytest.fixture
def synth(tmp_path: Path) -> Callable[..., Path]:
    """A folder with one pair as synth-prefs writes it, some columns changed."""

    def said(role: str, content: str) -> list[dict[str, str]]:
        return [{"role": role, "content": content}]

    def write(**changes: object) -> Path:
        answers = {"chosen": said("assistant", "晴天，适合出门。"), "rejected": said("assistant", "我不知道。")}
        row = {"prompt": said("user", "今天天气怎么样？"), **answers, "lang": "zh", "tags": [], **changes}
        (tmp_path / "synth").mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist([row], PAIRS), tmp_path / "synth/pairs.parquet")
        return tmp_path / "synth"

    return write


@pytest.mark.parametrize(
    "change", [lambda d: b"", lambda d: d[:200], lambda d: d[: len(d) // 2] + d[len(d) // 2 + 9 :]]
)
def test_a_broken_synth_file_is_named_in_one_line(
    change: Change, place: Place, synth: Callable[..., Path], refused: Callable[..., str]
) -> None:
    path = synth() / "pairs.parquet"
    path.write_bytes(change(path.read_bytes()))
    assert "pairs.parquet: cannot be read as PAIRS" in refused("--synth", path)


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": None},
        {"source_row": None},
        {"lang": "en"},
        {"prompt": []},
        {"chosen": None},
        {"rejected": [{"role": None, "content": "a"}]},
        {"prompt": [{"role": "user", "content": None}]},
        pytest.param({"tags": [None]}),
    ],
)
def test_a_strange_synth_pair_costs_at_most_itself(
    changes: dict[str, object], synth: Callable[..., Path], built: Callable[..., dict[str, Any]]
) -> None:
    account = built("--only", "synth_zh", "--only", "huozi", "--synth", synth(**changes))
    assert account["rows_read"] == 41


# --- terminal escapes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [[], ["--json"], ["--dry-run"]])
def test_terminal_escapes_of_upstream_rows_are_never_printed(
    extra: list[str], place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.spoil(COMPARISON, change_rows({2: {"chosen": ESCAPES}, 3: [ESCAPES]}))
    place.spoil(HARMLESS, change_rows({2: {"pos_type": ESCAPES}, 3: {"prompt": ESCAPES}}))
    place.spoil(HUOZI, lambda data: insert_line(data, 1, f'"{ESCAPES}" x,"a'.encode()))
    place.spoil(OAAST, change_rows({2: {"history": [[ESCAPES]]}, 3: {ESCAPES: ESCAPES}}))
    assert main(place.flags(*extra)) == 0
    printed = capfd.readouterr()
    assert not RAW.search(printed.out)
    assert printed.err == ""


def test_terminal_escapes_of_file_names_and_columns_are_never_printed(
    place: Place, refused: Callable[..., str]
) -> None:
    (place.mirror / HARMLESS).rename(place.mirror / HARMLESS.replace("harmless", f"{ESCAPES}"))
    assert "\\x1b[31mred\\x9b2J\\u202eevil\\x07_train.json" in refused()
    place.spoil(COMPARISON, lambda data: json.dumps([{ESCAPES: 1}]).encode())
    assert "found \\x1b[31mred" in refused("--only", "comparison_gpt4_zh")


@pytest.mark.parametrize(
    ("tag", "extra"),
    [
        pytest.param("\x1b[31mred", []),
        ("\x1b[31mred", ["--json"]),
        pytest.param("\x9b2J", []),
        pytest.param("\x9b2J", ["--json"]),
        pytest.param("\u202eevil", []),
        pytest.param("[/red]", []),
    ],
)
def test_terminal_escapes_of_tags_are_never_printed(
    tag: str, extra: list[str], place: Place, synth: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(place.flags("--synth", synth(tags=[tag]), *extra)) == 0
    printed = capsys.readouterr()
    assert not RAW.search(printed.out + printed.err)


def test_terminal_escapes_of_synth_file_names_are_never_printed(
    place: Place, synth: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = synth()
    (folder / "pairs.parquet").rename(folder / f"pairs[bold]{ESCAPES}.parquet")
    assert main(place.flags("--synth", folder, "--dry-run")) == 0
    printed = capsys.readouterr()
    assert not RAW.search(printed.out + printed.err)
    assert "pairs[bold]" in printed.out


# --- output that cannot be written ----------------------------------------------------------------------------------


def test_a_file_in_the_place_of_the_output_folder_is_left_alone(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(place.flags("--out", tmp_path / "file")) == 1
    assert "cannot be written" in one_line(capsys.readouterr().err)
    assert main(place.flags("--out", tmp_path / "file/below")) == 1
    assert "cannot be written" in one_line(capsys.readouterr().err)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link"])
def test_what_is_no_build_is_never_replaced(kind: str, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    mine = place.mirror.parent / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    target = place.mirror.parent / "other/zh"
    target.parent.mkdir()
    match kind:
        case "file":
            target.write_text("mine")
        case "folder":
            mine.rename(target)
        case "link":
            target.symlink_to(mine)
        case _:
            target.symlink_to("nowhere")
    before = files(place.mirror.parent)
    assert main(place.flags("--out", target.parent)) == 1
    assert "exists and is no build" in one_line(capsys.readouterr().err)
    assert files(place.mirror.parent) == before
    assert target.is_symlink() == (kind in ("link", "dangling link"))


def test_an_empty_folder_and_an_earlier_build_are_replaced(place: Place) -> None:
    empty = place.mirror.parent / "empty"
    (empty / "zh").mkdir(parents=True)
    assert main(place.flags("--out", empty)) == 0
    assert main(place.flags()) == 0
    assert files(empty / "zh") == files(place.out / "zh")
    assert {name: data for name, data in files(place.out).items() if name.startswith("en/")} == {
        name: data for name, data in place.earlier.items() if name.startswith("en/")
    }


@pytest.mark.parametrize("flag", ["--out", "--mirror", "--recipe", "--synth", "--benchmarks"])
def test_a_name_that_is_too_long_is_one_line(flag: str, request: pytest.FixtureRequest) -> None:
    refused = request.getfixturevalue("refused")
    code = 2 if flag in ("--recipe", "--benchmarks") else 1
    assert f"{'a' * 60}" in refused(flag, "a" * 300, code=code)


def test_an_input_that_cannot_be_read_is_not_blamed_on_the_output(place: Place, refused: Callable[..., str]) -> None:
    (place.mirror / HUOZI).unlink()
    (place.mirror / HUOZI).symlink_to("/proc/self/mem")
    assert HUOZI in refused("--only", "huozi")


def at_most(limit: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "limit",
    [
        pytest.param(0),
        100,
        1_000,
        15_000,
        40_000,
    ],
)
def test_a_full_disk_is_said_and_changes_nothing(limit: int, workers: int, place: Place, large_mirror: Path) -> None:
    if workers > 1:  # so much that processes are started
        place.spoil(HELPFUL, lambda _: (large_mirror / HELPFUL).read_bytes())
    done = subprocess.run(
        [COMMAND, *place.flags("--workers", workers)],
        preexec_fn=at_most(limit),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "the disk is full" in one_line(done.stderr)
    place.assert_untouched()


FULL_DISK = """
mount -t tmpfs -o size=400k none "$1" || exit 77
cp -r "$2" "$1/out"
head -c $3 /dev/zero >"$1/fill" 2>/dev/null
shift 3
"$@" >"$WHERE/stdout" 2>"$WHERE/stderr"
echo $? >"$WHERE/code"
rm -f "$DISK/fill"
cp -r "$DISK/out" "$WHERE/after"
"""


@pytest.mark.parametrize(
    ("workers", "fill"),
    [
        (1, 200_000),
        (2, 200_000),
        pytest.param(1, 400_000),
    ],
)
def test_a_disk_that_is_really_full_is_said_and_changes_nothing(
    workers: int, fill: int, place: Place, large_mirror: Path
) -> None:
    if workers > 1:  # so much that processes are started
        place.spoil(HELPFUL, lambda _: (large_mirror / HELPFUL).read_bytes())
    disk, where = place.mirror.parent / "disk", place.mirror.parent / "where"
    disk.mkdir()
    where.mkdir()
    flags = Place(place.mirror, disk / "out", {}).flags("--workers", workers)
    script = ["sh", "-c", FULL_DISK, "sh", str(disk), str(place.out), str(fill), COMMAND, *flags]
    environment = {**os.environ, "DISK": str(disk), "WHERE": str(where)}
    namespace = ["unshare", "--map-root-user", "--mount"]
    try:
        done = subprocess.run([*namespace, *script], env=environment, timeout=LIMIT_S, check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if not (where / "code").exists():
        pytest.skip(f"may not mount here: {done.stderr!r}")
    assert (where / "code").read_text() == "1\n"
    assert "the disk is full" in one_line((where / "stderr").read_text(encoding="utf-8"))
    Place(place.mirror, where / "after", place.earlier).assert_untouched()


# --- interrupts, kills and two at once ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def large_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror of two files that take a while."""
    mirror = tmp_path_factory.mktemp("large") / "mirror"
    draw, letters = random.Random(0), [chr(code) for code in range(0x4E00, 0x5200)]

    def text(chars: int) -> str:
        return "".join(draw.choices(letters, k=chars)) + "。"

    for name in (HARMLESS, HELPFUL):
        (mirror / name).parent.mkdir(parents=True, exist_ok=True)
        kinds = {"pos_type": "拒绝为主", "neg_type": "风险回复"}
        rows = [{"prompt": text(40), "pos_resp": text(120), "neg_resp": text(60), **kinds} for _ in range(12_000)]
        (mirror / name).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return mirror


@pytest.fixture(scope="session")
def undisturbed(large_mirror: Path) -> dict[str, bytes]:
    """What a build of the large mirror gives."""
    out = large_mirror.parent / "undisturbed"
    place = Place(large_mirror, out, {})
    assert main(place.flags("--only", "cvalues_rlhf")) == 0
    return files(out / "zh")


def reading(out: Path) -> bool:
    return any(path.stat().st_size for path in out.glob(f"{SCRATCH}/pairs-*.arrow"))


def reading_both(out: Path) -> bool:
    return sum(path.stat().st_size > 0 for path in out.glob(f"{SCRATCH}/pairs-*.arrow")) == 2


def writing(out: Path) -> bool:
    return any(out.glob(f"{SCRATCH}/zh/data/train-*.parquet"))


def describing(out: Path) -> bool:
    return any(out.glob(f"{SCRATCH}/zh/manifest.json"))


def beginning(out: Path) -> bool:
    return any(path.is_dir() for path in out.glob(SCRATCH))


def replacing(out: Path) -> bool:
    return '"rows_read": 24000' in (out / "zh/manifest.json").read_text(encoding="utf-8")


def wait_until(condition: Callable[[], bool], pause_s: float = 0.002) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(pause_s)


def gone_or(moment: Moment, out: Path, process: subprocess.Popen[str]) -> Callable[[], bool]:
    def seen() -> bool:
        try:
            return process.poll() is not None or moment(out)
        except FileNotFoundError:
            return False

    return seen


def group_is_gone(group: int) -> bool:
    """No process of the group lives."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, found = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(found) == group and state not in "ZX":
            return False
    return True


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes to end, whatever happens."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if not group_is_gone(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=LIMIT_S)


@pytest.mark.parametrize(("moment", "workers"), [(beginning, 1), (reading, 1), (reading_both, 2), (writing, 2)])
def test_an_interrupt_exits_130_and_leaves_all_as_it_was(
    moment: Moment, workers: int, place: Place, large_mirror: Path, started: list[subprocess.Popen[str]]
) -> None:
    process = place.start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", workers)
    started.append(process)
    wait_until(gone_or(moment, place.out, process))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in one_line(err)
    wait_until(lambda: group_is_gone(process.pid))
    place.assert_untouched()


def test_an_interrupt_while_workers_start_is_one_line(
    place: Place, large_mirror: Path, started: list[subprocess.Popen[str]]
) -> None:
    process = place.start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", 2)
    started.append(process)
    wait_until(lambda: bool(worker_processes(process.pid)))
    wait_until(lambda: any(b"numpy" in maps_of(worker) for worker in worker_processes(process.pid)))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in one_line(err)
    wait_until(lambda: group_is_gone(process.pid))
    place.assert_untouched()


def worker_processes(parent: int) -> list[int]:
    """The process numbers of the workers of a build."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            is_child = stat.read_text().rpartition(")")[2].split()[1] == str(parent)
            if is_child and b"spawn_main" in (stat.parent / "cmdline").read_bytes():
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return found


def maps_of(process: int) -> bytes:
    """What the process has loaded."""
    try:
        return Path(f"/proc/{process}/maps").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_of_a_fetch_that_hangs_ends_it(
    workers: int, place: Place, started: list[subprocess.Popen[str]]
) -> None:
    pipe = place.mirror.parent / "pairs.parquet"
    os.mkfifo(pipe)
    process = place.start("--sample", "--synth", place.mirror.parent, "--workers", workers)
    started.append(process)
    writer = open_for_writing(pipe)
    try:
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=LIMIT_S)
    finally:
        os.close(writer)
    assert process.returncode == 130
    assert "interrupted" in one_line(err)
    place.assert_untouched()


def open_for_writing(pipe: Path) -> int:
    """The pipe, as soon as somebody reads it."""
    opened: list[int] = []

    def attempt() -> bool:
        try:
            opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    wait_until(attempt)
    return opened[0]


def test_a_second_build_into_one_folder_is_told_who_is_there(
    place: Place, started: list[subprocess.Popen[str]], refused: Callable[..., str]
) -> None:
    pipe = place.mirror.parent / "pairs.parquet"
    os.mkfifo(pipe)
    process = place.start("--sample", "--synth", place.mirror.parent)
    started.append(process)
    writer = open_for_writing(pipe)
    assert main(place.flags("--out", place.mirror.parent / "elsewhere")) == 0
    assert f"another run (process {process.pid}) writes there" in waits(place)
    os.kill(process.pid, signal.SIGKILL)
    os.close(writer)
    process.wait(timeout=LIMIT_S)
    assert main(place.flags()) == 0
    place.assert_no_scratch()


def waits(place: Place) -> str:
    done = place.command("--sample")
    assert done.returncode == 1
    assert {name: data for name, data in files(place.out).items() if name in place.earlier} == place.earlier
    return one_line(done.stderr)


def test_the_lock_is_free_again_when_its_holder_is_gone(place: Place, refused: Callable[..., str]) -> None:
    with (place.out / LOCK).open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another run (process 4711) writes there" in refused()
    assert main(place.flags()) == 0


@pytest.mark.parametrize(
    ("moment", "workers"),
    [(beginning, 2), (reading, 1), (reading, 2), (writing, 1), (describing, 2), (replacing, 2)],
)
def test_the_build_after_a_killed_one_is_as_if_nothing_had_been(
    moment: Moment,
    workers: int,
    place: Place,
    large_mirror: Path,
    undisturbed: dict[str, bytes],
    started: list[subprocess.Popen[str]],
) -> None:
    flags = ("--mirror", large_mirror, "--only", "cvalues_rlhf")
    process = place.start(*flags, "--workers", workers)
    started.append(process)
    wait_until(gone_or(moment, place.out, process))
    process.kill()
    process.wait(timeout=LIMIT_S)
    wait_until(lambda: group_is_gone(process.pid))
    earlier = {name.removeprefix("zh/"): data for name, data in place.earlier.items() if name.startswith("zh/")}
    assert files(place.out / "zh") in (earlier, undisturbed)
    assert main(place.flags(*flags)) == 0
    assert files(place.out / "zh") == undisturbed
    place.assert_no_scratch()


def test_a_worker_killed_while_it_starts_is_one_line(
    place: Place, large_mirror: Path, started: list[subprocess.Popen[str]]
) -> None:
    process = place.start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", 2)
    started.append(process)
    wait_until(lambda: bool(worker_processes(process.pid)))
    os.kill(worker_processes(process.pid)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (1, "")
    assert "ended before its time" in one_line(err)
    place.assert_untouched()


def test_a_worker_killed_while_it_reads_is_one_line(
    place: Place, large_mirror: Path, started: list[subprocess.Popen[str]]
) -> None:
    process = place.start("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", 2)
    started.append(process)
    wait_until(gone_or(reading_both, place.out, process))
    workers = worker_processes(process.pid)
    assert workers
    os.kill(workers[0], signal.SIGKILL)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, out) == (1, "")
    assert "ended before its time" in one_line(err)
    wait_until(lambda: group_is_gone(process.pid))
    place.assert_untouched()
