"""report.html, put together: facts and charts into the template, rules that forbid the page to load anything."""

from concurrent.futures import Executor
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from builders.measures.giveaways import MIN_GROUPS, RULES
from builders.measures.judge_audit import DONE, LINES
from builders.report.draw_charts import MAX_BARS, SCRIPT_COLOURS, charted, draw_charts
from builders.report.facts import Facts, find_licences, find_unchecked, verdict_share
from builders.report.meanings import meanings
from builders.report.rows import MAX_NAME_CHARS, browsable, outcome
from builders.report.scripts import PAIRS_A_SOURCE, PARTS
from sources.command.printable import printable
from sources.pages import formats
from sources.pages.hidden import visible
from sources.pages.policy import page_style, policy
from sources.pairs.languages import LANGUAGE_NAMES

HERE = Path(__file__).parent

MAX_BYTES = 5_000_000
PAGE_BYTES = 700_000
"""Kept free for all that is not in the browser of pairs."""

STRONG_RULE = 0.75
"""From here on (or as far below 0.5) length alone tells the answers apart well enough to worry."""


def render_report(facts: Facts, aside: Executor) -> str:
    """The report of one language as HTML of at most MAX_BYTES; its charts are drawn by `aside` meanwhile."""
    drawing = aside.submit(draw_charts, charted(facts))
    shown = browsable(facts.drawn, MAX_BYTES - PAGE_BYTES)
    charts = drawing.result()
    style, script = page_style() + charts.styles, _asset("pair.js") + _asset("report.js")
    html: str = _template().render(
        facts=facts,
        build=facts.build,
        chart={name: Markup(svg) for name, svg in charts.drawn.items()},  # noqa: S704 - matplotlib escapes
        language=LANGUAGE_NAMES[facts.build.lang],
        html_lang="zh-Hans" if facts.build.lang == "zh" else facts.build.lang,
        version=version("build-prefs"),
        whole=facts.build.statistics.whole,
        groups=_groups(facts),
        repairs=sorted((name, count) for name, count in facts.whole.repairs.items() if count),
        licences=find_licences(facts),
        unchecked=find_unchecked(facts),
        script_parts=list(zip(PARTS, SCRIPT_COLOURS, strict=True)),
        script_pairs=PAIRS_A_SOURCE,
        strong_rule=STRONG_RULE,
        rules=RULES,
        judged=facts.build.request.judged,
        audit_lines=LINES,
        judged_done=DONE,
        min_groups=MIN_GROUPS,
        too_few=_too_few(facts),
        max_bars=MAX_BARS,
        shown=shown.rows,
        data=Markup(shown.json),  # noqa: S704 - escaped by safe_json
        style=Markup(style),  # noqa: S704 - the project's own
        script=Markup(script),  # noqa: S704
        policy=policy(style, script),
    )
    return html


def _too_few(facts: Facts) -> list[str]:
    """The sources of whose giveaways nothing is said."""
    said = {one.source for one in facts.build.giveaways}
    return [account.source for account, _ in facts.build.measured() if account.source not in said]


def _groups(facts: Facts) -> dict[str, int]:
    sizes = facts.build.statistics.group_sizes
    return {
        "all": len(sizes),
        "several": int((sizes > 1).sum()),
        "pairs": int(sizes[sizes > 1].sum()),
        "largest": int(sizes.max(initial=0)),
    }


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        n=formats.count,
        auc=formats.auc,
        visible=visible,
        name=lambda text: visible(printable(text, max_chars=MAX_NAME_CHARS)),
    )
    environment.globals.update(
        share=formats.share,
        plural=formats.plural,
        verdict_share=verdict_share,
        meanings=meanings(),
        median=lambda values: float(np.median(values)) if len(values) else float("nan"),
        outcome=lambda lost: printable(outcome(lost.stage, lost.reason), max_chars=MAX_NAME_CHARS),
    )
    return environment.get_template("report.html.j2")


@cache
def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
