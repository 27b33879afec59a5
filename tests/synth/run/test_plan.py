"""--dry-run says what a run would ask and cost, and asks nothing."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from synth.job.completion import Refusal
from synth.job.job import Job
from synth.journal.journal import NAME, Entry, Journal
from synth.run.plan import Plan, make_plan, show_plan, tokens_of
from synth.synth_prefs import main, make_job, parse
from tests.synth.made import as_lines, said, user

NOWHERE = "http://127.0.0.1:9/v1"
ROWS = [{"prompt": f"第{n}问", "chosen": f"第{n}答，不长不短。"} for n in range(10)]
RECIPE = """
name: plan
rejected: {api: chat, sampling: {max_tokens: 64, temperature: 0.5}}
chosen: {api: chat, sampling: {max_tokens: 100}}
"""
PRICES = "as_of: x\nmodels: {strong: {input: 100, output: 1000, batch: 0.25}, weak: {input: 0, output: 10}}\n"
Make = Callable[..., Job]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A job by these flags."""
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    (tmp_path / "prompts.jsonl").write_text(as_lines(ROWS), encoding="utf-8")

    def call(*more: object) -> Job:
        return make_job(parse(flags(tmp_path, *more)))

    return call


def flags(folder: Path, *more: object) -> list[str]:
    given = ["--lang", "zh", "--prompts", folder / "prompts.jsonl", "--recipe", folder / "recipe.yaml", "--out"]
    given += [folder / "out", "--rejected-model", "weak", "--rejected-url", NOWHERE, "--prices", folder / "prices.yaml"]
    return [str(flag) for flag in [*given, "--dry-run", *more]]


def answer(job: Job, side: int, numbers: range, *, refused: bool = False) -> None:
    """Put answers of one side into the journal."""
    model = job.models[side]
    job.out.mkdir(exist_ok=True)
    journal, one = Journal(job.out / NAME), job.writer(model, "chat")
    outcome = Refusal(400, "no") if refused else said()
    keys = [one.request(user(f"第{n}问"), 0).key for n in numbers]
    journal.append([Entry(key, model.side, model.name, outcome) for key in keys])
    journal.close()


def test_all_that_would_be_asked_is_counted(make: Make) -> None:
    plan = make_plan(make())
    (side,) = plan.sides
    assert (plan.prompts, plan.rows_without_prompt, plan.from_file) == (10, 0, "prompts.jsonl")
    assert (side.side, side.model, side.where, side.api) == ("rejected", "weak", NOWHERE, "chat")
    assert (side.requests, side.in_journal, side.most_answer_tokens) == (10, 0, 640)
    assert side.prompt_tokens == sum(tokens_of(str(row["prompt"])) for row in ROWS)
    assert side.answer_tokens == round(sum(tokens_of(str(row["chosen"])) for row in ROWS))


def test_several_answers_are_several_requests(make: Make) -> None:
    (side,) = make_plan(make("--num-rejected", 3)).sides
    assert (side.requests, side.most_answer_tokens) == (30, 1920)


def test_what_the_journal_has_is_not_asked_again(make: Make) -> None:
    job = make()
    answer(job, 0, range(4))
    answer(job, 0, range(6, 8), refused=True)
    before = sorted(path.name for path in job.out.iterdir())
    (side,) = make_plan(make("--limit", 9)).sides
    assert (side.requests, side.in_journal) == (3, 6)
    assert sorted(path.name for path in job.out.iterdir()) == before


def test_nothing_is_written_where_there_is_no_journal(make: Make) -> None:
    job = make()
    make_plan(job)
    assert not job.out.exists()


def test_both_sides_have_their_own_figures(make: Make) -> None:
    both = ("--chosen-model", "strong", "--chosen-url", NOWHERE)
    answer(make(*both), 0, range(5))
    chosen, rejected = make_plan(make(*both)).sides
    assert (chosen.side, chosen.requests, chosen.in_journal) == ("chosen", 5, 5)
    assert (rejected.side, rejected.requests, rejected.in_journal) == ("rejected", 10, 0)
    assert chosen.answer_tokens == chosen.most_answer_tokens == 500


def test_the_price_is_that_of_the_list_and_of_the_batch_api(make: Make) -> None:
    both = ("--chosen-model", "strong", "--chosen-url", NOWHERE)
    chosen, rejected = make_plan(make(*both)).sides
    batch, _ = make_plan(make(*both, "--batch")).sides
    assert chosen.dollars == pytest.approx((chosen.prompt_tokens * 100 + 1000 * 1000) / 1e6)
    assert rejected.dollars == pytest.approx(640 * 10 / 1e6)
    assert batch.dollars == pytest.approx(chosen.dollars * 0.25)
    assert chosen.most_dollars is not None
    assert chosen.most_dollars > chosen.dollars
    assert batch.most_dollars == pytest.approx(chosen.most_dollars * 0.25)


def test_the_most_dollars_are_a_limit_that_suffices(make: Make) -> None:
    job = make("--chosen-model", "strong", "--chosen-url", NOWHERE)
    chosen, _ = make_plan(job).sides
    one = job.writer(job.models[0], "chat")
    price = job.models[0].price
    assert price is not None
    assert chosen.most_dollars == pytest.approx(sum(price.most(one.request(user(f"第{n}问"), 0)) for n in range(10)))


def test_a_price_that_is_not_known_is_none(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHOSEN_API_KEY", "k")
    chosen, _ = make_plan(make("--chosen-model", "unlisted", "--chosen-url", "https://example.org/v1")).sides
    assert (chosen.dollars, chosen.most_dollars) == (None, None)
    assert "price unknown" in shown(Plan(1, 0, "f", [chosen]))


@pytest.mark.parametrize("by", ["chat", "completions"])
def test_an_interface_that_is_to_be_found_out_is_known_from_the_journal(by: str, make: Make, tmp_path: Path) -> None:
    recipe = RECIPE.replace("rejected: {api: chat", f"rejected: {{api: {by}")
    (tmp_path / "recipe.yaml").write_text(recipe.replace(f"api: {by}, samp", "api: auto, samp", 1), encoding="utf-8")
    assert make_plan(make()).sides[0].api == "found out at the start"
    job = make()
    job.out.mkdir()
    journal, one = Journal(job.out / NAME), job.writer(job.rejected, by)  # type: ignore[arg-type]
    journal.append([Entry(one.request(user("第0问"), 0).key, "rejected", "weak", said())])
    journal.close()
    (side,) = make_plan(make()).sides
    assert (side.api, side.requests, side.in_journal) == (by, 9, 1)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("一二三四五", 4), ("abcdefgh", 2), ("一二三四五 abc", 5), ("，。！？", 1)]
)
def test_tokens_are_guessed_from_characters(text: str, tokens: int) -> None:
    assert tokens_of(text) == tokens


def shown(plan: Plan) -> str:
    text = StringIO()
    show_plan(plan, Console(file=text, width=100))
    return text.getvalue()


def test_the_table_says_it_all_and_that_nothing_was_asked(make: Make, tmp_path: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text(as_lines([*ROWS, {"prompt": ""}]), encoding="utf-8")
    said = shown(make_plan(make()))
    assert "10 prompts from prompts.jsonl, 1 rows without one; nothing was asked." in said
    for line in ("weak", NOWHERE, "requests", "prompt tokens, about", "dollars, at most"):
        assert line in said


def test_the_command_prints_the_plan_as_a_table_or_as_json(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(flags(tmp_path)) == 0
    assert "nothing was asked" in capsys.readouterr().out
    assert main(flags(tmp_path, "--json")) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["sides"][0]["requests"] == 10
    assert printed.err == ""
