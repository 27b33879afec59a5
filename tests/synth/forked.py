"""Runs of the command in processes that are forked from one which has imported it: twenty of them take seconds.

python tests/synth/forked.py      reads the arguments of a run as a line of JSON, says its process id, then its end
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

ROOT = Path(__file__).parents[2]


class Forked:
    """A run that begins at once; `kill` is kill -9."""

    def __init__(self, parent: "Popen[str]", arguments: Sequence[str]) -> None:
        assert parent.stdin
        assert parent.stdout
        self._said = parent.stdout
        parent.stdin.write(json.dumps(list(arguments)) + "\n")
        parent.stdin.flush()
        self.pid = int(self._said.readline())

    def poll(self) -> int | None:
        """None while it runs, as far as the system knows."""
        return None if Path(f"/proc/{self.pid}").exists() else 1

    def kill(self) -> None:
        os.kill(self.pid, 9)
        assert self._said.readline() == "9\n", "it had ended before"

    def communicate(self) -> str:
        return "it ended"


@contextmanager
def forking() -> Iterator["Popen[str]"]:
    """The process that runs are forked from."""
    with Popen([sys.executable, __file__], stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as parent:
        yield parent


def serve() -> None:
    """Run what stdin asks for, one run after another."""
    import synth.run.pipeline
    import synth.run.table  # noqa: F401 - so that they are there before the first fork
    from synth.engines.server import make_client
    from synth.job.endpoint import Endpoint
    from synth.synth_prefs import main

    make_client(Endpoint("http://127.0.0.1/v1", None), 1, 1)  # so that all that it imports is there too
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            os._exit(main(json.loads(line)))
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    serve()
