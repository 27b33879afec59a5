"""Training on tokenised rows: the numbers of plain TRL, a reference that is computed once, metrics by source."""

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from sources.command.errors import PrefsError
from tests.train.tiny import llama, save_model, token_rows, word_tokenizer
from train.fast.tokens import TOKENS
from train.training.trainer import PrefsTrainer, Speed, check_trl

EVERY_SPEED = {
    "packed": Speed(balance=False),
    "packed, prompts shared": Speed(share_prompts=True, balance=False),
    "balanced": Speed(pack=False, balance=True),
    "all": Speed(share_prompts=True),
    "none": Speed(pack=False, balance=False),
}


def arguments(folder: Path, **more: Any) -> DPOConfig:
    given = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2, "learning_rate": 1e-4, "beta": 0.5}
    given |= {"max_length": 64, "logging_steps": 1, "save_strategy": "no", "report_to": "none", "disable_tqdm": True}
    given |= {"bf16": False, "use_cpu": True, "max_steps": 20, "output_dir": str(folder)}
    return DPOConfig(**given | more)


def train(folder: Path, rows: pa.Table, speed: Speed, test: pa.Table | None = None, **more: Any) -> PrefsTrainer:
    resume = more.pop("resume", None)
    made = PrefsTrainer(
        train=rows, test=test, speed=speed, tokenizer=word_tokenizer(),
        model=more.pop("model", None) or llama(), ref_model=more.pop("ref_model", None) or reference(speed),
        args=arguments(folder, **more),
    )  # fmt: skip
    made.train(resume_from_checkpoint=resume)
    return made


def reference(speed: Speed) -> Any:
    """A model in memory has no folder that TRL could load its reference from."""
    return None if speed.reference_cache else llama()


def plain(folder: Path, rows: pa.Table, **more: Any) -> DPOTrainer:
    class Tokenised(DPOTrainer):
        def _prepare_dataset(self, dataset: Dataset, *_given: Any) -> Dataset:
            return dataset

    made = Tokenised(
        model=llama(), ref_model=llama(), args=arguments(folder, **more), processing_class=word_tokenizer(),
        train_dataset=Dataset(rows.select(list(TOKENS))),
    )  # fmt: skip
    made.train()
    return made


def losses(trainer: Any, name: str = "loss") -> list[float]:
    return [entry[name] for entry in trainer.state.log_history if name in entry]


def weights(trainer: Any) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in trainer.model.parameters()])


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    return token_rows(160)


