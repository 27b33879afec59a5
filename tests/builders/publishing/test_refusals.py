"""What publish-prefs refuses, with the reason and what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.build_prefs import main as build_prefs
from tests.builders.publishing.conftest import OLD_HTTPX, TOKEN, Done
from tests.sources.loopback_hub import LoopbackHub

Publish = Callable[..., Done]
pytestmark = pytest.mark.filterwarnings(OLD_HTTPX)


def spoil(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    manifest = json.loads(path.read_text("utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m["sources"][0].update(rows_read=49), "does not add up: 49 rows read of cvalues_rlhf, but 48 found"),
        (lambda m: m["total"].update(train=171), "does not add up"),
        (lambda m: m["outputs"][0].update(sha256="0" * 64), "its SHA-256 is another one"),
        (lambda m: m["outputs"][0].update(rows=169), "does not add up: 170 train pairs, but 169 found"),
        (lambda m: m["outputs"][0].update(path="../../x.parquet"), "names ../../x.parquet"),
        (lambda m: m["outputs"].append({"path": "../../x", "sha256": ""}), "x: is not a file of this build"),
        (lambda m: m.update(format=9), "has format 9; expected 1"),
        (lambda m: m.pop("sources"), "is no manifest of build-prefs"),
        (lambda m: m.update(sources="all"), "is no manifest of build-prefs"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    hub: LoopbackHub, built: Path, publish: Publish, change: Callable[[dict[str, Any]], Any], says: str
) -> None:
    spoil(built / "zh" / "manifest.json", change)
    done = publish(built, "--repo", "me/x")
    assert done.status == 1
    assert says in done.err
    assert "uild" in done.err.split(says)[1] or "expected" in done.err
    assert not hub.log


def test_files_that_are_not_the_built_ones_are_refused(hub: LoopbackHub, built: Path, publish: Publish) -> None:
    data = built / "zh" / "data"
    (data / "extra.parquet").write_bytes(b"PAR1")
    assert "is not a file of this build" in publish(built, "--repo", "me/x").err
    (data / "extra.parquet").rename(built / "extra")
    (data / "test-00000-of-00001.parquet").unlink()
    assert "is in the manifest, but not there" in publish(built, "--repo", "me/x").err
    assert not hub.log


def test_what_is_no_build_is_refused(hub: LoopbackHub, built: Path, publish: Publish, tmp_path: Path) -> None:
    assert "no such folder" in publish(tmp_path / "nothing", "--repo", "me/x").err
    assert "no manifest.json there" in publish(built / "zh" / "data", "--repo", "me/x").err
    (built / "en" / "manifest.json").unlink()
    done = publish(built, "--repo", "me/x")
    assert done.status == 1
    assert "prefs/en: no manifest.json there, so it is no finished build" in done.err


@pytest.mark.parametrize("licence", ["unknown", "None", "other", " "])
def test_an_unknown_licence_is_refused_by_its_source(
    hub: LoopbackHub, tmp_path: Path, publish: Publish, licence: str
) -> None:
    rows = [
        {"prompt": f"请介绍第{n}种茶的泡法。", "chosen": f"用热水泡{n}分钟，然后慢慢喝。", "rejected": "不知道。"}
        for n in range(3)
    ]
    own = tmp_path / "mine.jsonl"
    own.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    arguments = ["--lang", "zh", "--sample", "--out", str(tmp_path / "out"), "--only", "huozi"]
    assert build_prefs([*arguments, "--add", str(own), "--add-licence", licence]) == 0
    done = publish(tmp_path / "out", "--repo", "me/x")
    assert done.status == 1
    assert "the licence of mine_zh is unknown, so nobody may publish it" in done.err
    assert "Build without it (no --add of it), or give its licence (--add-licence" in done.err


@pytest.mark.parametrize("name", ["x", "a/b/c", "me/x y", "https://huggingface.co/me/x", "me/..", "/x", "me/"])
def test_a_wrong_name_is_wrong_usage(hub: LoopbackHub, built: Path, publish: Publish, name: str) -> None:
    done = publish(built, "--repo", name)
    assert done.status == 2
    assert "is no name of a repository" in done.err
    assert not hub.log


def test_a_missing_token_is_told(
    hub: LoopbackHub, built: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    done = publish(built, "--repo", "me/x")
    assert done.status == 1
    assert "me/x: no token. Set HF_TOKEN" in done.err
    assert not hub.log


def test_a_dry_run_without_a_token_shows_the_files_and_says_what_was_not_checked(
    hub: LoopbackHub, built: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    done = publish(built, "--repo", "me/x", "--dry-run")
    assert done.status == 0, done.err
    assert "+ zh/data/train-00000-of-00001.parquet" in done.out
    assert "217 pairs would be published in one commit: 12 files to send, " in done.out
    assert "not checked, for want of a token: whether that name may be written, and what it holds. Set HF_" in done.out
    assert "would be made first" not in done.out
    told = json.loads(publish(built, "--repo", "me/x", "--dry-run", "--json").out)
    assert told["new_repository"] is None
    assert told["not_checked"].startswith("not checked")
    arguments = ["--lang", "zh", "--sample", "--out", str(built / "new"), "--push-to-hub", "me/x"]
    assert build_prefs([*arguments, "--dry-run"]) == 0
    assert build_prefs(arguments) == 1
    assert not hub.log
    assert not (built / "new").exists()


@pytest.mark.parametrize(
    "owner",
    [
        {"name": "me", "role": "read"},
        {"name": "me", "role": "fineGrained", "scopes": {"scoped": [{"permissions": ["repo.content.read"]}]}},
    ],
)
def test_a_token_that_may_only_read_is_told(
    hub: LoopbackHub, built: Path, publish: Publish, owner: dict[str, Any]
) -> None:
    hub.state.tokens[TOKEN] = owner
    done = publish(built, "--repo", "me/x", "--dry-run")
    assert done.status == 1
    assert "the token of me may only read" in done.err
    assert not hub.state.repos


def test_a_fine_grained_token_that_may_write_does(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None
) -> None:
    scopes = {"scoped": [{"entity": {"type": "user", "name": "me"}, "permissions": ["repo.write"]}]}
    hub.state.tokens[TOKEN] = {"name": "me", "role": "fineGrained", "scopes": scopes}
    assert publish(built, "--repo", "me/x").status == 0


def test_a_name_of_somebody_else_is_refused_by_the_hub(hub: LoopbackHub, built: Path, publish: Publish) -> None:
    done = publish(built, "--repo", "stranger/x")
    assert done.status == 1
    assert "stranger/x: the token may not do that (403: You don't have the rights" in done.err


def test_what_publish_prefs_did_not_write_stays_unless_replace_is_given(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None
) -> None:
    repo = hub.state.create("me/x", private=True)
    repo.write(model__bin=b"weights", README__md=b"# Mine\n")
    before = repo.files
    done = publish(built, "--repo", "me/x")
    assert done.status == 1
    assert "me/x: holds 2 files that publish-prefs did not write, or changed since (README.md, model.bin)" in done.err
    assert "--replace" in done.err
    assert repo.files == before
    assert publish(built, "--repo", "me/x", "--replace").status == 0
    assert "model.bin" not in repo.files
    assert repo.files["README.md"].content.startswith(b"---\npretty_name")


def test_a_card_that_was_edited_on_the_hub_is_not_lost_unasked(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None
) -> None:
    publish(built, "--repo", "me/x")
    hub.state.repos["me/x"].write(README__md=b"# My own words\n")
    assert "(README.md)" in publish(built, "--repo", "me/x").err
    assert publish(built, "--repo", "me/x", "--replace").status == 0


def test_a_forged_record_does_not_pass_for_ours(hub: LoopbackHub, built: Path, publish: Publish) -> None:
    repo = hub.state.create("me/x", private=True)
    repo.write(**{"publish-prefs__json": b'{"files": []}', "a__txt": b"mine"})
    done = publish(built, "--repo", "me/x")
    assert "holds 2 files" in done.err


def test_a_language_that_would_be_lost_is_told(hub: LoopbackHub, built: Path, publish: Publish, trusting: None) -> None:
    publish(built, "--repo", "me/x")
    done = publish(built / "zh", "--repo", "me/x")
    assert done.status == 1
    assert "me/x: holds en as well, which would be removed" in done.err
    assert publish(built / "zh", "--repo", "me/x", "--replace").status == 0
    assert not [path for path in hub.state.repos["me/x"].files if path.startswith("en/")]
