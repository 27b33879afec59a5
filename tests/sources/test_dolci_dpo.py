"""dolci_dpo: two dialogues, of whose messages only role and content are read."""

from collections.abc import Callable
from typing import Any

from sources.dolci_dpo import EN as SOURCE_EN
from sources.dolci_dpo import ZH as SOURCE_ZH
from tests.upstreams.layouts import EN, ZH, dolci_dpo

Adapt = Callable[..., Any]

ROW = dolci_dpo(EN)


def test_what_is_left_of_visitors_reaches_nothing(adapt: Adapt) -> None:
    secret = "f00d" * 16
    marked = [{**turn, "hashed_ip": secret, "country": secret} for turn in ROW["chosen"]]
    broken = [{**turn, "role": "nobody"} for turn in marked]
    result = adapt(SOURCE_EN, [{**ROW, "chosen": marked}, {**ROW, "chosen": broken}])
    assert len(result.pairs) == 1
    assert result.reasons == [(1, "broken_turns")]
    assert secret not in repr(result)


def test_a_message_that_calls_a_tool_skips_its_row(adapt: Adapt) -> None:
    calls = [*ROW["chosen"][:-1], {**ROW["chosen"][-1], "function_calls": "get_fruit()"}]
    assert adapt(SOURCE_EN, [{**ROW, "chosen": calls}]).reasons == [(0, "has_tools")]


def test_the_kind_of_preference_and_both_models_are_kept(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE_EN, [ROW]).pairs
    assert pair["tags"] == ["preference_type:delta_learning"]
    assert (pair["chosen_model"], pair["rejected_model"]) == ("Qwen3-32B", "Qwen3-0.6B")


def test_the_script_tells_the_language(adapt: Adapt) -> None:
    assert [pair["row"] for pair in adapt(SOURCE_ZH, [ROW, dolci_dpo(ZH)]).pairs] == [1]
    assert adapt(SOURCE_EN, [ROW, dolci_dpo(ZH)]).reasons == [(1, "other_language_file")]


def test_the_option_names_the_repository() -> None:
    (file,) = SOURCE_EN.files(SOURCE_EN.options(version="fixed"))
    assert file.repository == "allenai/Dolci-Instruct-DPO-fixed"
