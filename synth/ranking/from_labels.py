"""Pairs with labels, judged by scores: the label that each judge gives, and the strongest disagreements."""

from sources.files.write_parquet import Sink
from synth.job.completion import Completion
from synth.judging.disagreements import Disagreement, Strongest
from synth.ranking.collect import Outcomes
from synth.ranking.combine import Place
from synth.ranking.labels import Bench, score_table
from synth.scoring.groups import Group, Groups

CHOSEN, REJECTED = 0, 1


def write_labels(groups: Groups, bench: Bench, outcomes: Outcomes, scores: Sink) -> Strongest:
    """Write what each judge says of each pair; returns the strongest disagreements with the labels."""
    strongest, number = Strongest(), 0
    disputed: dict[str, Group] = {}
    for part in groups.parts():
        rows, found = [], []
        for group in part:
            place = Place(number, CHOSEN, REJECTED)
            rows += bench.rows(group.id, group, place)
            if bench.label(bench.last, place) == "rejected":
                found.append(_disagreement(group))
                disputed[group.id] = group
            number += 1
        scores.write(score_table(rows))
        strongest.keep(found)
        disputed = {each.id: disputed[each.id] for each in strongest.found}
    for each in strongest.found:
        each.said.extend(_said(disputed[each.id], outcomes))
    return strongest


def _disagreement(group: Group) -> Disagreement:
    return Disagreement(
        id=group.id,
        source=group.source,
        source_row=group.source_row,
        margin=group.margin,
        prompt="\n\n".join(turn["content"] for turn in group.prompt),
        chosen=group.answers[CHOSEN].text,
        rejected=group.answers[REJECTED].text,
        said=[],
    )


def _said(group: Group, outcomes: Outcomes) -> list[str]:
    """What each judge said of chosen, and of rejected."""
    said, find = [], outcomes.find
    for scorer in outcomes.scorers:
        for name, answer in zip(("chosen", "rejected"), group.answers, strict=True):
            request = scorer.ask(group, answer)
            outcome = find([request.key]).get(request.key)
            second = scorer.ask_again(group, request, outcome)
            if second is not None:
                outcome = find([second.key]).get(second.key)
            if isinstance(outcome, Completion):
                said.append(f"{name}: {outcome.text}")
    return said
