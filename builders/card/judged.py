"""What a card says of the judge whose verdicts a build went by: the audit of labels and judge, by source."""

from typing import Any

from builders.card.facts import Facts
from builders.measures.judge_audit import DONE, LINES, JudgeAudit
from sources.command.markdown import bullets, code, plain, table


def judged(builds: list[Facts]) -> str:
    """The section about the judge, by language; empty where no build was judged."""
    parts = [_of_language(facts, told) for facts in builds if (told := facts.manifest.get("judge_audit"))]
    return "\n\n".join(["## Judged by a model", *parts]) if parts else ""


def _of_language(facts: Facts, told: dict[str, Any]) -> str:
    audit, how = JudgeAudit.from_dict(told), facts.manifest["flags"]["judged"]
    rows = [(code(row.source), row.pairs, row.judged, *row.shown) for row in audit.rows]
    kappa = f"the judges agree beyond chance with kappa {audit.kappa or 0:.2f} (1: always, 0: as chance would)"
    least = f"; a margin below {how['min_margin']:g} dropped a pair" if how["min_margin"] else ""
    lines = [
        f"language `{facts.lang}`, judged by {', '.join(map(code, audit.judges))} with the rubric {code(audit.rubric)}",
        f"scale: {plain(audit.scale)}",
        *([kappa] if audit.kappa is not None else []),
        f"what became of it: {DONE[how['disagrees']]}{least}",
        *map(plain, audit.findings),
    ]
    if not rows:
        return "\n\n".join([bullets(lines), "The labels are the judge's own: it scored candidates for these pairs."])
    return "\n\n".join(
        [
            bullets(lines),
            table(["source", "pairs", "with a verdict", *LINES.values()], rows),
            "Shares with their 95 % intervals, of the labels before any was dropped or swapped. Agreement and lengths "
            "are of the pairs with a preference. A judge that says something else when the answers change places, or "
            "that prefers the longer answer more often than the labels do, proves nothing against a label.",
        ]
    )
