"""Places to try a build in, with what it withstands."""

import json
import random
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main
from sources.fetch.fetcher import SAMPLE
from sources.pairs.schema import PAIRS
from tests.builders.withstand.place import HARMLESS, HELPFUL, HOWEVER_SMALL, LARGE_ROWS, LOCK, Place, files, one_line
from tests.forking import Forking, Process


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
        code = main(place.flags("--json", "--no-report", *flags))
        printed = capsys.readouterr()
        assert (code, printed.err) == (0, "")
        place.assert_no_scratch()
        account: dict[str, Any] = json.loads(printed.out)["built"][0]["total"]
        return account

    return call


Unspoilt = Callable[[str, str], tuple[dict[str, Any], dict[str, str]]]


@pytest.fixture(scope="session")
def unspoilt(tmp_path_factory: pytest.TempPathFactory) -> Unspoilt:
    """Of a language and a source of the mirror as it was: its account, and the reason of each row that was dropped."""

    @cache
    def build(lang: str, source: str) -> tuple[dict[str, Any], dict[str, str]]:
        place = Place(SAMPLE, tmp_path_factory.mktemp("unspoilt") / "out", {})
        assert main(place.flags("--lang", lang, "--only", source, "--no-report")) == 0
        account = json.loads((place.out / lang / "manifest.json").read_text(encoding="utf-8"))["total"]
        return account, {entry["source_row"]: entry["reason"] for entry in place.dropped()}

    return build


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


@pytest.fixture(scope="session")
def large_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror of two files that take a while."""
    mirror = tmp_path_factory.mktemp("large") / "mirror"
    draw = random.Random(0)
    letters = [bytes([row, cell]).decode("gb2312") for row in range(0xB0, 0xB8) for cell in range(0xA1, 0xFF)]

    def text(chars: int) -> str:
        return "".join(draw.choices(letters, k=chars)) + "。"

    for name in (HARMLESS, HELPFUL):
        (mirror / name).parent.mkdir(parents=True, exist_ok=True)
        kinds = {"pos_type": "拒绝为主", "neg_type": "风险回复"}
        rows = [{"prompt": text(40), "pos_resp": text(120), "neg_resp": text(60), **kinds} for _ in range(LARGE_ROWS)]
        (mirror / name).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return mirror


@pytest.fixture(scope="session")
def undisturbed(large_mirror: Path) -> dict[str, bytes]:
    """What a build of the large mirror gives."""
    out = large_mirror.parent / "undisturbed"
    place = Place(large_mirror, out, {})
    assert main(place.flags("--only", "cvalues_rlhf")) == 0
    return files(out / "zh")


@pytest.fixture
def start(place: Place, forking: Forking) -> Callable[..., Process]:
    """Begin a build in a process of its own; with several workers, files are read in worker processes however small
    they are."""

    def begin(*flags: object, at: Place = place, **how: Any) -> Process:
        return forking.start("builders.build_prefs", *at.flags(*flags), program=HOWEVER_SMALL, **how)

    return begin


@pytest.fixture
def command(start: Callable[..., Process]) -> Callable[..., tuple[int, str, str]]:
    """Run a build in a process of its own: exit status, stdout, stderr."""

    def run(*flags: object, **how: Any) -> tuple[int, str, str]:
        process = start(*flags, **how)
        out, err = process.communicate()
        return process.wait(), out, err

    return run
