"""Self-preference of a judge and circles in its preferences: what is planted is found, and nothing else."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synth.judge_prefs import main
from synth.judging.cycles import find_cycles
from synth.judging.families import family_of, find_kin
from synth.judging.share import Share
from tests.conftest import pair_table
from tests.synth.judging.court import Court, answers_of, as_json, perfect
from tests.synth.judging.test_known_faults import finds
from tests.synth.place import Said
from tests.synth.played_server import PlayedServer

Judge = Callable[..., Said]
Start = Callable[..., PlayedServer]


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("Qwen3-32B", "qwen"),
        ("qwen2.5-7b-instruct", "qwen"),
        ("QwQ-32B", "qwen"),
        ("gpt-4o-mini", "gpt"),
        ("gpt4", "gpt"),
        ("o3-mini", "gpt"),
        ("text-davinci-003", "gpt"),
        ("meta-llama/Llama-3.1-8B", "llama"),
        ("glm-4-plus", "glm"),
        ("ChatGLM2_6b", "glm"),
        ("Baichuan2-13B", "baichuan"),
        ("baichuan-7b-llama", "baichuan"),
        ("DeepSeek-R1-Distill-Qwen-7B", "deepseek"),
        ("Yi-34B-Chat", "yi"),
        ("yield-7b", None),
        ("played", None),
        ("", None),
        (None, None),
    ],
)
def test_the_family_of_a_model_is_found_by_its_name(model: str | None, family: str | None) -> None:
    assert family_of(model) == family


@pytest.mark.parametrize("bias", [0.0, 0.3, 1.0])
def test_a_taste_for_its_own_family_is_found_beside_that_of_the_labels(bias: float) -> None:
    """So often the judge takes its kin's answer whatever it says; else it agrees with the label, a coin's throw."""

    def one_seed(seed: int) -> Share:
        random = np.random.default_rng(seed)
        rows = []
        for kin_is_chosen, fooled in zip(random.random(400) < 0.5, random.random(400) < bias, strict=True):
            models = ("qwen3", "gpt-4") if kin_is_chosen else ("gpt-4", "qwen3")
            rows.append(("chosen" if not fooled or kin_is_chosen else "rejected", *models))
        found = find_kin(
            "qwen2.5-72b", [*rows, ("chosen", "qwen3", "qwen2"), ("tie", "qwen3", "gpt-4"), (None, "qwen", "x")]
        )
        assert found is not None
        assert found.by_labels.of == 400
        return found.by_judge

    assert finds([one_seed(seed) for seed in range(200)], 0.5 + bias / 2)


def test_a_judge_of_no_known_family_has_no_kin() -> None:
    assert find_kin("played", [("chosen", "qwen", "gpt-4")]) is None
    found = find_kin("qwen3", [("chosen", "gpt-4", None)])
    assert found is not None
    assert found.by_judge == Share(0, 0)


@pytest.mark.parametrize(
    ("edges", "pairs", "of"),
    [
        ([(1, 2)], 0, 0),
        ([(1, 2), (2, 3), (1, 3)], 0, 3),
        ([(1, 2), (2, 3), (3, 1)], 3, 3),
        ([(1, 2), (2, 1)], 2, 2),
        ([(1, 2), (2, 3), (3, 1), (1, 4), (4, 5)], 3, 5),
    ],
)
def test_preferences_in_a_circle_are_counted_and_those_that_only_touch_it_are_not(
    edges: list[tuple[int, int]], pairs: int, of: int
) -> None:
    found = find_cycles("m", [(7, *edge) for edge in edges])
    assert (found.pairs, found.of, found.prompts) == (pairs, of, int(pairs > 0))


def rock_paper_scissors(body: dict[str, Any]) -> str:
    """Prefers each kind of answer to the next one, and the last to the first."""
    kinds = [int(answer[1]) for answer in answers_of(body)]
    return as_json("A" if (kinds[1] - kinds[0]) % 3 == 1 else "B")


def test_terminal_manifest_and_report_tell_of_kin_and_circles(
    court: Court, played: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [f"第{number}种说法，说得清清楚楚。" for number in range(3)]
    rows = [("请说明一件事", answers[one], answers[other]) for one, other in ((0, 1), (1, 2), (0, 2))]
    table = pair_table([*rows, ("请说明另一件事", answers[0], answers[1])], "zh", None, "one")
    for name, models in (("chosen_model", ["Qwen2-7B"] * 4), ("rejected_model", ["gpt-4", None, "qwen-max", "glm-4"])):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(models, pa.string()))
    court.write_table(table)
    server = played(says=rock_paper_scissors, models=("qwen3-8b",))
    flags = ["--judge-model", "qwen3-8b", "--judge-url", server.url, "--out", str(court.out)]
    assert main([str(court.pairs), *flags]) == 0
    said = capsys.readouterr().out
    manifest = court.manifest()
    assert manifest["cycles"] == [{"judge": "qwen3-8b", "pairs_in_cycles": 3, "of": 3, "prompts": 1}]
    (kin,) = manifest["kin"]
    assert (kin["family"], kin["by_judge"]["of"], kin["by_judge"]["value"]) == ("qwen", 3, 1.0)
    assert len(manifest["findings"]) == 2
    page = (court.out / "report.html").read_text(encoding="utf-8")
    for line in manifest["findings"]:
        assert line in page
        assert line[:40] in said


def test_a_file_without_models_is_judged_all_the_same(judge: Judge, court: Court, played: Start) -> None:
    table = pair_table([("问", "好：是的。", "差：不知道。")], "zh", None, "one").drop_columns(
        ["chosen_model", "rejected_model"]
    )
    pq.write_table(table, court.pairs)
    said = judge(played(says=perfect).url).out
    assert (court.manifest()["kin"], court.manifest()["findings"]) == ([], [])
    assert "circle" not in said
