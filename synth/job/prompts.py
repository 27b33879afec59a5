"""The prompts of a run: those of alpaca_gpt4 with GPT-4's answers, or those of the user's own file."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from sources.checks.structure import turns_fault
from sources.command.errors import BadRowsError, MissingFileError, NoPairsError, UsageError
from sources.command.printable import printable
from sources.fetch.fetcher import Fetcher, Located, file_sha256, is_upstream
from sources.files.read import read_rows
from sources.files.rows import Limits, RowBatch
from sources.pairs.assemble import lost_rows
from sources.pairs.languages import Lang
from sources.pairs.schema import TURNS, joined_text
from sources.pairs.source import OPTIONAL, Adapted, NoOptions, Source, UpstreamFile, skipped
from sources.registry import find_sources
from synth.job.template import Message

OWN_LAYOUTS = tuple(
    pa.schema([pa.field(turns, pa.json_()), pa.field("chosen", pa.json_(), metadata=OPTIONAL)])
    for turns in ("messages", "prompt")
)
"""messages (role and content), or prompt (a string, or messages); and chosen (a string, or one message) or not."""

SPOOLED = pa.schema([pa.field("prompt", TURNS), pa.field("chosen", TURNS), pa.field("row", pa.int64())])
PROMPTS_AT_ONCE = 512
BLOCK_BYTES = 1 << 20
"""Bytes read at a time; small blocks save memory, and asking takes far longer than reading."""

ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of one file, in its order; they are kept on the disk to save memory.

    `spool` is an Arrow file with prompt (turns), chosen (one turn; null where it is still to be written) and row;
    `lost` is DROPPED, a row for each upstream row that gives no prompt.
    """

    source: Source
    name: str
    sha256: str
    pinned: str
    spool: Path
    count: int
    lost: pa.Table

    def __len__(self) -> int:
        return self.count

    @property
    def warnings(self) -> list[str]:
        """A line if the file is not the pinned one."""
        if not self.pinned or self.pinned == self.sha256:
            return []
        return [f"{self.name}: not the pinned bytes (SHA-256 {self.sha256[:12]}…, pinned {self.pinned[:12]}…)"]

    @property
    def rows_read(self) -> int:
        """Rows of the file, up to the limit."""
        return self.count + len(self.lost)

    def __iter__(self) -> Iterator[list[Message]]:
        """The turns of each prompt."""
        for batch in self.batches():
            yield from batch["prompt"].to_pylist()

    def others(self) -> Iterator[list[Message]]:
        """For each prompt in order another one, from the other half of the file; the same where all are equal."""
        half = len(self) // 2
        others = chain(islice(self, half, None), islice(self, half))
        later = chain(islice(self, half + 1, None), islice(self, half + 1))
        for own, other, next_one in zip(self, others, later, strict=True):
            yield next_one if other == own else other

    def parts(self, at_most: int) -> Iterator[list[dict[str, Any]]]:
        """The prompts as rows, so many at a time."""
        for batch in self.batches():
            for start in range(0, len(batch), at_most):
                yield batch.slice(start, at_most).to_pylist()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The prompts with row and chosen, at most PROMPTS_AT_ONCE at a time."""
        with pa.OSFile(str(self.spool)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)


@dataclass(frozen=True, slots=True)
class Found:
    """A file of prompts and how to read it; `is_upstream`: it claims to be the pinned one."""

    source: Source
    located: Located
    is_upstream: bool


def alpaca_prompts(lang: Lang, fetcher: Fetcher) -> Found:
    """Where the prompts of alpaca_gpt4 are, fetched if need be."""
    (source,) = find_sources(f"alpaca_gpt4_{lang}", "--lang")
    return Found(source, fetcher.locate(source.files(NoOptions())[0]), is_upstream(fetcher))


def own_prompts(lang: Lang, path: Path, licence: str) -> Found:
    """The user's own file as a source.

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
    return Found(source, Located(file, path, ""), is_upstream=False)


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
    """The turns in a JSON value, and what is wrong with it."""
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


def read_prompts(found: Found, spool: Path, *, limit: int | None, writes_chosen: bool) -> Prompts:
    """The prompts of a file that can be answered, written to `spool`; the others are in `lost` with their reason.

    Raises:
        ReadError: the file cannot be read.
        NoPairsError: there is no prompt in it.
    """
    source, located = found.source, found.located
    name = located.file.mirror_path if located.file.repository != "own" else located.path.name
    count, lost = 0, []
    with pa.OSFile(str(spool), "wb") as file, pa.ipc.new_file(file, SPOOLED) as writer:
        for batch in _rows(located, name, source, limit):
            adapted = source.adapt(batch.rows, NoOptions())
            good, empty = _drop_empty(adapted.pairs, writes_chosen=writes_chosen)
            writer.write_table(good.select(SPOOLED.names), max_chunksize=PROMPTS_AT_ONCE)
            count += len(good)
            lost.append(lost_rows(batch.bad, source, name, "read"))
            lost.append(lost_rows(adapted.skipped, source, name, "adapt"))
            lost.append(lost_rows(empty, source, name, "adapt"))
    if not count:
        raise NoPairsError(name, f"holds no prompt that can be answered ({_first(pa.concat_tables(lost))})")
    pinned = (located.file.sha256 or "") if found.is_upstream else ""
    return Prompts(source, name, file_sha256(located.path), pinned, spool, count, pa.concat_tables(lost))


def _rows(located: Located, name: str, source: Source, limit: int | None) -> Iterator[RowBatch]:
    try:
        yield from read_rows(located.path, name, source.layouts, Limits(block_bytes=BLOCK_BYTES), max_rows=limit)
    except BadRowsError as error:
        raise BadRowsError(error.where, error.found, expected=error.expected, hint="Correct the file.") from error


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
