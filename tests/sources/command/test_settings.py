"""Settings in YAML are read whole, or refused with one line that names the place and the nearest right name."""

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field

from sources.command.errors import UsageError
from sources.command.settings import Positive, Settings, Share, did_you_mean, find_settings, load_settings


class Inner(Settings):
    depth: Positive = 1
    breadth: str = ""


class Outer(Settings):
    name: str
    share: Share = 0.5
    inner: Inner = Inner()
    words: tuple[str, ...] = ()
    free: dict[str, Any] = Field(default_factory=dict)
    many: dict[str, Inner] = Field(default_factory=dict)
    switch: Literal["auto", "on", "off"] = "auto"
    policies: dict[str, Literal["drop", "off"]] = Field(default_factory=dict)


def load(folder: Path, text: str | bytes) -> Outer:
    path = folder / "own.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings(Outer, "--settings", str(path), folder)


def refusal(folder: Path, text: str | bytes) -> UsageError:
    with pytest.raises(UsageError) as raised:
        load(folder, text)
    assert raised.value.where == str(folder / "own.yaml")
    assert "\n" not in str(raised.value)
    return raised.value


def test_settings_are_read_with_the_defaults_of_what_is_left_out(tmp_path: Path) -> None:
    found = load(tmp_path, "name: 名字\ninner: {depth: 3}\nwords: [a, b]\nfree: {x: [1, {y: null}]}\n")
    assert found == Outer(name="名字", inner=Inner(depth=3), words=("a", "b"), free={"x": [1, {"y": None}]})


def test_on_and_off_are_words_where_a_key_has_words_to_choose_from(tmp_path: Path) -> None:
    found = load(tmp_path, "name: a\nswitch: off\npolicies: {one: off, two: drop, three: 'off'}\nfree: {x: off}\n")
    assert (found.switch, found.policies) == ("off", {"one": "off", "two": "drop", "three": "off"})
    assert found.free == {"x": False}
    assert load(tmp_path, "name: a\nswitch: on\n").switch == "on"
    assert "policies.one: Input should be 'drop' or 'off', found 'on'" in str(
        refusal(tmp_path, "name: a\npolicies: {one: on}")
    )
    assert "switch: Input should be" in str(refusal(tmp_path, "name: a\nswitch: [off]"))


def test_a_name_is_that_of_a_file_in_the_folder_before_it_is_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "known").mkdir()
    (tmp_path / "known/mine.yaml").write_text("name: known\n")
    (tmp_path / "mine").write_text("name: path\n")
    monkeypatch.chdir(tmp_path)
    assert find_settings("--settings", "mine", tmp_path / "known") == tmp_path / "known/mine.yaml"
    assert load_settings(Outer, "--settings", "mine", tmp_path).name == "path"


@pytest.mark.parametrize(
    ("flag", "what"), [("--settings", "settings"), ("recipe: side.templates.zh", "side.templates.zh")]
)
def test_a_file_that_is_not_there_is_named_with_those_that_are(flag: str, what: str, tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").touch()
    with pytest.raises(UsageError) as raised:
        load_settings(Outer, flag, "none", tmp_path)
    assert str(raised.value) == f"{flag}: no {what} none; expected a, b, or the path of a YAML file"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds a NoneType; expected keys such as name, share, inner"),
        ("[a]", "holds a list"),
        ("5", "holds a int"),
        ("a: [", "is no YAML (while parsing"),
        ("a: b: c", "is no YAML (mapping values are not allowed here"),
        ("!!python/object/apply:os.system [ls]", "is no YAML (could not determine a constructor"),
        (b"name: \xff\xfe", "is no YAML ('utf-8' codec can't decode"),
        ("[" * 5000, "is no YAML (maximum recursion depth exceeded"),
        ("share: 0.5", "name: Field required"),
        ("name: 5", "name: Input should be a valid string, found 5"),
        ("name: x\nshare: 1.5", "share: Input should be less than or equal to 1, found 1.5"),
        ("name: x\nshare: .nan", "share: "),
        ("name: x\ninner: {depth: 0}", "inner.depth: Input should be greater than 0, found 0"),
        ("name: x\ninner: 5", "inner: Input should be a valid dictionary"),
        ("name: x\nwords: [a, 5]", "words.1: Input should be a valid string, found 5"),
        (
            "name: x\nshar: 1",
            "shar: no such key; expected name, share, inner, words, free",
        ),
        ("name: x\ninner: {dept: 1}", "inner.dept: no such key; expected depth, breadth. Did you mean depth?"),
        (
            "name: x\nmany: {one: {depht: 1}}",
            "many.one.depht: no such key; expected depth, breadth. Did you mean depth?",
        ),
        ("name: x\n5: 6", "5"),
    ],
)
def test_wrong_settings_are_refused_with_the_place(text: str | bytes, message: str, tmp_path: Path) -> None:
    assert message in str(refusal(tmp_path, text))


def test_a_misspelled_key_is_named_before_the_one_that_it_should_be(tmp_path: Path) -> None:
    assert refusal(tmp_path, "nam: x").hint == "Did you mean name?"


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    found = load(tmp_path, "name: x\n")
    with pytest.raises(ValueError, match="frozen"):
        found.name = "y"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "hint"), [("shar", "Did you mean share?"), ("SHARE", ""), ("", ""), ("entirely different", "")]
)
def test_only_a_close_name_is_meant(name: str, hint: str) -> None:
    assert did_you_mean(name, ["share", "inner"]) == hint


def test_hostile_text_is_shown_escaped(tmp_path: Path) -> None:
    said = str(refusal(tmp_path, 'name: x\n"\\e[31m\\u202e": 1\nshare: "\\a"\n'))
    assert said.isprintable()
    assert "\\x1b[31m\\u202e" in said
