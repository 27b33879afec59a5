"""What an upstream dataset is: where its files are, what a row looks like, and how rows become pairs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from sources.pairs.languages import Lang
from sources.pairs.schema import Signal

Host = Literal["hub", "github"]
COMMIT = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamFile:
    """One file of a repository on the Hugging Face Hub or on GitHub, pinned as far as its hash is known.

    Where nobody knows the commit, `revision` is a branch; where nobody knows in how many parts a table is, `path` has a
    `*` and names all that fit. Both are found out when the file is fetched.
    """

    host: Host
    repository: str
    revision: str
    path: str
    sha256: str | None = None
    size: int | None = None

    @property
    def mirror_path(self) -> str:
        """`<owner>/<repository>/<path>`: where the file lies in a mirror."""
        return f"{self.repository}/{self.path}"

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit and no branch."""
        return COMMIT.fullmatch(self.revision) is not None

    @property
    def names_several(self) -> bool:
        """Whether the path is a pattern."""
        return "*" in self.path


def on_hub(repository: str, revision: str, *paths: str) -> tuple[UpstreamFile, ...]:
    """These files of one repository of the Hub."""
    return tuple(UpstreamFile(host="hub", repository=repository, revision=revision, path=path) for path in paths)


@dataclass(frozen=True, slots=True)
class Adapted:
    """What an adapter made of a table of upstream rows.

    `pairs` has prompt, chosen, rejected (turns) and `row` (int64, the upstream row; chosen's where two rows
    make a pair), and may have `row_rejected`, `score_chosen`, `score_rejected`, `chosen_model`,
    `rejected_model`, `tags`, and `item` (a string; pairs with the same item never straddle a split).
    `skipped` has row, reason and evidence: each row that no pair came from.
    `row_rejected` is null where one row made the pair; `extras` is the column of `sources.pairs.extras`.
    `repairs` counts the texts that each named repair changed, `unused` the rows in which a column that means nothing
    here was left out, `layouts` the rows of each layout where files may have several.
    """

    pairs: pa.Table
    skipped: pa.Table
    repairs: Mapping[str, int] = field(default_factory=dict)
    unused: Mapping[str, int] = field(default_factory=dict)
    layouts: Mapping[str, int] = field(default_factory=dict)


OPTIONAL = {b"optional": b"yes"}
"""The metadata of a field that rows may lack; it is null then."""

SKIPPED = pa.schema([("row", pa.int64()), ("reason", pa.string()), ("evidence", pa.string())])


WHOLE_ROW = pa.schema([pa.field("whole_row", pa.json_(), nullable=False)])
"""The layout of a file whose rows are looked at one by one, each as JSON."""


def skipped(rows: list[tuple[int, str, str]]) -> pa.Table:
    """A table of (row, reason, evidence)."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table([pa.array(c, t) for c, t in zip(columns, SKIPPED.types, strict=True)], schema=SKIPPED)


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a source that has none."""


@dataclass(frozen=True, slots=True)
class Always:
    """The files of a source, whatever its options."""

    files: tuple[UpstreamFile, ...]

    def __call__(self, _options: object) -> tuple[UpstreamFile, ...]:
        return self.files


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One upstream dataset in one language; of one that holds several there is a source of the same name for each.

    `layouts` are the accepted row layouts, the first that fits is taken; a nullable field may be null, one with the
    metadata OPTIONAL may be missing. Where rows are looked at whole (WHOLE_ROW), `columns` are the sets of columns of
    which a file must have one.
    `options` is a frozen dataclass whose fields are the keys that a recipe may set.
    `whole_table` asks for all rows of a file at once (grouping); otherwise rows come in batches.
    """

    name: str
    lang: Lang
    files: Callable[[Any], tuple[UpstreamFile, ...]]
    layouts: tuple[pa.Schema, ...]
    license: str
    commercial_use: bool
    signal: Signal
    adapt: Callable[[pa.Table, Any], Adapted]
    options: type[Any] = NoOptions
    columns: tuple[tuple[str, ...], ...] = ()
    license_note: str = ""
    chosen_model: str | None = None
    rejected_model: str | None = None
    whole_table: bool = False
    makes: Literal["pairs", "prompts"] = "pairs"
