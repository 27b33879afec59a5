"""Batches within --max-spend; what a run with batches leaves on the disk."""

import signal
from collections.abc import Callable
from errno import ENOSPC
from pathlib import Path
from typing import IO

import pytest

from tests.forking import Forking
from tests.synth.asking.batches import (
    MODELS,
    PROMPTS,
    Outputs,
    Run,
    Start,
    all_answered_once,
    at_look,
    book,
    flags,
    killed,
    last,
    spoil_files,
    submitted,
    with_response,
)
from tests.synth.place import JOURNAL, Place

SECRET = "sk-very-secret-0123456789"


def priced(place: Place, **dollars: float) -> list[object]:
    """Flags for so many dollars at most for an answer of a model, which is cut at 100 tokens; what is asked costs
    nothing, and in batches all costs a half."""
    sampling = "{temperature: 1.0, max_tokens: 100}"
    recipe = place.recipe("max_tokens: 100", f"chosen: {{api: chat, sampling: {sampling}}}\n")
    prices = (f"  {name}: {{input: 0, output: {price * 10_000}, batch: 0.5}}\n" for name, price in dollars.items())
    return [
        "--recipe",
        recipe,
        "--prices",
        place.write_file("prices.yaml", f"as_of: today\nmodels:\n{''.join(prices)}"),
    ]


def spent(place: Place, **dollars: float) -> float:
    """Dollars for all that the journal holds."""
    rows = place.journal("model, completion_tokens", where="status IS NULL")
    return sum((tokens * dollars.get(model, 0.0) / 100 for model, tokens in rows), 0.0)


