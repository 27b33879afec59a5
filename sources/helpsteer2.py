"""helpsteer2: two answers to an English prompt, of which annotators said how much one is better.

One upstream row (an invented one); below 0 the first answer is better, above 0 the second:

    {"split": "train", "prompt": "Name a fruit.", "response_1": "An apple.", "response_2": "A cabbage.",
     "preference_strength": -2, "preference_statement": "Response 1 is better than Response 2."}
"""

import re
from dataclasses import dataclass
from typing import Literal

from sources.command.printable import shown
from sources.layouts import layout
from sources.layouts.known import verdicts
from sources.layouts.layout import NoPairError
from sources.layouts.read_row import Read
from sources.layouts.turns import number
from sources.layouts.upstream.options import Strength
from sources.layouts.upstream.read_as import read_as
from sources.layouts.upstream.rows import Rows
from sources.pairs.source import WHOLE_ROW, Always, Source, on_hub

FILE = on_hub("nvidia/HelpSteer2", "990b2711a36180dd19d9c94b8627844866f8982a", "preference/preference.jsonl.gz")
SEVERAL_TURNS = "<extra_id_1>"
STATEMENT = re.compile(r"\bResponse ([12])\b[^.]{0,40}?\bbetter than\b")


@dataclass(frozen=True, slots=True)
class Options:
    splits: tuple[Literal["train", "val"], ...] = ("train",)
    min_margin: Strength = 1


def _read(options: Options, row: layout.Row) -> Read:
    """What its words say is asked too, since the sign of the number is documented for its successor only."""
    if row.get("split") not in options.splits:
        raise NoPairError("other_split", f"split is {shown(row.get('split'))}, expected {' or '.join(options.splits)}")
    if SEVERAL_TURNS in str(row.get("prompt")):
        raise NoPairError("unread_turns", f"the prompt has {SEVERAL_TURNS}, whose meaning is not documented")
    said = STATEMENT.search(str(row.get("preference_statement")))
    strength = number(row.get("preference_strength"))
    if said and strength and (strength < 0) != (said[1] == "1"):
        raise NoPairError("unknown_verdict", f"preference_strength is {strength:g}, and the words {shown(said[0])}")
    pairs = layout.Options(min_margin=options.min_margin)
    return read_as(verdicts.HELP_STEER, row, pairs, known=("split", "preference_statement"))


SOURCE = Source(
    name="helpsteer2",
    lang="en",
    files=Always(FILE),
    layouts=(WHOLE_ROW,),
    columns=(("split", "prompt", "response_1", "response_2", "preference_strength"),),
    license="CC-BY-4.0",
    commercial_use=True,
    signal="human",
    adapt=Rows(_read, "en"),
    options=Options,
)
