"""manifest.json says what determined the pairs and what came of them: no clock, path or address, nothing of the run."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from sources.fetch.fetcher import file_sha256
from synth.job.recipe import load_recipe
from synth.job.template import load_template
from tests.synth.place import Place, Said
from tests.synth.played_server import PlayedServer

Run = Callable[..., Said]
Start = Callable[..., PlayedServer]


def manifest(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place.out / "manifest.json").read_text(encoding="utf-8"))
    return found


def test_two_runs_at_two_places_write_the_same_bytes(place: Place, synth: Run, played: Start) -> None:
    other = place.other("elsewhere")
    synth(played().url, "--seed", 3)
    synth(played(delay_s=(0.0, 0.02)).url, "--seed", 3, "--concurrency", 5, at=other)
    assert place.outputs() == other.outputs()


def test_a_run_that_only_collects_writes_the_same_bytes_again(place: Place, synth: Run, played: Start) -> None:
    server = played()
    synth(server.url)
    before, served = place.outputs(), server.counts["served"]
    synth(server.url, "--collect")
    synth(server.url)
    assert place.outputs() == before
    assert server.counts["served"] == served


def test_it_holds_no_path_address_key_or_clock(
    place: Place, synth: Run, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(key="k-very-secret")
    monkeypatch.setenv("REJECTED_API_KEY", "k-very-secret")
    template = place.write_file("my-template.yaml", "user: '{content}'\nassistant: '{content}'\nanswer: ''\n")
    recipe = place.recipe(more="  api: completions\n")
    synth(server.url, "--template", template, "--recipe", recipe)
    text = (place.out / "manifest.json").read_text(encoding="utf-8")
    for secret in (str(place.folder), "my-template", "127.0.0.1", str(server.port), "very-secret", "http"):
        assert secret not in text
    assert not re.search(r"\d\d:\d\d|20\d\d-\d\d", text)


def test_it_says_all_that_determined_the_pairs(place: Place, synth: Run, played: Start) -> None:
    synth(played().url, "--seed", 5, "--limit", 7, "--num-rejected", 2, "--licence", "CC0-1.0")
    found = manifest(place)
    assert (found["format"], found["lang"]) == (1, "zh")
    assert {"build-prefs", "numpy", "pyarrow", "langdetect"} <= set(found["made_with"])
    plain = {"way": "weaker", "temperature": None}
    assert found["flags"] == {"limit": 7, "seed": 5, "num_rejected": 2, "rejected_from": plain}
    assert found["prompts"] == {
        "source": "prompts",
        "license": "CC0-1.0",
        "file": "prompts.jsonl",
        "sha256": file_sha256(place.folder / "prompts.jsonl"),
        "pinned_sha256": None,
        "rows": 7,
    }
    recipe = load_recipe("ct-llm")
    assert found["recipe"]["checks"] == recipe.checks
    assert found["recipe"]["rejected"]["sampling"] == recipe.rejected.sampling
    (writer,) = found["writers"]
    assert (writer["side"], writer["model"], writer["api"], writer["template"]) == ("rejected", "played", "chat", None)
    assert (writer["sampling"], writer["answers"]) == (recipe.rejected.sampling, 2)


def test_it_spells_the_template_that_was_used(place: Place, synth: Run, played: Start) -> None:
    synth(played(chat_template=False).url)
    (writer,) = manifest(place)["writers"]
    assert writer["api"] == "completions"
    assert writer["template"] == load_template("--template", "zh").model_dump(mode="json")


def test_it_counts_answers_and_tokens_of_both_sides(place: Place, synth: Run, played: Start) -> None:
    server = played(models=("played", "strong"))
    synth(server.url, "--chosen-model", "strong", "--chosen-url", server.url)
    chosen, rejected = manifest(place)["writers"]
    rows = place.rows("candidates")
    for writer, side in ((chosen, "chosen"), (rejected, "rejected")):
        ours = [row for row in rows if row["side"] == side]
        assert writer["side"] == side
        assert writer["tokens"] == {
            "answers": len(ours),
            "completion_tokens": sum(row["completion_tokens"] for row in ours),
            "prompt_tokens": sum(row["prompt_tokens"] for row in ours),
        }


def test_it_names_the_files_with_their_hashes(place: Place, synth: Run, played: Start) -> None:
    synth(played().url)
    found = manifest(place)["outputs"]
    assert [file["path"] for file in found] == ["pairs.parquet", "candidates.parquet", "dropped.parquet"]
    for file in found:
        data = (place.out / file["path"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert file["rows"] == len(place.rows(file["path"].removesuffix(".parquet")))
