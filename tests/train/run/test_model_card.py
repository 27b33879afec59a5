import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard
from huggingface_hub.utils import validate_repo_id
from trl import DPOTrainer

from tests.train.run.tiny_runs import tiny_trainer
from train.data.fit import Account
from train.data.load_pairs import Origin
from train.run.model_card import Card, OwnModelCard, licence_of, render_card, write_model_card

CARD = Card(
    name="out",
    base_model="m-a-p/CT-LLM-SFT",
    origins=[
        Origin("prefs/zh", "built", 183_000, 900, "ab" * 32),
        Origin("lab/prefs@main", "hub", 20, 0, "cd" * 20),
    ],
    sources=[
        Account("huozi", pairs=30, kept=20, left_out=Counter(too_long=10), cut_chosen=1, cut_rejected=2),
        Account("知乎_rlhf_3k", pairs=60, kept=60),
    ],
    settings={"learning_rate": 1e-6, "beta": 0.5, "loss_type": ["sigmoid"], "max_length": None},
    metrics={
        "eval_loss": 0.5,
        "eval_rewards/accuracies": 0.75,
        "eval_source/huozi/accuracy": 0.7,
        "eval_source/huozi/margin": 1.25,
        "eval_source/知乎_rlhf_3k/accuracy": 0.8,
    },
    versions={"trl": "1.16.0"},
    languages=["zh", "en", "", "not a language"],
    licence="apache-2.0",
    status="Trained for 14,300 steps.",
    uses_ct_llm=True,
)

HOSTILE = "]( javascript:alert(1)) <script>|`x`\n---\n# heading\x1b[31m\u202e"


def header(text: str) -> dict[str, Any]:
    card: dict[str, Any] = ModelCard(text).data.to_dict()
    return card


def test_the_hub_reads_the_front_matter() -> None:
    assert header(render_card(CARD)) == {
        "language": ["en", "zh"],
        "license": "apache-2.0",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "base_model": "m-a-p/CT-LLM-SFT",
        "base_model_relation": "finetune",
        "datasets": ["lab/prefs"],
        "tags": ["dpo", "preference", "trl"],
    }


def test_the_card_tells_data_settings_results_and_whom_to_cite() -> None:
    text = render_card(CARD, has_curves=True)
    assert "| `prefs/zh` | built | 183,000 | 900 | `abababababab` |" in text
    assert "| `huozi` | 30 | 20 | 25.0 % | 3 | 10 too long |" in text
    assert "| `learning_rate` | `1e-06` |" in text
    assert "| accuracy (the chosen answer has the higher reward) | 0.7500 |" in text
    assert "| `知乎_rlhf_3k` | 0.8000 | · | · |" in text
    assert "](curves.png)" in text
    assert all(paper in text for paper in ("2305.18290", "vonwerra2020trl", "2404.04167"))
    assert "None" not in text


def test_what_is_not_known_is_left_out() -> None:
    bare = Card(name="out", base_model="/home/anna/secret/sft", origins=[], sources=[], settings={})
    text = render_card(bare)
    assert set(header(text)) == {"library_name", "pipeline_tag", "tags"}
    assert "`sft`" in text
    assert "anna" not in text
    assert "curves.png" not in text
    assert "licence of the base model is not known" in text
    assert "No pairs were held out" in text
    assert "2404.04167" not in text


def test_an_adapter_says_how_it_is_loaded() -> None:
    text = render_card(dataclasses.replace(CARD, is_adapter=True))
    assert header(text)["library_name"] == "peft"
    assert header(text)["base_model_relation"] == "adapter"
    assert "AutoPeftModelForCausalLM" in text
    assert "vllm serve m-a-p/CT-LLM-SFT --enable-lora" in text


def test_hostile_names_are_shown_and_obeyed_nowhere() -> None:
    card = Card(
        name=HOSTILE,
        base_model=HOSTILE,
        origins=[Origin(HOSTILE, "hub", 1, 1, HOSTILE)],
        sources=[Account(HOSTILE, pairs=1, kept=1, left_out=Counter({HOSTILE: 1}))],
        settings={HOSTILE: HOSTILE},
        metrics={f"eval_source/{HOSTILE}/accuracy": 0.5},
        versions={HOSTILE: HOSTILE},
        languages=[HOSTILE],
        status=HOSTILE,
    )
    text = render_card(card)
    assert "\n# heading" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "language" not in header(text)
    outside_code = [line for line in text.splitlines() if "<script>" in line and "`" not in line]
    assert outside_code == []


def test_passwords_and_tokens_are_not_shown() -> None:
    token = "hf_" + "a" * 34
    settings = {"endpoint": "https://anna:geheim@hub.example", "note": token}
    text = render_card(dataclasses.replace(CARD, settings=settings, base_model="https://u:geheim@x/y"))
    assert "geheim" not in text
    assert token not in text


def test_the_base_model_in_the_front_matter_is_one_that_the_hub_takes() -> None:
    validate_repo_id(header(render_card(CARD))["base_model"])


def test_the_card_is_replaced_whole_and_shows_curves_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("before")
    (tmp_path / "curves.png").touch()
    assert write_model_card(tmp_path, CARD) == tmp_path / "README.md"
    assert "](curves.png)" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "curves.png"]


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("---\nlicense: mit\n---\n# x", "mit"),
        ("# no front matter", None),
        ("---\nlicense: [a, b]\n---\n", None),
        ("---\nlicense: '<script>'\n---\n", None),
        ("---\n: : :\n---\n", None),
    ],
)
def test_the_licence_is_read_from_the_card_of_the_base_model(tmp_path: Path, text: str, licence: str | None) -> None:
    (tmp_path / "README.md").write_text(text)
    assert licence_of(str(tmp_path)) == licence


def test_a_model_without_a_card_here_has_no_known_licence(tmp_path: Path) -> None:
    assert licence_of(str(tmp_path)) is None
    assert licence_of("nobody/nothing") is None


class _Ours(OwnModelCard, DPOTrainer):
    pass


def test_trl_does_not_write_its_card_over_ours(tmp_path: Path) -> None:
    trainer = tiny_trainer(tmp_path / "out", kind=_Ours, max_steps=2)
    trainer.make_card = lambda: dataclasses.replace(CARD, status=f"At step {trainer.state.global_step}.")
    trainer.train()
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "At step 2." in text
    trainer.create_model_card(model_name="x", tags=["y"])
    assert (tmp_path / "out" / "README.md").read_text(encoding="utf-8") == text


def test_without_a_card_to_write_there_is_none(tmp_path: Path) -> None:
    tiny_trainer(tmp_path / "out", kind=_Ours, max_steps=2).train()
    assert not (tmp_path / "out" / "README.md").exists()
