"""The drawn rows as JSON for the page's script, as many as there is room for."""

from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa

from builders.report.marks import shared_runs
from sources.command.printable import printable
from sources.pages.hidden import SCRIPT_CLASS, safe_json
from sources.pairs.schema import SIDES

MAX_CHARS = {"prompt": 1_200, "chosen": 1_600, "rejected": 1_600}
"""Longer texts are cut, and say so."""

MAX_NAME_CHARS = 60
BATCH_ROWS = 512
SHOWN = [
    *("id", "source", "source_row", *SIDES, "score_chosen", "score_rejected", "chosen_model", "rejected_model"),
    *("tags", "stage", "reason", "evidence", "split"),
]


@dataclass(slots=True)
class Names:
    """Names that many rows share, each once: a row holds places in it."""

    places: dict[str, int] = field(default_factory=dict)

    def place(self, name: str) -> int:
        return self.places.setdefault(name, len(self.places))

    def all(self) -> list[str]:
        return [printable(name, max_chars=MAX_NAME_CHARS) for name in self.places]


@dataclass(slots=True)
class Shared:
    """What the rows of a sample have in common."""

    source: Names = field(default_factory=Names)
    file: Names = field(default_factory=Names)
    outcome: Names = field(default_factory=Names)
    tag: Names = field(default_factory=Names)
    model: Names = field(default_factory=Names)

    def as_dict(self) -> dict[str, list[str]]:
        return {key: getattr(self, key).all() for key in self.__slots__}


@dataclass(frozen=True, slots=True)
class Browsable:
    """The data of the page's script: `json`, safe inside a script element, and how many rows are in it."""

    json: str
    rows: int


def outcome(stage: str, reason: str) -> str:
    """What became of a dropped row, as the page calls it."""
    return f"{reason} ({stage})"


def browsable(drawn: pa.Table, max_bytes: int) -> Browsable:
    """The rows, as many of the first as fit in `max_bytes`; pairs that stay come first, in the order of their ids."""
    names = Shared(outcome=Names({"train": 0, "test": 1}))
    taken: list[tuple[tuple[bool, str], str]] = []
    room = max_bytes
    for row in _rows(drawn):
        text = safe_json(orjson.dumps(_as_dict(row, names)).decode())
        room -= len(text.encode()) + 1
        if room < 0:
            break
        taken.append(((row["stage"] is not None, row["id"] or ""), text))
    taken.sort(key=lambda one: one[0])
    head = safe_json(orjson.dumps({"hidden": SCRIPT_CLASS, "names": names.as_dict()}).decode())
    return Browsable(head[:-1] + ',"rows":[' + ",\n".join(text for _, text in taken) + "]}", len(taken))


def _rows(drawn: pa.Table) -> Any:
    for batch in drawn.select(SHOWN).to_batches(max_chunksize=BATCH_ROWS):
        yield from batch.to_pylist()


def _as_dict(row: dict[str, Any], names: Shared) -> dict[str, Any]:
    """One row; what is empty is left out."""
    file, _, place = (row["source_row"] or "").rpartition(":")
    chosen, cut_chosen = _side(row, "chosen")
    rejected, cut_rejected = _side(row, "rejected")
    prompt, cut_prompt = _side(row, "prompt")
    cut = [cut_prompt, cut_chosen, cut_rejected]
    found: dict[str, Any] = {
        "id": row["id"],
        "source": names.source.place(row["source"]),
        "file": names.file.place(file),
        "row": place,
        "outcome": names.outcome.place(row["split"] or outcome(row["stage"], row["reason"])),
        "why": row["evidence"],
        "tags": [names.tag.place(tag) for tag in row["tags"] or []],
        "prompt": prompt,
        "chosen": chosen,
        "rejected": rejected,
        "same": shared_runs(chosen, rejected) if isinstance(chosen, str) and isinstance(rejected, str) else [],
        "cut": cut if any(cut) else None,
    }
    for key in ("chosen", "rejected"):
        found[f"score_{key}"] = row[f"score_{key}"]
        found[f"by_{key}"] = names.model.place(row[f"{key}_model"]) if row[f"{key}_model"] else None
    return {key: value for key, value in found.items() if value is not None and value != []}


def _side(row: dict[str, Any], side: str) -> tuple[str | list[list[str]] | None, int]:
    """The text of a side that is one turn of the usual speaker, else all its turns as [role, text]; and how many
    characters were cut."""
    turns = row[side]
    if turns is None:
        return None, 0
    room, cut, shown = MAX_CHARS[side], 0, []
    for turn in turns:
        text = turn["content"] or ""
        cut += max(0, len(text) - room)
        if room > 0 or not text:
            shown.append([turn["role"] or "", text[: max(0, room)]])
        room -= len(text)
    usual = "user" if side == "prompt" else "assistant"
    if len(shown) == 1 and len(turns) == 1 and shown[0][0] == usual:
        return shown[0][1], cut
    return shown, cut
