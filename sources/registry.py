"""Every source that the toolkit knows. Adding one is a file, a fixture, a card and a line here."""

from sources import (
    alpaca_gpt4,
    beavertails,
    comparison_gpt4,
    cvalues_rlhf,
    huozi,
    oaast_rm_zh,
    synth_pairs,
    zhihu_rlhf_3k,
)
from sources.command.errors import UsageError
from sources.command.settings import did_you_mean
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
)


def find_sources(name: str, where: str) -> list[Source]:
    """The sources of that name, one for each language that it holds.

    Raises:
        UsageError: there is none; says which exist. `where` is what the error names as the place.
    """
    if found := [source for source in SOURCES if source.name == name]:
        return found
    names = list(dict.fromkeys(source.name for source in SOURCES))
    raise UsageError(
        where,
        f"no source is called {name}",
        expected=f"one of {', '.join(names)}",
        hint=did_you_mean(name, names),
    )
