"""lm-eval's scores against our own reading of the tasks, computed with the model by hand."""

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import DownloadError, PrefsError
from train.evaluation.ask import Asking, Run, ask, ask_one, load_tasks
from train.evaluation.benchmarks import BY_NAME
from train.evaluation.find_data import Folder, find_parts, parts_without_files
from train.evaluation.harness import quiet
from train.evaluation.model import Loading, find_model
from train.evaluation.results import TaskRun
from train.evaluation.task_files import Workplace, write_tasks

LOADING = Loading(device="cpu", dtype="auto", batch_size=3, apply_chat_template=False)
Rows = dict[str, list[Any]]


def prepare(mirror: Path, work: Path, name: str, *, num_fewshot: int = 0, limit: int | None = None) -> Asking:
    """Task files of one benchmark with the files that are there."""
    folder = Folder([mirror], "--mirror")
    parts = find_parts([BY_NAME[name]], folder, num_fewshot, partial=True, scratch=work)
    write_tasks(Workplace(work), BY_NAME[name], parts[name], num_fewshot)
    return Asking([BY_NAME[name]], Workplace(work), limit, 0)


def run(model: str, asking: Asking) -> Run:
    with quiet() as cut:
        return ask(find_model(model), LOADING, asking, cut)


class ByHand:
    """A model read with transformers alone."""

    def __init__(self, folder: str) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer, self.model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)

    def logp(self, context: str, continuation: str) -> float:
        """The log-probability of the continuation."""
        import torch

        before = self.tokenizer(context, add_special_tokens=False).input_ids
        ids = torch.tensor([before + self.tokenizer(continuation, add_special_tokens=False).input_ids])
        with torch.no_grad():
            logps = self.model(ids).logits[0, :-1].log_softmax(-1)
        return float(logps.gather(1, ids[0, 1:, None])[len(before) - 1 :].sum())

    def pick(self, context: str, choices: list[str], lengths: list[int] | None = None) -> int:
        """The choice with the highest log-probability, per character if `lengths` are given."""
        logps = [self.logp(context, choice) / (lengths[i] if lengths else 1) for i, choice in enumerate(choices)]
        return logps.index(max(logps))

    def write(self, context: str, stops: str, max_tokens: int = 256) -> str:
        """What the model writes greedily up to the first of the stops."""
        import torch

        ids = self.tokenizer(context, add_special_tokens=False, return_tensors="pt").input_ids
        start = ids.shape[1]
        with torch.no_grad():
            for _ in range(max_tokens):
                best = int(self.model(ids).logits[0, -1].argmax())
                if best == self.tokenizer.eos_token_id:
                    break
                ids = torch.cat([ids, torch.tensor([[best]])], dim=1)
                text = str(self.tokenizer.decode(ids[0, start:]))
                if any(stop in text for stop in stops):
                    return text[: min(text.find(stop) for stop in stops if stop in text)]
        return str(self.tokenizer.decode(ids[0, start:]))


@pytest.fixture(scope="module")
def by_hand(models: tuple[str, str]) -> ByHand:
    return ByHand(models[1])


def answers(found: Run, name: str) -> list[str | int]:
    return [outcome.answer for outcome in found.tasks[name].outcomes]


def mean(scores: list[float]) -> Any:
    return pytest.approx(sum(scores) / len(scores))


def test_copa_is_the_likelier_ending(
    mirror: Path, tmp_path: Path, models: tuple[str, str], by_hand: ByHand, rows: Rows
) -> None:
    found = run(models[1], prepare(mirror, tmp_path / "work", "copa"))
    words = {"cause": "because", "effect": "therefore"}
    expected = []
    for row in rows["copa"]:
        context = f"{row['premise'][:-1]} {words[row['question']]}"
        # the packaged task puts a blank before each choice, and lm-eval its delimiter, another blank
        choices = [f"  {row[name][0].lower()}{row[name][1:]}" for name in ("choice1", "choice2")]
        expected.append(by_hand.pick(context, choices))
    assert answers(found, "copa") == expected
    scores = [float(pick == row["label"]) for pick, row in zip(expected, rows["copa"], strict=True)]
    assert found.tasks["copa"].score.value == mean(scores)