def test_a_limit_is_never_exceeded_and_more_money_goes_on(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    own = priced(place, strong=2.0)
    server = played(**MODELS, batch_shuffled=True)
    said = run(server.url, *own, "--max-spend", 3.5, "--json")
    assert 2.5 < said.asked["dollars"] <= 3.5  # else there was money for one more
    assert spent(place, strong=1.0) == pytest.approx(said.asked["dollars"], abs=1e-3)
    done = server.counts["batch_lines"]
    assert submitted(server) > 1  # money that came back was spent on
    assert 3 < done < PROMPTS
    lost = place.lost()
    assert list(lost) == [str(number) for number in range(done, PROMPTS)]
    assert set(lost.values()) == {("not_asked", "chosen: --max-spend 3.50 would be exceeded")}
    assert f"stopped at ${said.asked['dollars']:,.2f}" in said.out
    rest = run(server.url, *own, "--max-spend", 100, "--json")
    assert all_answered_once(server)
    assert rest.asked["dollars"] == pytest.approx(spent(place, strong=1.0), abs=1e-3)
    assert "stopped" not in rest.out
    assert place.outputs() == alone(*own)


def test_where_every_answer_costs_the_most_the_limit_is_met_exactly(run: Run, place: Place, played: Start) -> None:
    own = priced(place, strong=200.0)
    own[1] = place.recipe("max_tokens: 100", "chosen: {api: chat, sampling: {temperature: 1.0, max_tokens: 1}}\n")
    server = played(**MODELS)
    assert run(server.url, *own, "--max-spend", 7, "--json").asked["dollars"] == 7.0
    assert (server.counts["batch_lines"], submitted(server)) == (7, 1)
    assert run(server.url, *own, "--max-spend", 7.9, "--json").asked["dollars"] == 7.0
    assert submitted(server) == 1
    assert run(server.url, *own, "--max-spend", 12, "--json").asked["dollars"] == 12.0
    assert all_answered_once(server)


def test_money_that_comes_back_is_spent_however_often(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.asking.ask_batches.MAX_ROUNDS", 1)
    own = priced(place, strong=2.0)
    server = played(**MODELS)
    said = run(server.url, *own, "--max-spend", 6.9, "--json")
    assert submitted(server) > 2
    assert said.asked["dollars"] <= 6.9
    assert all_answered_once(server)
    assert "stopped" not in said.out
    assert place.lost() == {}


def test_no_money_for_one_request_submits_nothing(run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS)
    own = priced(place, strong=2.0)
    assert "would be exceeded" in last(run(server.url, *own, "--max-spend", 0.5, code=1))
    assert submitted(server) == 0


def test_a_limit_counts_what_a_killed_run_has_collected_once(
    run: Run, place: Place, played: Start, forking: Forking
) -> None:
    own = priced(place, strong=2.0)
    server = played(**MODELS)
    told = flags(place, server.url, "--batch", *own, "--max-spend", 100)
    assert killed(forking, "half way through the answers", told) == -signal.SIGKILL
    figures = run(server.url, *own, "--max-spend", 100, "--json").asked
    assert figures["dollars"] == pytest.approx(spent(place, strong=1.0), abs=1e-3)
    assert len(place.journal(where="side = 'chosen'")) == PROMPTS


def test_the_money_of_an_open_batch_is_not_spent_on_the_other_side(run: Run, place: Place, played: Start) -> None:
    own = [*priced(place, strong=2.0, played=1.0), "--max-spend", 12.5]
    server = played(**MODELS, batch_polls=3)
    said = run(server.url, *own, "--no-wait", code=3)  # 12 dollars are set aside for the batch
    assert "still at work" in last(said)
    assert len(place.journal(where="side = 'rejected'")) == 0
    run(server.url, *own, "--no-wait", code=3)
    assert len(place.journal(where="side = 'rejected'")) == 0
    figures = run(server.url, *own, "--json").asked
    assert submitted(server) == 1
    assert figures["dollars"] == pytest.approx(spent(place, strong=1.0, played=1.0), abs=1e-3)
    assert figures["dollars"] <= 12.5
    assert place.lost() == {}


def test_an_interruption_ends_the_wait_for_money_too(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [*priced(place, strong=2.0, played=1.0), "--max-spend", 12.5]
    server = played(**MODELS, batch_polls=9)
    at_look(monkeypatch, lambda number: signal.raise_signal(signal.SIGINT) if number == 3 else None)
    run(server.url, *own, code=130)
    run(server.url, *own)
    assert submitted(server) == 1
    assert place.lost() == {}


def test_a_batch_whose_answers_are_all_there_is_asked_for_no_more(
    run: Run, place: Place, played: Start, forking: Forking
) -> None:
    server = played(**MODELS)
    told = flags(place, server.url, "--batch", "--limit", 5)
    assert killed(forking, "before the end is noted", told) == -signal.SIGKILL
    run(server.url, "--limit", 5)
    assert len(book(place)) == 1
    looks = server.counts["per_endpoint"]["GET /v1/batches/{id}"]
    run(server.url)
    assert book(place) == []
    assert server.counts["per_endpoint"]["GET /v1/batches/{id}"] == looks + 2
    assert all_answered_once(server)


def test_the_key_is_in_no_file_and_in_no_word(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REJECTED_API_KEY", SECRET)
    monkeypatch.setenv("CHOSEN_API_KEY", SECRET)
    error = {"code": "x", "message": f"no credit for {SECRET}"}
    server = played(**MODELS, key=SECRET, watch_for=(SECRET,), batch_invalid=error, batch_invalid_times=1)
    failed = run(server.url, code=1)
    assert "no credit for ***" in last(failed)
    spoil_files(monkeypatch, lambda lines: [with_body(lines[0], 400), with_body(lines[1], 500), *lines[2:]], times=1)
    said = run(server.url)
    assert set(server.counts["watched"][SECRET]) == {"header authorization"}
    for text in (failed.err, said.out, said.err):
        assert SECRET not in text
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert any(path.name == JOURNAL for path in files)
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path
    assert any("who is ***?" in evidence for _, evidence in place.lost().values())


def with_body(line: bytes, status: int) -> bytes:
    return with_response(line, {"status_code": status, "body": {"error": {"message": f"who is {SECRET}?"}}})


def test_the_folder_holds_the_files_and_nothing_else(
    run: Run, place: Place, played: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    server = played(**MODELS, batch_invalid={"message": "No."}, batch_invalid_times=1)
    run(server.url, code=1)
    run(server.url)
    assert list((tmp_path / "temporary").iterdir()) == []
    names = {path.name for path in place.out.iterdir()}
    assert names == {JOURNAL, ".build-prefs.lock", *place.written}


def test_no_room_for_the_requests_is_one_line(run: Run, played: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> IO[bytes]:
        raise OSError(ENOSPC, "No space left on device")

    server = played(**MODELS)
    with monkeypatch.context() as changed:
        changed.setattr("synth.engines.batch_api.TemporaryFile", full)
        said = last(run(server.url, code=1))
    assert said.endswith(
        "no temporary file can be written (No space left on device). Free some space, or name another folder in TMPDIR."
    )
    run(server.url)
    assert all_answered_once(server)
