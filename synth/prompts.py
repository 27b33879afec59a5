"""The prompts of a run: those of alpaca_gpt4 with GPT-4's answers, or those of a file of one's own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sources.checks.structure import turns_fault
from sources.errors import BadRowsError, MissingFileError, NoPairsError, UsageError
from sources.fetch import Fetcher, Located, file_sha256
from sources.files.read import read_rows
from sources.files.rows import Limits, RowBatch
from sources.pairs import lost_rows
from sources.printable import printable
from sources.registry import find_source
from sources.schema import TURNS, Lang, joined_text
from sources.source import OPTIONAL, Adapted, NoOptions, Source, UpstreamFile, skipped
from synth.template import Message

OWN_LAYOUTS = tuple(
    pa.schema([pa.field(turns, pa.json_()), pa.field("chosen", pa.json_(), metadata=OPTIONAL)])
    for turns in ("messages", "prompt")
)
"""messages (role and content), or prompt (a string, or messages); and chosen (a string, or one message) or not."""

ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts of one file, in its order.

    `table` has prompt (turns), chosen (one turn; null where it is still to be written) and row; `lost` is DROPPED, a
    row for each upstream row that gives no prompt.
    """

    source: Source
    name: str
    sha256: str
    pinned: str
    table: pa.Table
    lost: pa.Table

    def __len__(self) -> int:
        return len(self.table)

    @property
    def warnings(self) -> list[str]:
        """What a reader of the result should know of the file."""
        if not self.pinned or self.pinned == self.sha256:
            return []
        return [f"{self.name}: not the pinned bytes (SHA-256 {self.sha256[:12]}…, pinned {self.pinned[:12]}…)"]

    @property
    def rows_read(self) -> int:
        """How many rows the file had, as far as it was read."""
        return len(self.table) + len(self.lost)

    def __iter__(self) -> Iterator[list[Message]]:
        """The turns of each prompt."""
        for batch in self.table.select(["prompt"]).to_batches(max_chunksize=1024):
            yield from batch["prompt"].to_pylist()


def alpaca_prompts(lang: Lang, fetcher: Fetcher) -> tuple[Source, Located]:
    """Where the prompts of alpaca_gpt4 are, fetched if need be."""
    source = find_source(f"alpaca_gpt4_{lang}", "--lang")
    return source, fetcher.locate(source.files(NoOptions())[0])


def own_prompts(lang: Lang, path: Path, licence: str) -> tuple[Source, Located]:
    """A file of one's own as a source.

    Raises:
        MissingFileError: it is not there.
    """
    if path.suffix == ".parquet":
        raise UsageError(f"--prompts {path}", "is Parquet", expected="JSON lines or a JSON array, maybe packed")
    if not path.is_file():
        raise MissingFileError(f"--prompts {path}", "no such file", expected="JSON lines: prompt or messages, chosen")
    source = Source(
        name="prompts",
        lang=lang,
        files=lambda _: (),
        layouts=OWN_LAYOUTS,
        license=licence,
        commercial_use=False,
        signal="synthetic",
        adapt=adapt_own,
        makes="prompts",
    )
    file = UpstreamFile(host="hub", repository="own", revision="", path=path.name)
    return source, Located(file, path, "")


def adapt_own(rows: pa.Table, options: NoOptions) -> Adapted:
    """Prompts and, where there are any, chosen answers, in the layouts that people use."""
    column = "messages" if "messages" in rows.column_names else "prompt"
    numbers = rows["row"].to_pylist()
    prompts = rows[column].cast(pa.string()).to_pylist()
    chosen = rows["chosen"].cast(pa.string()).to_pylist()
    good: list[tuple[int, list[Message], list[Message] | None]] = []
    lost = []
    for number, prompt, answer in zip(numbers, prompts, chosen, strict=True):
        turns, fault = _turns(prompt)
        said, answer_fault = _answer(answer)
        if fault or answer_fault:
            lost.append((number, "broken_turns", fault or answer_fault))
        else:
            good.append((number, turns, said))
    table = pa.table(
        {
            "prompt": pa.array([turns for _, turns, _ in good], TURNS),
            "chosen": pa.array([said for _, _, said in good], TURNS),
            "row": pa.array([number for number, _, _ in good], pa.int64()),
        }
    )
    return Adapted(table, skipped(lost))


