"""What a build on Ray refuses, in one line."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.build_prefs import main
from builders.engines.same_code import check_same, installed
from builders.gathering.gather_on_ray import SizedUnit, look_for
from builders.gathering.unit import Unit
from builders.inputs.inputs import InputFile
from builders.inputs.recipe import choose_sources, load_recipe
from sources.command.errors import BuildError, FetchError
from tests.builders.ray.conftest import Nodes
from tests.builders.withstand.place import one_line

SAMPLE = ["--lang", "zh", "--sample", "--no-report"]


@pytest.fixture
def refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a build that must fail: what it says. Nothing is in the output folder."""

    def call(*flags: object, code: int = 1) -> str:
        capfd.readouterr()
        found = main([*SAMPLE, *map(str, flags), "--out", str(tmp_path / "out")])
        printed = capfd.readouterr()
        assert (found, printed.out) == (code, "")
        assert [path.name for path in (tmp_path / "out").glob("*") if not path.name.endswith(".lock")] == []
        return one_line(printed.err)

    return call


def test_an_address_without_the_engine_is_wrong_usage(refused: Callable[..., str]) -> None:
    assert "--ray-address: needs --engine ray" in refused("--ray-address", "auto", code=2)


@pytest.mark.ray
@pytest.mark.parametrize("address", ["10.0.0.1", "ray://host:10001", "host:0", "host:port", ":6379", "a:b:c/d:1"])
def test_what_is_no_address_is_wrong_usage(address: str, refused: Callable[..., str]) -> None:
    said = refused("--engine", "ray", "--ray-address", address, code=2)
    assert f"--ray-address: {address} is no address; expected auto or HOST:PORT" in said


@pytest.mark.ray
def test_an_address_where_nobody_listens_is_one_line(refused: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said = refused("--engine", "ray", "--ray-address", f"127.0.0.1:{port}")
    assert f"--ray-address 127.0.0.1:{port}: cannot be reached (Connection refused)" in said


@pytest.mark.ray
def test_too_many_bad_rows_of_all_parts_together_are_refused_as_on_this_machine(
    cluster: Nodes, tmp_path: Path, refused: Callable[..., str], small_parts: None
) -> None:
    rows = [{"prompt": f"问题{n}", "chosen": "好的回答", "rejected": "坏的"} for n in range(400)]
    lines = [json.dumps(row, ensure_ascii=False) if n % 20 else "{broken" for n, row in enumerate(rows, 1)]
    (tmp_path / "lines.jsonl").write_text("\n".join(lines), encoding="utf-8")
    added = ["--add", tmp_path / "lines.jsonl", "--add-licence", "MIT"]
    here = refused(*added, "--workers", 1)
    assert "20 of 400 rows cannot be read" in here
    assert refused(*added, "--engine", "ray", "--ray-address", cluster.address) == here


def test_a_file_that_a_node_does_not_see_is_named(tmp_path: Path) -> None:
    unit = Unit(0, 0, choose_sources(load_recipe("ct-llm"))[0], [InputFile("a", tmp_path / "a", "", "", "")])
    with pytest.raises(FetchError, match=r"No such file or directory. Every node must have the files"):
        look_for(SizedUnit(unit, (3,)))
    (tmp_path / "a").write_bytes(b"other")
    with pytest.raises(FetchError, match="has 5 bytes; expected 3 bytes"):
        look_for(SizedUnit(unit, (3,)))


def test_a_node_with_another_version_is_named() -> None:
    check_same(installed(), "node 10.0.0.2")
    other = [line.replace("numpy ", "numpy 1.") for line in installed()]
    with pytest.raises(
        BuildError, match=r"node 10.0.0.2: has numpy 2.*; expected numpy 1.2.* Install the same build-prefs"
    ):
        check_same(other, "node 10.0.0.2")
    with pytest.raises(BuildError, match="has code of build-prefs"):
        check_same([*installed()[:-1], "code of build-prefs 0123456789ab"], "node 10.0.0.2")