@pytest.fixture(scope="module")
def by_trl(rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> DPOTrainer:
    return plain(tmp_path_factory.mktemp("plain"), rows)


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("name", EVERY_SPEED)
def test_losses_and_parameters_are_those_of_plain_trl(
    name: str, cached: bool, rows: pa.Table, by_trl: DPOTrainer, tmp_path: Path
) -> None:
    from dataclasses import replace

    speed = replace(EVERY_SPEED[name], reference_cache=tmp_path / "cache" if cached else None)
    ours = train(tmp_path / "out", rows, speed)
    assert losses(ours) == pytest.approx(losses(by_trl), abs=1e-4)
    for metric in ("rewards/margins", "rewards/accuracies", "entropy", "logps/chosen"):
        assert losses(ours, metric) == pytest.approx(losses(by_trl, metric), abs=2e-3), metric
    assert float((weights(ours) - weights(by_trl)).abs().max()) < 1e-5


@pytest.mark.parametrize("loss", [["ipo"], ["hinge"], ["sigmoid", "sft"], ["aot"]])
def test_other_losses_are_those_of_plain_trl(loss: list[str], rows: pa.Table, tmp_path: Path) -> None:
    expected = plain(tmp_path / "plain", rows, loss_type=loss, max_steps=5)
    ours = train(
        tmp_path / "out", rows, Speed(balance=False, reference_cache=tmp_path / "c"), loss_type=loss, max_steps=5
    )
    assert losses(ours) == pytest.approx(losses(expected), abs=1e-3, rel=1e-4)


def test_the_first_loss_is_log_2(rows: pa.Table, tmp_path: Path) -> None:
    ours = train(tmp_path, rows, Speed(reference_cache=tmp_path / "cache"), max_steps=1)
    assert losses(ours)[0] == pytest.approx(math.log(2), abs=1e-6)


def test_preferences_that_can_be_told_apart_are_learnt(tmp_path: Path) -> None:
    speed = Speed(reference_cache=tmp_path / "cache")
    test = token_rows(40, seed=1, separable=True)
    ours = train(
        tmp_path, token_rows(160, separable=True), speed, test, max_steps=30, learning_rate=1e-3, eval_strategy="steps",
        eval_steps=30,
    )  # fmt: skip
    assert losses(ours, "eval_rewards/accuracies")[-1] > 0.95
    assert losses(ours, "eval_source/huozi/accuracy")[-1] > 0.9
    assert losses(ours)[-1] < 0.4 < losses(ours)[0]


def test_metrics_by_source_add_up_to_those_of_all(rows: pa.Table, tmp_path: Path) -> None:
    ours = train(tmp_path, rows, Speed(reference_cache=tmp_path / "cache"), max_steps=3, logging_steps=3)
    entry = ours.state.log_history[0]
    seen = ours.state.log_history[0]["step"] * 8
    order = list(ours._get_train_sampler())[:seen]
    huozi = sum(rows["source"][row].as_py() == "huozi" for row in order) / seen
    for ours_name, theirs in (("loss", "loss"), ("accuracy", "rewards/accuracies"), ("margin", "rewards/margins")):
        total = huozi * entry[f"source/huozi/{ours_name}"] + (1 - huozi) * entry[f"source/cvalues_rlhf/{ours_name}"]
        assert total == pytest.approx(entry[theirs], abs=1e-5)
    assert entry["padding_share"] == 0
    assert entry["tokens_per_second"] > 0


def test_the_share_of_padding_is_said_where_there_is_padding(rows: pa.Table, tmp_path: Path) -> None:
    ours = train(tmp_path, rows, Speed(pack=False, balance=False), max_steps=1)
    assert 0.1 < ours.state.log_history[0]["padding_share"] < 0.8


class Counted(PrefsTrainer):
    scored = 0

    def score_reference(self, examples: list[dict[str, Any]], table: pa.Table) -> Any:
        Counted.scored += len(examples)
        return super().score_reference(examples, table)


def scored(tmp_path: Path, rows: pa.Table, **more: Any) -> int:
    """How many rows the reference had to score for a trainer."""
    Counted.scored = 0
    speed = Speed(reference_cache=tmp_path / "cache")
    models = {"model": more.pop("model", None) or llama(), "ref_model": more.pop("ref_model", None)}
    Counted(train=rows, test=None, speed=speed, tokenizer=word_tokenizer(), args=arguments(tmp_path, **more), **models)
    return Counted.scored


def test_the_reference_scores_no_row_twice(rows: pa.Table, tmp_path: Path) -> None:
    assert scored(tmp_path, rows.slice(0, 100)) == 100
    assert scored(tmp_path, rows.slice(0, 100), learning_rate=1e-3, beta=0.1) == 0
    assert scored(tmp_path, rows) == 60
    assert scored(tmp_path, rows.take(list(range(159, -1, -1)))) == 0
    assert scored(tmp_path, rows, model=llama(seed=1)) == 160
    assert scored(tmp_path, rows, model=llama(seed=2), ref_model=llama(seed=1)) == 0


def test_an_interrupted_reference_pass_goes_on(rows: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.fast.reference_pass.SHARD_S", 0.0)
    calls = []

    def killed(self: Any, examples: list[dict[str, Any]], table: pa.Table) -> Any:
        calls.append(len(examples))
        if len(calls) == 10:
            raise KeyboardInterrupt
        return PrefsTrainer.score_reference(self, examples, table)

    with monkeypatch.context() as during:
        during.setattr(Counted, "score_reference", killed)
        with pytest.raises(KeyboardInterrupt):
            scored(tmp_path, rows)
    assert scored(tmp_path, rows) == 160 - sum(calls[:-1])


def test_equal_rows_are_scored_once(rows: pa.Table, tmp_path: Path) -> None:
    assert scored(tmp_path, pa.concat_tables([rows.slice(0, 20), rows.slice(0, 20)])) == 20


def test_the_cache_of_the_cut_rows_is_not_that_of_the_whole_ones(rows: pa.Table, tmp_path: Path) -> None:
    scored(tmp_path, rows)
    assert 0 < scored(tmp_path, rows, max_length=32) < 160


def test_going_on_from_a_checkpoint_is_exact(rows: pa.Table, tmp_path: Path) -> None:
    speed = Speed(reference_cache=tmp_path / "cache")
    more = {"max_steps": 12, "save_strategy": "steps", "save_steps": 5}
    whole = train(tmp_path / "whole", rows, speed, **more)
    resumed = train(tmp_path / "again", rows, speed, **more, resume=str(tmp_path / "whole/checkpoint-5"))
    assert losses(resumed) == losses(whole)
    assert torch.equal(weights(resumed), weights(whole))


def test_a_loss_that_is_no_number_names_the_rows(rows: pa.Table, tmp_path: Path) -> None:
    model = llama()
    speed = Speed(reference_cache=tmp_path / "cache")
    made = PrefsTrainer(
        train=rows, test=None, speed=speed, tokenizer=word_tokenizer(), model=model, args=arguments(tmp_path)
    )
    with torch.no_grad():
        model.lm_head.weight.fill_(float("nan"))
    with pytest.raises(PrefsError, match=r"step 1: the loss is not a finite number.*file\.json:\d+"):
        made.train()


def test_a_reference_that_gives_no_number_names_the_rows(rows: pa.Table, tmp_path: Path) -> None:
    model = llama()
    with torch.no_grad():
        model.lm_head.weight.fill_(float("nan"))
    with pytest.raises(PrefsError, match=r"reference's log-probability.*file\.json:\d+"):
        scored(tmp_path, rows, model=model)


def test_rows_of_training_are_named_where_there_are_test_rows_too(rows: pa.Table, tmp_path: Path) -> None:
    model = llama().eval()  # as from_pretrained gives it
    with torch.no_grad():
        model.lm_head.weight.fill_(float("nan"))
    test = token_rows(4).set_column(2, "source_row", [[f"test.json:{row}" for row in range(4)]])
    with pytest.raises(PrefsError, match=r"reference's log-probability.* file\.json:\d+"):
        PrefsTrainer(
            train=rows, test=test, speed=Speed(reference_cache=tmp_path / "cache"), tokenizer=word_tokenizer(),
            model=model, args=arguments(tmp_path),
        )  # fmt: skip


def test_a_damaged_shard_is_told_and_its_rows_are_scored_again(
    rows: pa.Table, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scored(tmp_path, rows) == 160
    shard = next((tmp_path / "cache").rglob("part-*.parquet"))
    shard.write_bytes(b"cut short")
    assert scored(tmp_path, rows) == 160
    assert f"{shard.name}: is damaged" in capfd.readouterr().err


def test_lora_has_the_model_without_adapters_as_its_reference(rows: pa.Table, tmp_path: Path) -> None:
    from peft import LoraConfig

    saved = save_model(tmp_path / "model")
    from transformers import AutoModelForCausalLM

    def run(speed: Speed) -> PrefsTrainer:
        made = PrefsTrainer(
            train=rows, test=None, speed=speed, tokenizer=word_tokenizer(), args=arguments(tmp_path, max_steps=5),
            model=AutoModelForCausalLM.from_pretrained(saved), peft_config=LoraConfig(target_modules=["q_proj"], r=4),
        )  # fmt: skip
        made.train()
        return made

    cached, in_memory = run(Speed(reference_cache=tmp_path / "cache")), run(Speed(pack=False, balance=False))
    assert losses(cached)[0] == pytest.approx(math.log(2), abs=1e-6)
    assert losses(cached) == pytest.approx(losses(in_memory), abs=1e-4)
    assert all(parameter.requires_grad == ("lora_" in name) for name, parameter in cached.model.named_parameters())


def test_another_version_of_trl_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_trl()
    monkeypatch.setattr("train.training.trainer.version", lambda _name: "1.17.0")
    with pytest.raises(PrefsError, match=r"1\.17\.0 is installed; expected 1\.16"):
        check_trl()
