"""The numbers of a card: sources with their counts, what gives preferences away, what was looked for and dropped."""

from collections import Counter
from collections.abc import Iterator
from math import isnan
from typing import Any

import numpy as np

from builders.card.facts import Facts, count_all, dropped_for
from builders.measures.giveaways import MIN_GROUPS, RULES, Rate
from sources.command.markdown import bullets, code, plain, share, table

MIN_TELLING_PAIRS = 30
"""With fewer pairs a length AUC is mostly chance."""

TOLD_TAGS = (
    ("refusal_chosen", "chosen refuses"),
    ("refusal_rejected", "rejected refuses"),
    ("cut_off_chosen", "chosen cut off"),
    ("cut_off_rejected", "rejected cut off"),
)
CUT_TAGS = {
    "cut_off_chosen": ("cut_off_chosen", "cut_by_length_chosen"),
    "cut_off_rejected": ("cut_off_rejected", "cut_by_length_rejected"),
}


def source_table(builds: list[Facts]) -> str:
    """A row for each source that was read."""
    rows = []
    for facts in builds:
        for account in facts.sources:
            signals = sorted({one.signal for one in facts.origins if one.source == account["source"]})
            rows.append(
                (
                    code(account["source"]),
                    facts.lang,
                    code(account["license"]),
                    ", ".join(signals) or "·",
                    account["rows_read"],
                    account["pairs_made"],
                    count_all(account["pairs_dropped"]),
                    account["train"],
                    account["test"],
                )
            )
    header = ["source", "lang", "licence", "preferred by", "rows read", "pairs made", "dropped", "train", "test"]
    return table(header, rows)


def biases(builds: list[Facts]) -> str:
    """Length AUC, median lengths, refusals and cut answers, by source."""
    rows = [row for facts in builds for account in facts.sources if (row := _bias_row(facts, account))]
    header = ["source", "pairs", "longer is chosen", "median characters, chosen / rejected", *(t for _, t in TOLD_TAGS)]
    return "\n\n".join(
        [
            table(header, rows),
            '"Longer is chosen" is how often the rule "the longer answer is chosen" is right (length-only AUC, ties '
            "count half): 0.50 says that length tells nothing, 0.90 that a model can learn length and little else. The "
            "last columns count pairs that a check tagged; patterns find them, so some are missed and some are wrong.",
            *([bullets(lines)] if (lines := list(_telling(builds))) else []),
        ]
    )


def _bias_row(facts: Facts, account: dict[str, Any]) -> tuple[object, ...] | None:
    one = facts.measured(account["source"])
    if one is None or not one.pairs:
        return None
    medians = " / ".join(f"{np.median(side):,.0f}" for side in (one.chosen_chars, one.rejected_chars))
    tags = [_tagged(facts, account, tag) for tag, _ in TOLD_TAGS]
    return code(account["source"]), one.pairs, f"{one.length_auc:.2f}", medians, *tags


def _tagged(facts: Facts, account: dict[str, Any], tag: str) -> str:
    """How many pairs carry a tag; a check that was off has not looked."""
    if facts.manifest["recipe"]["checks"].get(tag) == "off":
        return "not checked"
    count = max(account["tags"].get(name, 0) for name in CUT_TAGS.get(tag, (tag,)))
    return f"{count:,} ({share(count, account['train'] + account['test'])})" if count else "0"


def _telling(builds: list[Facts]) -> Iterator[str]:
    """A warning for each source whose lengths give its preferences away."""
    for facts in builds:
        for one in facts.statistics.sources:
            auc = one.length_auc
            if one.pairs >= MIN_TELLING_PAIRS and not isnan(auc) and max(auc, 1 - auc) >= 0.75:
                which = "longer" if auc > 0.5 else "shorter"
                yield f"{code(one.source)}: the {which} answer is chosen in {max(auc, 1 - auc):.0%} of the pairs."


def giveaways(builds: list[Facts]) -> str:
    """What tells chosen from rejected without the prompt: a row for each source that has enough prompts."""
    found = [one for facts in builds for one in facts.giveaways]
    if not found:
        return f"Nothing can be said: no source has {MIN_GROUPS} prompts, or the build is older than this measure."
    rows = [
        (code(one.source), one.pairs, *(f"{rate.right:.2f}" for rate in one.rules.values()), interval(one.classifier))
        for one in found
    ]
    return "\n\n".join(
        [
            table(["source", "pairs", *RULES.values(), "classifier"], rows),
            "How often each rule picks the chosen answer; where the answers are alike in it, it is right half the "
            "time. The classifier sees what the rules see and the commonest n-grams of the two answers (of at most "
            f"{max(one.sampled for one in found):,} pairs a source), and judges prompts that it has not learnt from. "
            "Nothing here reads a prompt: what is above 0.50 is what a model can learn in place of quality. "
            f"In brackets the 95 % interval. Sources with fewer than {MIN_GROUPS} prompts are left out.",
        ]
    )


def interval(rate: Rate) -> str:
    """A rate with the ends of its interval."""
    return f"{rate.right:.2f} ({rate.low:.2f} to {rate.high:.2f})"


def contamination(builds: list[Facts]) -> str:
    """What was looked for, what was found and dropped, and what was not looked for."""
    blocks = []
    for facts in builds:
        found = {one["source"]: count for one in facts.sources if (count := dropped_for(one, "contamination"))}
        told = ", ".join(f"{code(source)} {count:,}" for source, count in found.items()) or "none"
        benchmarks = facts.manifest["benchmarks"]
        lines = [_benchmark(one) for one in benchmarks] or ["**Not checked at all**: the recipe has no such stage."]
        if any(not one["not_checked"] for one in benchmarks):
            lines.insert(0, f"pairs found to ask what a benchmark asks, and dropped: {told}")
        blocks.append(f"Language `{facts.lang}`:\n\n{bullets(lines)}")
    blocks.append("Only prompts were compared, and only with these benchmarks. Any other one may be in the data.")
    return "\n\n".join(blocks)


def _benchmark(status: dict[str, Any]) -> str:
    if status["not_checked"]:
        return f"{code(status['name'])}: **not checked** ({plain(status['not_checked'])})"
    return f"{code(status['name'])}: {status['questions']:,} questions looked for in every prompt"


def dropped(builds: list[Facts]) -> str:
    """A row for each reason, a column for each language."""
    counts = [_by_reason(facts) for facts in builds]
    reasons = sorted(set().union(*counts))
    if not reasons:
        return "Nothing."
    rows = [(stage, code(reason), *(one.get((stage, reason)) for one in counts)) for stage, reason in reasons]
    places = " and ".join(code(f"{facts.lang}/dropped.parquet") for facts in builds) if len(builds) > 1 else ""
    return table(["stage", "reason", *(facts.lang for facts in builds)], rows) + (
        f"\n\nEvery one of these rows is in {places or code('dropped.parquet')} with its evidence."
    )


def _by_reason(facts: Facts) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for kind in ("rows_skipped", "pairs_dropped"):
        for stage, reasons in facts.total[kind].items():
            for reason, count in reasons.items():
                counts[stage, reason] += count
    return counts
