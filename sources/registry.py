"""Every source that the toolkit knows. Adding one is a file, a fixture, a card and a line here."""

from collections.abc import Sequence

from sources import (
    alpaca_gpt4,
    arena_140k,
    beavertails,
    cheems,
    coig_p,
    comparison_gpt4,
    cvalues_rlhf,
    dolci_dpo,
    dpo_en_zh_20k,
    helpsteer2,
    helpsteer3,
    hh_rlhf,
    huozi,
    infinity_preference,
    nectar,
    oaast_rm_zh,
    orca_dpo,
    pku_safe_rlhf,
    skywork_80k,
    synth_pairs,
    tulu3_8b,
    ultrafeedback,
    ultrafeedback_zh,
    zhihu_rlhf_3k,
)
from sources.command.errors import UsageError
from sources.command.settings import did_you_mean
from sources.layouts.upstream.rows import in_language
from sources.pairs.languages import Lang
from sources.pairs.source import Source

SOURCES: tuple[Source, ...] = (
    cvalues_rlhf.SOURCE,
    comparison_gpt4.ZH,
    comparison_gpt4.EN,
    oaast_rm_zh.SOURCE,
    huozi.SOURCE,
    zhihu_rlhf_3k.SOURCE,
    beavertails.SOURCE,
    alpaca_gpt4.ZH,
    alpaca_gpt4.EN,
    synth_pairs.ZH,
    synth_pairs.EN,
    ultrafeedback_zh.SOURCE,
    coig_p.SOURCE,
    cheems.SOURCE,
    helpsteer3.ZH,
    helpsteer3.EN,
    helpsteer2.SOURCE,
    dpo_en_zh_20k.ZH,
    dpo_en_zh_20k.EN,
    ultrafeedback.SOURCE,
    dolci_dpo.ZH,
    dolci_dpo.EN,
    tulu3_8b.ZH,
    tulu3_8b.EN,
    arena_140k.ZH,
    arena_140k.EN,
    pku_safe_rlhf.SOURCE,
    skywork_80k.SOURCE,
    hh_rlhf.SOURCE,
    nectar.SOURCE,
    infinity_preference.ZH,
    infinity_preference.EN,
    orca_dpo.SOURCE,
)


def sources_in(lang: Lang) -> list[str]:
    """The names of the sources of pairs whose rows are in that language."""
    return [name for name in dict.fromkeys(one.name for one in SOURCES if one.makes == "pairs") if holds(name, lang)]


def holds(name: str, lang: Lang) -> bool:
    """Whether the source of that name has rows in that language."""
    return any(source.lang == lang for source in find_sources(name, "registry", [lang]))


def find_sources(name: str, where: str, langs: Sequence[Lang] = ()) -> list[Source]:
    """The sources of that name: those of SOURCES, and one for each other of `langs` that its rows are in.

    Raises:
        UsageError: there is none; says which exist. `where` is what the error names as the place.
    """
    if found := [source for source in SOURCES if source.name == name]:
        held = {source.lang for source in found}
        return found + [more for lang in langs if lang not in held and (more := in_language(found[0], lang))]
    names = list(dict.fromkeys(source.name for source in SOURCES))
    raise UsageError(
        where,
        f"no source is called {name}",
        expected=f"one of {', '.join(names)}",
        hint=did_you_mean(name, names),
    )
