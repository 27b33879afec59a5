"""Which language a word names, in a column and behind --lang."""

import pytest

from sources.command.errors import UsageError
from sources.pairs.language_names import language_named, parse_langs
from sources.pairs.languages import IS_DENSE, LANGS, LANGUAGE_NAMES, SCRIPT_OF, UNKNOWN, USUAL


def test_the_tested_languages_come_first_so_that_their_keys_stay_the_same() -> None:
    assert LANGS[:2] == ("zh", "en")
    assert len(set(LANGS)) == len(LANGS) < 256
    assert set(LANGS) == set(LANGUAGE_NAMES) == {*SCRIPT_OF, UNKNOWN}


def test_every_code_of_two_letters_stands_once_and_has_a_script_of_unicode() -> None:
    assert len(SCRIPT_OF) == 183
    assert all(len(code) == 2 for code in SCRIPT_OF)
    assert {USUAL[script] for script in SCRIPT_OF.values()} <= set(SCRIPT_OF)
    assert [lang for lang in ("zh", "ja", "ko", "th", "en", "ru") if IS_DENSE[LANGS.index(lang)]] == [
        "zh", "ja", "ko", "th",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("Korean", "ko"),
        (" japanese ", "ja"),
        ("日本語", "ja"),
        ("pt-BR", "pt"),
        ("zh_Hant", "zh"),
        ("zh-tw", "zh"),
        ("jpn", "ja"),
        ("Norwegian Bokmål", "nb"),
        ("法语", "fr"),
        ("und", ""),
        ("python", ""),
        ("in-depth", ""),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_language_is_named_by_code_or_name(name: object, lang: str) -> None:
    assert language_named(name) == lang


@pytest.mark.parametrize(
    ("given", "langs"), [("zh", ("zh",)), ("all", ("zh", "en")), ("ja, ko", ("ja", "ko")), ("fr,fr", ("fr",))]
)
def test_the_flag_takes_one_language_several_or_all(given: str, langs: tuple[str, ...]) -> None:
    assert parse_langs(given, "--lang") == langs


@pytest.mark.parametrize(
    ("given", "hint"),
    [("jp", "ja"), ("Korean", "ko"), ("zh-cn", "zh"), ("zh,gr", "el"), ("xx", ""), ("und", ""), ("", ""), ("ZH", "zh")],
)
def test_what_is_no_code_is_refused_with_the_one_that_is_meant(given: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_langs(given, "--lang")
    said = str(caught.value)
    assert said.startswith("--lang: no language ")
    assert said.endswith(f"Did you mean {hint}?") == bool(hint)