def test_hellaswag_is_the_likelier_ending_per_character(
    mirror: Path, tmp_path: Path, models: tuple[str, str], by_hand: ByHand, rows: Rows
) -> None:
    found = run(models[1], prepare(mirror, tmp_path / "work", "hellaswag"))
    expected = []
    for row in rows["hellaswag"]:
        label = row["activity_label"].replace(" [title]", ". ").replace("  ", " ")
        context = f"{label}: {row['ctx_a']} {row['ctx_b'].capitalize()}"
        lengths = [len(ending) for ending in row["endings"]]
        expected.append(by_hand.pick(context, [f" {ending}" for ending in row["endings"]], lengths))
    assert answers(found, "hellaswag") == expected
    scores = [float(pick == int(row["label"])) for pick, row in zip(expected, rows["hellaswag"], strict=True)]
    assert found.tasks["hellaswag"].score.value == mean(scores)


def test_the_variant_of_cvalues_is_the_likelier_label(
    mirror: Path, tmp_path: Path, models: tuple[str, str], by_hand: ByHand, rows: Rows
) -> None:
    found = run(models[1], prepare(mirror, tmp_path / "work", "cvalues_loglikelihood"))
    expected = [by_hand.pick(row["prompt"], ["回复1", "回复2"]) for row in rows["cvalues"]]
    assert answers(found, "cvalues_loglikelihood") == expected
    scores = [float(f"回复{pick + 1}" == row["label"]) for pick, row in zip(expected, rows["cvalues"], strict=True)]
    assert found.tasks["cvalues_loglikelihood"].score.value == mean(scores)


def test_cmmlu_is_the_likelier_letter_in_every_subject(
    mirror: Path, tmp_path: Path, models: tuple[str, str], by_hand: ByHand, rows: Rows
) -> None:
    found = run(models[1], prepare(mirror, tmp_path / "work", "cmmlu", limit=1)).tasks["cmmlu"]
    assert (len(found.outcomes), len(found.subjects)) == (67, 67)
    question, *options, answer = rows["cmmlu"][0]
    lines = [f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=True)]
    context = "\n".join(["以下是关于农学的单项选择题，请直接给出正确答案的选项。\n", question, *lines, "答案："])
    (agronomy,) = (outcome for outcome in found.outcomes if outcome.task == "cmmlu_agronomy")
    assert agronomy.answer == by_hand.pick(context, [f" {letter}" for letter in "ABCD"])
    assert found.subjects["cmmlu_agronomy"] == float("ABCD"[int(agronomy.answer)] == answer)
    assert found.score.value == mean(list(found.subjects.values()))


def test_examples_stand_before_the_question(
    mirror: Path, tmp_path: Path, models: tuple[str, str], by_hand: ByHand, rows: Rows
) -> None:
    for table in set(mirror.rglob("*.csv")) - set(mirror.rglob("agronomy.csv")):
        table.unlink()
    found = run(models[1], prepare(mirror, tmp_path / "work", "cmmlu", num_fewshot=1, limit=2)).tasks["cmmlu"]
    assert found.num_fewshot == 1

    def asked(row: tuple[str, ...]) -> str:
        lines = [f"{letter}. {option}" for letter, option in zip("ABCD", row[1:5], strict=True)]
        return "\n".join([row[0], *lines, "答案："])

    first, second = rows["cmmlu"][:2]
    head = "以下是关于农学的单项选择题，请直接给出正确答案的选项。\n\n"
    context = f"{head}{asked(first)} {first[5]}\n\n{asked(second)}"
    outcome = next(outcome for outcome in found.outcomes if (outcome.task, outcome.index) == ("cmmlu_agronomy", 1))
    assert outcome.answer == by_hand.pick(context, [f" {letter}" for letter in "ABCD"])


