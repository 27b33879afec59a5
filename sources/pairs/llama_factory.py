"""What the sources that lie in LLaMA-Factory's repository have in common: where they are and the joined prompt."""

import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.source import UpstreamFile

REPOSITORY = "hiyouga/LLaMA-Factory"
REVISION = "b9cdff41bbb6084380606cde6c875c994b6b1868"
"""2023-08-01: the last layout with the data files in git (they were dropped on 2024-05-18)."""


def file(name: str, sha256: str, size: int) -> UpstreamFile:
    """`data/<name>` of LLaMA-Factory at the pinned commit."""
    return UpstreamFile(
        host="github", repository=REPOSITORY, revision=REVISION, path=f"data/{name}", sha256=sha256, size=size
    )


def joined_prompt(rows: pa.Table) -> pa.Array:
    """instruction, and below it input where there is one."""
    instruction, extra = rows["instruction"].combine_chunks(), rows["input"].combine_chunks()
    has_input = pc.not_equal(pc.utf8_trim_whitespace(extra), "")
    return pc.if_else(has_input, pc.binary_join_element_wise(instruction, extra, "\n"), instruction)
