"""Pairs from answers: which rejected answer is paired with chosen, and why the others are dropped."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from sources.pairs.assemble import assemble, lost_rows
from sources.pairs.ledger import Reason
from sources.pairs.schema import DROPPED, PAIRS, TURNS
from sources.pairs.source import Adapted, skipped
from sources.text.texts import PairTexts
from synth.job.answer import CUT, take_apart
from synth.job.answer_checks import CHECKS, AnswerLimits
from synth.job.completion import Completion
from synth.job.prompts import Prompts
from synth.job.recipe import KeepReasoning, Pairing, Policy
from synth.job.rejected_from import RejectedFrom
from synth.pairing.candidates import Answered, Candidate

WEAKER = RejectedFrom()
NOT_TAKEN = ("pairing", "not_taken")


@dataclass(frozen=True, slots=True)
class Rule:
    """How answers become pairs: which are taken, which checks drop one, what becomes of reasoning, and how rejected
    came to be worse."""

    pairing: Pairing
    checks: dict[str, Policy]
    limits: AnswerLimits
    reasoning: KeepReasoning = "strip"
    rejected_from: RejectedFrom = WEAKER


@dataclass(slots=True)
class Paired:
    """The pairs of some prompts and the counts for the account. `pairs` is PAIRS; `dropped` is DROPPED, with a row
    also for each prompt without a pair."""

    pairs: pa.Table
    dropped: pa.Table
    used: int
    made: int
    skipped: Counter[Reason] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)


def pair(group: list[Answered], prompts: Prompts, rule: Rule) -> Paired:
    """The pairs of some prompts; sets `became` and `evidence` of each candidate."""
    lost = [found for one in group if (found := _unpaired(one)) is not None]
    drafts = [
        (one, each) for one in group if one.chosen.text is not None for each in one.rejected if each.text is not None
    ]
    adapted, repairs = _adapted(drafts, rule)
    pairs = assemble(adapted, prompts.source, prompts.name)
    reasons = _check(pairs, rule)
    _choose(drafts, reasons, rule.pairing)
    kept = [place for place in range(len(drafts)) if place not in reasons]
    for place, (one, each) in enumerate(drafts):
        each.became, each.evidence = ("pair", "") if place not in reasons else reasons[place][1:]
        one.chosen.became = "pair" if each.became == "pair" else one.chosen.became or each.became
    lost_table = lost_rows(skipped(lost), prompts.source, prompts.name, "ask")
    dropped_rows = [row for row, _, _ in lost] + [drafts[place][0].row for place in sorted(reasons)]
    pairs_only = pairs.select(PAIRS.names)
    written = pairs_only.take(pa.array(kept, pa.int64()))
    return Paired(
        pairs=written,
        dropped=_in_order(pa.concat_tables([lost_table, _dropped(pairs_only, reasons)]), dropped_rows),
        used=len({one.row for one, _ in drafts}),
        made=len(drafts),
        skipped=Counter(("ask", reason) for _, reason, _ in lost),
        reasons=Counter((stage, reason) for stage, reason, _ in reasons.values()),
        repairs=repairs,
        tags=Counter(tag for tags in written["tags"].to_pylist() for tag in tags),
    )


def _unpaired(one: Answered) -> tuple[int, str, str] | None:
    """Row, reason and evidence of a prompt that has no answer on one side; None if both sides have one."""
    for each in (one.chosen, *one.rejected):
        if each.text is None:
            each.became, each.evidence = each.missing
    if one.chosen.text is None:
        said = [each for each in one.rejected if each.text is not None]
        for each in said:
            each.became = f"chosen_{one.chosen.became}"
        return (one.row, *one.chosen.missing)
    if all(each.text is None for each in one.rejected):
        one.chosen.became = f"rejected_{one.rejected[0].became}"
        return (one.row, *one.rejected[0].missing)
    return None


def _adapted(drafts: list[tuple[Answered, Candidate]], rule: Rule) -> tuple[Adapted, Counter[str]]:
    """The drafts as an adapter gives pairs, margins of white space trimmed, reasoning stripped or kept."""
    repairs: Counter[str] = Counter()

    def turn(each: Candidate) -> list[dict[str, str]]:
        text, reasoning = each.text or "", (each.said and each.said.reasoning) or ""
        if each.request is None:
            return [{"role": "assistant", "content": text}]
        repairs["trimmed"] += text != text.strip()
        repairs["reasoning_stripped"] += bool(reasoning) and rule.reasoning == "strip"
        thought = f"<think>\n{reasoning}\n</think>\n\n" if reasoning and rule.reasoning == "keep" else ""
        return [{"role": "assistant", "content": thought + text.strip()}]

    columns = {
        "prompt": pa.array([one.prompt for one, _ in drafts], TURNS),
        "chosen": pa.array([turn(one.chosen) for one, _ in drafts], TURNS),
        "rejected": pa.array([turn(each) for _, each in drafts], TURNS),
        "row": pa.array([one.row for one, _ in drafts], pa.int64()),
        "chosen_model": pa.array([one.chosen.model or None for one, _ in drafts], pa.string()),
        "rejected_model": pa.array([rule.rejected_from.name(each.model) for _, each in drafts], pa.string()),
        "tags": pa.array([_tags(one.chosen, each) for one, each in drafts], PAIRS.field("tags").type),
    }
    repairs += Counter()  # without the zeros
    return Adapted(pa.table(columns), skipped([]), repairs), repairs


def _tags(*candidates: Candidate) -> list[str]:
    """cut_by_length_chosen and cut_by_length_rejected, where the token limit cut an answer; reasoned_chosen or
    reasoned_rejected, where only that side was written with reasoning."""
    cut = [each for each in candidates if isinstance(each.outcome, Completion) and each.outcome.finish_reason == CUT]
    reasoned = [each for each in candidates if _reasoned(each)]
    return [
        *(f"cut_by_length_{each.side}" for each in cut),
        *(f"reasoned_{each.side}" for each in reasoned if len(reasoned) == 1),
    ]


def _reasoned(each: Candidate) -> bool:
    """Whether an answer was written with reasoning; one that came with its prompt shows it by its marks."""
    said = each.said
    return said is not None and bool(said.reasoning or (each.request is None and take_apart(said.text)[1]))


def _check(pairs: pa.Table, rule: Rule) -> dict[int, tuple[str, str, str]]:
    """Stage, reason and evidence for each pair that a check drops, the first check first."""
    reasons: dict[int, tuple[str, str, str]] = {}
    if not len(pairs):
        return reasons
    texts = PairTexts(pairs)
    for code, check in CHECKS.items():
        if rule.checks.get(code, "off") == "drop":
            for row, evidence in check(texts, rule.limits).items():
                reasons.setdefault(row, ("check", code, evidence))
    return reasons


def _choose(
    drafts: list[tuple[Answered, Candidate]], reasons: dict[int, tuple[str, str, str]], pairing: Pairing
) -> None:
    """Add to `reasons` the good answers that the pairing does not take."""
    if pairing == "all":
        return
    good: dict[int, list[int]] = {}
    for place, (one, _) in enumerate(drafts):
        if place not in reasons:
            good.setdefault(one.row, []).append(place)
    for places in good.values():
        taken = places[0] if pairing == "first" else min(places, key=lambda place: _gap(*drafts[place]))
        for place in places:
            if place != taken:
                reasons[place] = (*NOT_TAKEN, f"answer {drafts[taken][1].answer} was taken ({pairing})")


def _gap(one: Answered, each: Candidate) -> int:
    """How many characters longer or shorter than chosen an answer is."""
    return abs(len((each.text or "").strip()) - len((one.chosen.text or "").strip()))


def _dropped(pairs: pa.Table, reasons: dict[int, tuple[str, str, str]]) -> pa.Table:
    places = sorted(reasons)
    table = pairs.take(pa.array(places, pa.int64()))
    for at, name in enumerate(("stage", "reason", "evidence")):
        table = table.append_column(DROPPED.field(name), pa.array([reasons[p][at] for p in places], pa.string()))
    return table


def _in_order(table: pa.Table, rows: list[int]) -> pa.Table:
    """The same rows in the order of their prompts; `rows[i]` is the upstream row of the prompt of row i."""
    return table.take(pa.array(sorted(range(len(rows)), key=rows.__getitem__), pa.int64()))
