"""What should be told of files of one's own: what was guessed to read them, and what lies beside them unread."""

from collections.abc import Iterator, Sequence

from sources.fetch.data_files import MAX_NAMED
from sources.layouts.own_data import Described


def tell_files(data: Described, how: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What it is about and a line, for each file that was read by a guess (`how`, empty where there was none) and each
    kind of file that is passed over."""
    for file, said in zip(data.files, how, strict=True):
        if said:
            yield "file", f"{file.mirror_path} read as {said}"
    if len(data.files) > 1:
        names = [file.name for file in data.files]
        more = f" and {len(names) - MAX_NAMED:,} more" * (len(names) > MAX_NAMED)
        yield "files", f"{data.name}: {len(names):,} are taken: {', '.join(names[:MAX_NAMED])}{more}"
    for line in data.passed_over:
        yield "passed over", line
