"""What a plan says of the prompts that sources share, before anything is built."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from builders.build_prefs import main
from sources.fetch.fetcher import SAMPLE
from tests.builders.running import Run

FLAGS = ("--lang", "all", "--recipe", "ct-llm-plus", "--workers", 1)


def bare(overlaps: list[dict[str, Any]]) -> dict[str, tuple[int, dict[str, int]]]:
    """Without what only a build can know, and without sources that share no prompt."""
    return {one["source"]: (one["prompts"], one["shared"]) for one in overlaps if one["shared"]}


def test_it_is_what_the_build_finds(run: Run) -> None:
    _, planned, _ = run(*FLAGS, "--sample", "--dry-run", "--overlap", "--json")
    _, done, _ = run(*FLAGS, "--sample", "--no-report", "--json")
    plan = json.loads(planned)
    built = {one["lang"]: bare(one["overlaps"]) for one in json.loads(done)["built"]}
    assert {lang: bare(found) for lang, found in plan["overlaps"].items()} == built
    assert built["zh"]
    assert plan["overlaps_not_here"] == []
    assert plan["overlaps_rows_read"] > 400


def test_the_table_says_how_much_of_a_source_each_other_has(run: Run) -> None:
    code, out, err = run(*FLAGS, "--sample", "--dry-run", "--overlap")
    assert (code, err) == (0, "")
    assert "overlap  Chinese, " in out
    assert "only prompts were read" in out
    assert "nothing was read" not in out


def test_what_is_not_on_this_machine_is_named_and_not_counted(run: Run, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    shutil.copytree(SAMPLE / "HIT-SCIR", mirror / "HIT-SCIR")
    code, out, _ = run("--lang", "zh", "--mirror", mirror, "--dry-run", "--overlap", "--json")
    plan = json.loads(out)
    assert code == 0
    assert "Skepsun/cvalues_rlhf/harmless_train.json" in plan["overlaps_not_here"]
    assert plan["overlaps_rows_read"] == 40


def test_a_limit_bounds_what_is_read(run: Run) -> None:
    _, out, _ = run("--lang", "zh", "--sample", "--only", "huozi", "--limit", 7, "--dry-run", "--overlap", "--json")
    assert json.loads(out)["overlaps_rows_read"] == 7


def test_alone_it_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--lang", "zh", "--sample", "--overlap"])
    assert exit_.value.code == 2
    assert "--overlap: needs --dry-run" in capsys.readouterr().err
