"""Answers that were liked or disliked one by one, as pairs of one prompt."""

from sources.layouts.layout import Draft, Half, Options

Numbered = tuple[int, Half]
"""The number of a row and what it gave."""


def pair_up(halves: list[Numbered], options: Options) -> tuple[list[tuple[int, Draft]], list[tuple[int, str, str]]]:
    """The pairs of the answers to each prompt, first liked with first disliked and so on, or each with each; and the
    rows that no pair came from, with reason and evidence."""
    groups: dict[str, tuple[list[Numbered], list[Numbered]]] = {}
    for numbered in halves:
        half = numbered[1]
        group = groups.setdefault(repr((half.prompt, half.tools, half.lang)), ([], []))
        group[0 if half.liked else 1].append(numbered)
    pairs: list[tuple[int, Draft]] = []
    lost: list[tuple[int, str, str]] = []
    for liked, disliked in groups.values():
        if options.pairs == "all":
            pairs += [_pair(one, other) for one in liked for other in disliked]
            left = [] if liked and disliked else [*liked, *disliked]
        else:
            both = min(len(liked), len(disliked))
            pairs += map(_pair, liked[:both], disliked[:both])
            left = [*liked[both:], *disliked[both:]]
        found = f"its prompt has {len(liked)} liked and {len(disliked)} disliked answers"
        lost += [(number, "unpaired_answer", found) for number, _ in left]
    return pairs, lost


def _pair(liked: Numbered, disliked: Numbered) -> tuple[int, Draft]:
    (row, good), (other_row, bad) = liked, disliked
    sides = (good.prompt, good.answer, bad.answer)
    draft = Draft(*sides, good.score, bad.score, good.model, bad.model, good.tools, good.lang)
    draft.rejected_row = other_row
    return row, draft
