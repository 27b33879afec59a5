"""Candidates out of candidates.parquet of synth-prefs, or a file with its columns: the rows of one prompt together."""

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from os.path import isfile
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError, MissingColumnError, NoPairsError, UsageError
from sources.fetch.fetcher import file_sha256
from sources.pairs.languages import LANGS, Lang
from sources.pairs.schema import MESSAGE
from synth.job.template import Message
from synth.judging.pairs import draw
from synth.judging.texts import ROLES, check_domains
from synth.scoring.candidates import SPOOLED, CandidateGroups

NEEDED: Final = ["source", "source_row", "prompt", "model", "text"]
TOLD: Final = ["side", "finish_reason", "became"]
"""Columns that a file may have."""

GROUPS_AT_ONCE = 128
ROWS_AT_ONCE = 1024
CUT = "length"
KNOWN = ROLES.to_pylist()

NO_FAULT: Final = (None, "", "candidate", "pair", "not_taken", "identical_sides", "nearly_identical")
"""What may have become of an answer that can stand in a pair; any other reason of synth-prefs is a fault of its own."""


def read_candidates(
    path: Path, spool: Path, lang: Lang | None, sample: int | None, domain_column: str
) -> CandidateGroups:
    """The candidates of `path` by prompt, written to `spool`: of `sample` prompts if given, each text once.

    Raises:
        PrefsError: there are none, a column is missing, or rows of one prompt do not stand together.
        UsageError: nothing says which language they are in.
    """
    schema = pq.read_schema(path)
    _check_columns(path, schema)
    check_domains(path, schema, domain_column)
    lang, licence = _told_by_manifest(path, lang)
    seen: dict[str, list[str]] = {}
    known = set[str]()
    for source, row in _runs(path):
        name = _group_id(source, row)
        if name in known:
            hint = "Sort the file by source and source_row."
            raise BrokenFileError(path, f"the rows of {source} {row} do not stand together", hint=hint)
        known.add(name)
        seen.setdefault(source, []).append(name)
    of_source = Counter({source: len(names) for source, names in seen.items()})
    wanted = known if sample is None else draw(seen, sample)
    columns = [name for name in [*NEEDED, *TOLD, domain_column] if name in schema.names]
    groups = CandidateGroups(lang, licence, [(path.name, file_sha256(path))], spool, 0, 0, of_source, Counter())
    with pa.OSFile(str(spool), "wb") as file, pa.ipc.new_file(file, SPOOLED) as writer:
        waiting: list[dict[str, Any]] = []
        for rows in _groups(path, columns):
            if _group_id(rows[0]["source"], rows[0]["source_row"]) not in wanted:
                continue
            spooled = _spooled(rows, groups.left_out, domain_column)
            if spooled is not None:
                groups.count += 1
                groups.answers += len(spooled["texts"])
                waiting.append(spooled)
            if len(waiting) >= GROUPS_AT_ONCE:
                writer.write_table(pa.Table.from_pylist(waiting, schema=SPOOLED))
                waiting = []
        writer.write_table(pa.Table.from_pylist(waiting, schema=SPOOLED))
    if not groups.answers:
        raise NoPairsError(path, "holds no candidate with a text")
    return groups


def _check_columns(path: Path, schema: pa.Schema) -> None:
    missing = [name for name in NEEDED if name not in schema.names]
    if missing:
        found = f"has no column {', '.join(missing)}"
        raise MissingColumnError(path, found, expected=f"the columns {', '.join(NEEDED)}, as of candidates.parquet")
    kind = schema.field("prompt").type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    fields = [kind.value_type.field(at).name for at in range(kind.value_type.num_fields)] if is_list else []
    if not {field.name for field in MESSAGE} <= {*fields}:
        expected = "a list of messages with role and content"
        raise MissingColumnError(path, f"column prompt holds {kind}", expected=expected)


def _told_by_manifest(path: Path, lang: Lang | None) -> tuple[Lang, str]:
    """Language and licence: of the manifest of synth-prefs beside the file; `lang` if given.

    Raises:
        UsageError: neither says a language.
    """
    said: dict[str, Any] = {}
    manifest = path.parent / "manifest.json"
    if isfile(manifest):
        try:
            said = orjson.loads(manifest.read_bytes())
        except orjson.JSONDecodeError:
            said = {}
    told = said.get("lang") if isinstance(said, dict) else None
    found = lang or (told if told in LANGS else None)
    if found is None:
        raise UsageError("--lang", f"no manifest beside {path} says a language", expected="zh or en")
    prompts = said.get("prompts") if isinstance(said, dict) else None
    licence = prompts.get("license") if isinstance(prompts, dict) else None
    return found, licence if isinstance(licence, str) else "unknown"


def _runs(path: Path) -> Iterator[tuple[str, str]]:
    """Source and source_row of each run of rows that are about the same prompt."""
    last = None
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(16_384, columns=["source", "source_row"]):
            for each in zip(batch["source"].to_pylist(), batch["source_row"].to_pylist(), strict=True):
                if None in each:
                    raise BrokenFileError(path, "a row has no source or no source_row")
                if each != last:
                    last = each
                    yield each


def _groups(path: Path, columns: list[str]) -> Iterator[list[dict[str, Any]]]:
    """The rows of each prompt."""
    rows: list[dict[str, Any]] = []
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=columns):
            for row in batch.to_pylist():
                if rows and (row["source"], row["source_row"]) != (rows[0]["source"], rows[0]["source_row"]):
                    yield rows
                    rows = []
                rows.append(row)
    if rows:
        yield rows


def _spooled(
    rows: list[dict[str, Any]], left_out: Counter[tuple[str, str]], domain_column: str
) -> dict[str, Any] | None:
    """The candidates of one prompt as a row of SPOOLED; None where none has a text. What is left out is counted."""
    first = rows[0]
    prompt = first["prompt"]
    if not prompt or not all(turn and isinstance(turn["content"], str) for turn in prompt):
        left_out[first["source"], "no_text"] += len(rows)
        return None
    if any(turn["role"] not in KNOWN for turn in prompt):
        left_out[first["source"], "unknown_role"] += len(rows)
        return None
    texts: dict[str, dict[str, Any]] = {}
    for row in rows:
        text = (row["text"] or "").strip()
        fault = "no_text" if not text else _fault(row) or ("repeated" if text in texts else "")
        if fault:
            left_out[row["source"], fault] += 1
        else:
            texts[text] = row
    if not texts:
        return None
    return {
        "id": _group_id(first["source"], first["source_row"]),
        "source": first["source"],
        "source_row": first["source_row"],
        "domain": first.get(domain_column),
        "prompt": [_turn(turn) for turn in prompt],
        "texts": list(texts),
        "models": [row["model"] for row in texts.values()],
        "cut": [row.get("finish_reason") == CUT for row in texts.values()],
    }


def _fault(row: dict[str, Any]) -> str:
    """The reason for which synth-prefs found that the answer can stand in no pair; empty where it found none."""
    became = row.get("became")
    whole = row.get("side") == "chosen" or became in NO_FAULT or str(became).startswith("chosen_")
    return "" if whole else str(became)


def _turn(turn: dict[str, Any]) -> Message:
    return {"role": turn["role"], "content": turn["content"]}


def _group_id(source: str, source_row: str) -> str:
    return blake2b(f"{source}\x1f{source_row}".encode(), digest_size=16).hexdigest()
