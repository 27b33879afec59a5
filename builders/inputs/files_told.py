"""What should be told of files of one's own: what was guessed to read them, and what lies beside them unread."""

from collections.abc import Iterator

from sources.fetch.data_files import MAX_NAMED
from sources.files.read_whole import how_read
from sources.files.rows import Limits
from sources.layouts.own_data import Described


def tell_files(data: Described, limits: Limits) -> Iterator[tuple[str, str]]:
    """What it is about and a line, for each file that was read by a guess and each kind of file that is passed over.

    Raises:
        ReadError: a file cannot be read.
    """
    for file in data.files:
        if how := how_read(file.path, file.name, limits, encoding=file.encoding):
            yield "file", f"{file.mirror_path} read as {how}"
    if len(data.files) > 1:
        names = [file.name for file in data.files]
        more = f" and {len(names) - MAX_NAMED:,} more" * (len(names) > MAX_NAMED)
        yield "files", f"{data.name}: {len(names):,} are taken: {', '.join(names[:MAX_NAMED])}{more}"
    for line in data.passed_over:
        yield "passed over", line
