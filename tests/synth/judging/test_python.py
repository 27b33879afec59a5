"""`from synth import judge`: the command as a function, for scripts and notebooks."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sources.command.errors import UsageError
from synth import JudgeResult, judge
from tests.synth.judging.court import Court, perfect
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
DOC = (Path(__file__).parents[3] / "docs" / "judge.md").read_text(encoding="utf-8")


def test_the_result_has_folder_audit_disagreements_scores_and_verdicts(
    court: Court, played: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    court.write(12, wrong=3)
    result = judge(court.pairs, judge_model="played", judge_url=played(says=perfect).url, out=court.out)
    assert result.folder == court.out
    assert result.audits[-1].agreement.value == 0.75
    assert len(result.disagreements) == 3
    assert result.scores["label"].value_counts().to_dict() == {"chosen": 9, "rejected": 3}
    assert len(result.verdicts) == 24
    assert "agrees with the labels" in result._repr_html_()
    assert capfd.readouterr() == ("", "")


def test_it_works_inside_a_running_event_loop_as_in_a_notebook(court: Court, played: Start) -> None:
    url = played(says=perfect).url

    async def cell() -> JudgeResult:
        return judge(court.pairs, judge_model="played", judge_url=url, out=court.out, sample=4)

    assert asyncio.run(cell()).audits[-1].pairs == 4


def test_a_wrong_argument_is_an_error_of_the_function(court: Court) -> None:
    with pytest.raises(UsageError, match=r"judge\(\): argument --sample"):
        judge(court.pairs, judge_model="m", out=court.out, sample=-1)


def test_the_example_of_the_docs_runs(court: Court, played: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOC, re.S)
    monkeypatch.chdir(court.folder)
    code = example.replace("http://127.0.0.1:8000/v1", played(says=perfect, models=["m"]).url)
    exec(code.replace('"prefs/zh"', f'"{court.pairs}"'), {})
    assert (court.folder / "judged" / "zh" / "report.html").is_file()
