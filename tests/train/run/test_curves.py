import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from train.run.curves import draw_curves
from train.run.panels import panels_of

LOG: list[dict[str, Any]] = [
    {
        "step": step,
        "epoch": step / 50,
        "loss": 0.69 - step / 500,
        "grad_norm": 10.0 / step,
        "learning_rate": 1e-6 * (1 - step / 100),
        "rewards/accuracies": 0.5 + step / 300,
        "rewards/margins": step / 100,
        "rewards/chosen": -step / 200,
        "rewards/rejected": -step / 100,
        "source/huozi/accuracy": 0.5 + step / 400,
        "source/知乎/accuracy": 0.5 + step / 300,
    }
    for step in range(1, 100)
]


def check_pictures(pictures: list[Path], folder: Path) -> None:
    assert pictures == [folder / "curves.svg", folder / "curves.png"]
    assert ElementTree.parse(pictures[0]).getroot().tag.endswith("svg")
    with Image.open(pictures[1]) as picture:
        picture.verify()
    assert sorted(path.name for path in folder.iterdir()) == ["curves.png", "curves.svg"]


def test_a_run_is_drawn_as_svg_and_png(tmp_path: Path) -> None:
    check_pictures(
        draw_curves([*LOG, {"step": 99, "eval_loss": 0.6, "eval_source/huozi/accuracy": 0.7}], tmp_path), tmp_path
    )


@pytest.mark.parametrize(
    "log", [[], [{"step": 3, "train_runtime": 1.0}], [{"step": 1, "loss": math.nan}], [{"loss": 1.0}]]
)
def test_nothing_is_drawn_where_there_is_nothing(log: list[dict[str, Any]], tmp_path: Path) -> None:
    assert draw_curves(log, tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "log",
    [
        LOG[:1],
        [{"step": 1, "loss": math.nan}, {"step": 2, "loss": math.inf}, {"step": 3, "loss": 0.5}],
        [{"step": 1, "loss": "0.5"}, {"step": 2, "loss": None}],
        [{"step": 1, "grad_norm": 0.0}, {"step": 2, "grad_norm": 1e12}],
        [
            {
                "step": 1,
                "source/_hidden/accuracy": 0.5,
                "source/$a^{b/accuracy": 0.4,
                "source/\x1b[31m\u202e/accuracy": 1,
            }
        ],
        [{"step": 1} | {f"source/s{place}/accuracy": place / 40 for place in range(40)}],
        [{"step": step, "loss": 0.0} for step in (5, 5, 5)],
    ],
    ids=["one point", "NaN", "no numbers", "huge", "hostile names", "many sources", "one step again and again"],
)
def test_odd_logs_are_drawn_too(log: list[dict[str, Any]], tmp_path: Path) -> None:
    check_pictures(draw_curves(log, tmp_path), tmp_path)


def test_panels_are_those_that_have_data() -> None:
    assert [panel.title for panel in panels_of(LOG)] == [
        "Loss",
        "Accuracy",
        "Margin of the rewards",
        "Rewards",
        "Accuracy by source, training",
        "Learning rate",
        "Gradient norm before clipping",
    ]
    assert [panel.title for panel in panels_of([{"step": 1, "loss": 2.0}])] == ["Loss"]


def test_log_2_is_shown_where_the_loss_begins_there() -> None:
    assert panels_of([{"step": 1, "loss": 0.6931}])[0].level == math.log(2)
    assert panels_of([{"step": 1, "loss": 25.0}])[0].level is None


def test_sources_are_drawn_on_the_test_pairs_after_several_evaluations() -> None:
    tests = [{"step": step, "eval_source/huozi/accuracy": 0.6} for step in (50, 99)]
    assert panels_of([*LOG, *tests])[4].title == "Accuracy by source, test"
    assert panels_of([*LOG, *tests[:1]])[4].title == "Accuracy by source, training"
    assert panels_of(tests[:1])[0].title == "Accuracy by source, test"


def test_a_step_that_a_resumed_run_logs_again_counts_as_it_was_logged_last() -> None:
    curve = panels_of([{"step": 1, "loss": 1.0}, {"step": 2, "loss": 2.0}, {"step": 2, "loss": 3.0}])[0].curves[0]
    assert (curve.steps, curve.values) == ([1.0, 2.0], [1.0, 3.0])


def test_the_same_log_gives_the_same_pictures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        draw_curves(LOG, tmp_path / name)
    for picture in ("curves.svg", "curves.png"):
        assert (tmp_path / "a" / picture).read_bytes() == (tmp_path / "b" / picture).read_bytes()