def test_triviaqa_is_the_written_answer(
    tmp_path: Path, models: tuple[str, str], by_hand: ByHand, write: Callable[[str, Any], Path]
) -> None:
    questions = ["Which planet is the largest", "Who wrote Hamlet"]
    written = [by_hand.write(f"Question: {question}?\nAnswer:", "\n.,").strip() for question in questions]
    upper = written[0].translate(str.maketrans("", "", string.punctuation)).upper()
    aliases = [["no", upper, "nor this"], ["another thing"]]
    path = write(
        "triviaqa/validation.jsonl",
        [{"question": q, "answer": {"aliases": a}} for q, a in zip(questions, aliases, strict=True)],
    )
    found = run(models[1], prepare(path.parents[1], tmp_path / "work", "triviaqa")).tasks["triviaqa"]
    assert [str(outcome.answer).strip() for outcome in found.outcomes] == written
    assert [outcome.score for outcome in found.outcomes] == [1.0, 0.0]
    assert found.score.stderr == pytest.approx(0.5)  # of two scores: their standard deviation by the root of two


class Scripted:
    """In the place of a model: gives these texts."""

    rank, world_size = 0, 1

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.asked: list[str] = []

    def generate_until(self, requests: list[Any]) -> list[str]:
        self.asked = [request.args[0] for request in requests]
        return list(self.texts)


def scripted(mirror: Path, work: Path, *texts: str) -> tuple[TaskRun, Scripted]:
    asking, lm = prepare(mirror, work, "cvalues"), Scripted(*texts)
    with quiet():
        return ask_one(lm, LOADING, BY_NAME["cvalues"], asking), lm


def test_cvalues_is_read_from_what_is_written(mirror: Path, tmp_path: Path, rows: Rows) -> None:
    found, lm = scripted(mirror, tmp_path / "work", "我认为回复1更好。", "回复2比回复1更负责任")
    assert lm.asked == [row["prompt"] for row in rows["cvalues"]]
    assert found.score.value == 1.0
    assert found.readings == {"回复1": 1, "回复2": 1}
    assert [outcome.answer for outcome in found.outcomes] == ["我认为回复1更好。", "回复2比回复1更负责任"]


def test_answers_of_cvalues_that_cannot_be_read_are_counted_and_wrong(mirror: Path, tmp_path: Path) -> None:
    found, _ = scripted(mirror, tmp_path / "work", "今天天气很好", "两个回复都很好")
    assert found.score.value == 0.0
    assert found.metrics["unreadable"] == 0.5
    assert found.readings == {"neither": 1, "unreadable": 1}


def test_prompts_longer_than_the_context_are_counted(
    tmp_path: Path, models: tuple[str, str], write: Callable[[str, Any], Path]
) -> None:
    path = write("cvalues_responsibility_mc.jsonl", [{"prompt": "很长" * 400, "label": "回复1"}])
    found = run(models[1], prepare(path.parent, tmp_path / "work", "cvalues_loglikelihood"))
    assert found.cut
    assert found.max_length == 1024


def test_a_failure_names_the_model_and_the_benchmark(
    mirror: Path, tmp_path: Path, models: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate\nmore")

    monkeypatch.setattr("lm_eval.models.huggingface.HFLM.loglikelihood", fail)
    with pytest.raises(PrefsError, match=r"fails at copa \(CUDA out of memory.*smaller --batch-size"):
        run(models[1], prepare(mirror, tmp_path / "work", "copa"))


def test_what_the_hub_does_not_give_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("Couldn't reach 'aps/super_glue' on the Hub\nmore")

    monkeypatch.setattr("datasets.load_dataset", refuse)
    place = Workplace(tmp_path)
    write_tasks(place, BY_NAME["copa"], parts_without_files(BY_NAME["copa"]), 0)
    with quiet(), pytest.raises(DownloadError, match=r"copa: needs aps/super_glue .*Couldn't reach .*--mirror"):
        load_tasks(place, BY_NAME["copa"], 0)
