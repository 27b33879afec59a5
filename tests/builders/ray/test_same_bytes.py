"""A build on Ray gives the bytes of a build on this machine."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main
from builders.engines.ray_folder import PLACE, PREFIX
from tests.builders.ray.conftest import Nodes
from tests.builders.withstand.place import COMMAND, LIMIT_S, files, group_is_gone, wait_until

pytestmark = [
    pytest.mark.ray,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


def build(out: Path, *flags: object) -> dict[str, bytes]:
    assert main([*map(str, flags), "--out", str(out)]) == 0
    return files(out)


def own_rows(folder: Path, count: int) -> list[str]:
    """Flags that add rows as JSON lines and as Parquet, some of them bad, some equal."""
    rows = [
        {
            "prompt": f"第{number % (count - 5)}个问题：怎样才能学会第{number % 97}种手艺？",
            "chosen": f"先看师傅怎么做第{number}步，再自己动手，慢慢来。",
            "rejected": f"不知道{number}。" if number % 50 else "",
        }
        for number in range(count)
    ]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    lines[3], lines[70] = "{broken", '["no", "object"]'
    (folder / "lines.jsonl").write_text("\n".join(lines), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows[: count // 2]), folder / "table.parquet", row_group_size=20)
    added = [("--add", folder / name, "--add-licence", "MIT") for name in ("lines.jsonl", "table.parquet")]
    return [str(flag) for each in added for flag in each]


def test_a_cluster_of_its_own_builds_the_sample_and_leaves_nothing(tmp_path: Path) -> None:
    flags = ["--lang", "zh", "--sample", "--workers", 2, "--no-report", *own_rows(tmp_path, 200)]
    here = build(tmp_path / "here", *flags)
    there = [COMMAND, *map(str, flags), "--engine", "ray", "--out", str(tmp_path / "there")]
    before = {*PLACE.glob(f"{PREFIX}*")}
    process = subprocess.Popen(there, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    out, err = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, err) == (0, "")
    assert "pairs written" in out
    assert files(tmp_path / "there") == here
    wait_until(lambda: group_is_gone(process.pid))
    assert {*PLACE.glob(f"{PREFIX}*")} <= before


def test_a_running_cluster_gives_the_same_bytes_for_any_number_of_tasks(
    cluster: Nodes, tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own_rows(tmp_path, 300)
    flags = ["--lang", "zh", "--sample", "--add", "lines.jsonl", "--add-licence", "MIT", "--no-report"]
    here = build(tmp_path / "here", *flags)
    for tasks in (1, 5):
        engine = ["--engine", "ray", "--ray-address", cluster.address, "--workers", tasks]
        assert build(tmp_path / f"there{tasks}", *flags, *engine) == here


def test_generated_upstreams_of_the_mix_give_the_same_bytes(
    cluster: Nodes, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.files.parts.PART_BYTES", 300_000)
    generator = [sys.executable, str(shared / "tools/make_upstream.py"), str(tmp_path / "mirror")]
    subprocess.run([*generator, "--scale", "0.05"], check=True, capture_output=True)
    flags = ["--lang", "zh", "--mirror", tmp_path / "mirror", "--benchmarks", shared / "benchmarks", "--no-report"]
    here = build(tmp_path / "here", *flags, "--workers", 2)
    assert build(tmp_path / "there", *flags, "--engine", "ray", "--ray-address", cluster.address) == here