def _turns(text: str | None) -> tuple[list[Message], str]:
    """The turns that a JSON value spells, and what is wrong with it."""
    value = orjson.loads(text) if text else None
    if isinstance(value, str):
        return [{"role": "user", "content": value}], ""
    if not isinstance(value, list) or not value:
        return [], f"prompt is {type(value).__name__}, expected a string or messages"
    for place, message in enumerate(value):
        fault = _message_fault(message)
        if fault:
            return [], f"message {place}: {fault}"
    turns = [{"role": message["role"], "content": message["content"]} for message in value]
    if len(turns) == 1:
        return turns, "" if turns[0]["role"] == "user" else f"the only message is the {turns[0]['role']}'s"
    return turns, turns_fault(turns) or ""


def _answer(text: str | None) -> tuple[list[Message] | None, str]:
    value: Any = orjson.loads(text) if text else None
    message = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not _message_fault(message) and message["role"] == "assistant":
        value = message["content"]
    if value is None or isinstance(value, str):
        return (None if value is None else [{"role": "assistant", "content": value}]), ""
    return None, f"chosen is {type(value).__name__}, expected a string or one message of the assistant"


def _message_fault(message: Any) -> str:
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        return "no content"
    role = message.get("role")
    return "" if role in ROLES else f"role {printable(str(role))}, expected {', '.join(ROLES)}"


def read_prompts(
    source: Source, located: Located, *, limit: int | None, writes_chosen: bool, is_upstream: bool
) -> Prompts:
    """The prompts of a file, without those that would be paid for in vain; `is_upstream`: it claims to be the pinned
    one.

    Raises:
        ReadError: the file cannot be read.
        NoPairsError: there is no prompt in it.
    """
    name = located.file.mirror_path if located.file.repository != "own" else located.path.name
    tables, lost = [], []
    for batch in _rows(located, name, source, limit):
        adapted = source.adapt(batch.rows, NoOptions())
        good, empty = _drop_empty(adapted.pairs, writes_chosen=writes_chosen)
        tables.append(good)
        lost.append(lost_rows(batch.bad, source, name, "read"))
        lost.append(lost_rows(adapted.skipped, source, name, "adapt"))
        lost.append(lost_rows(empty, source, name, "adapt"))
    table = pa.concat_tables(tables)
    if not len(table):
        raise NoPairsError(name, f"holds no prompt that can be answered ({_first(pa.concat_tables(lost))})")
    pinned = (located.file.sha256 or "") if is_upstream else ""
    return Prompts(source, name, file_sha256(located.path), pinned, table, pa.concat_tables(lost))


def _rows(located: Located, name: str, source: Source, limit: int | None) -> Iterator[RowBatch]:
    try:
        yield from read_rows(located.path, name, source.layouts, Limits(), max_rows=limit)
    except BadRowsError as error:
        raise BadRowsError(error.where, error.found, expected=error.expected, hint="Mend the file.") from error


def _first(lost: pa.Table) -> str:
    """The first of the lost rows, and why."""
    row = next(iter(lost.slice(0, 1).to_pylist()), None)
    return "it has no rows" if row is None else f"{row['source_row']}: {row['reason']}: {row['evidence']}"


def _drop_empty(prompts: pa.Table, *, writes_chosen: bool) -> tuple[pa.Table, pa.Table]:
    """The prompts without those that are empty or have no chosen answer, unless that is to be written; and those."""
    reasons = np.full(len(prompts), "", dtype=object)
    if writes_chosen:
        prompts = prompts.set_column(prompts.schema.get_field_index("chosen"), "chosen", pa.nulls(len(prompts), TURNS))
    else:
        chosen = prompts["chosen"].combine_chunks()
        reasons[pc.is_null(chosen).to_numpy(zero_copy_only=False)] = "no_chosen"
        there = np.flatnonzero(reasons == "")
        texts = joined_text(chosen.take(pa.array(there)))
        reasons[there[_is_blank(texts)]] = "empty_chosen"
    reasons[_is_blank(joined_text(prompts["prompt"].combine_chunks()))] = "empty_prompt"
    keep = reasons == ""
    numbers = prompts["row"].to_pylist()
    lost = [(numbers[at], str(reasons[at]), EVIDENCE[str(reasons[at])]) for at in np.flatnonzero(~keep).tolist()]
    return prompts.filter(pa.array(keep)), skipped(lost)


EVIDENCE = {
    "no_chosen": "the row has no chosen answer; --chosen-model writes one",
    "empty_chosen": "the chosen answer has nothing but white space",
    "empty_prompt": "the prompt has nothing but white space",
}


def _is_blank(texts: pa.Array) -> np.ndarray:
    return np.asarray(pc.equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False))
