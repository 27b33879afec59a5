"""Commands in processes of their own that begin at once: forked from a process that has imported what they need.

A process that starts anew takes 1 to 3 s of processor time before it does anything, a forked one 10 ms. It has its own
environment, folder, output and session; signals and kill -9 do to it what they do to a command.

python tests/forking.py FD      forks what is asked for through the socket FD: a line of JSON with two pipes, one answer
"""

import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn, TextIO

ROOT = Path(__file__).parents[1]
LIMIT_S = 300.0
NEEDED = {
    "sources.fetch.download": ("httpx2", "fsspec"),
    "builders.build_prefs": ("builders.building.pipeline", "builders.building.table", "httpx2"),
    "builders.lint_prefs": ("builders.linting.show", "builders.linting.splits", "builders.python.lint", "httpx2"),
    "builders.publish_prefs": ("builders.publishing.publish", "builders.publishing.local_build", "httpx2"),
    "synth.synth_prefs": ("synth.run.pipeline", "synth.run.table", "synth.job.job", "synth.engines.server"),
    "synth.judge_prefs": ("synth.judging.pipeline", "synth.judging.show", "synth.judging.job", "synth.engines.server"),
}
"""What a command imports when it has work to do."""


class Process:
    """A forked process, as subprocess.Popen shows one; it leads a session of its own."""

    def __init__(self, forking: "Forking", pid: int, args: Sequence[str], stdout: TextIO, stderr: TextIO) -> None:
        self.pid, self.args, self.stdout, self.stderr = pid, args, stdout, stderr
        self.returncode: int | None = None
        self._forking, self._ended = forking, os.pidfd_open(pid)

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._ended], [], [], 0)[0]:
            self.returncode = self._forking.ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float = LIMIT_S) -> int:
        select.select([self._ended], [], [], timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float = LIMIT_S) -> tuple[str, str]:
        """What it wrote to stdout and stderr since they were read last, at its end."""
        said = ["", ""]
        readers = [Thread(target=read, args=(pipe, said, at)) for at, pipe in enumerate((self.stdout, self.stderr))]
        for reader in readers:
            reader.start()
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            for reader in readers:
                reader.join()
        return said[0], said[1]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """End it and all that it started, and let go of its pipes."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        for pipe in (self.stdout, self.stderr):
            pipe.close()
        os.close(self._ended)


def read(pipe: TextIO, said: list[str], at: int) -> None:
    said[at] = pipe.read()


class Forking:
    """The process that others are forked from."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._begun: list[Process] = []
        with theirs:
            command = [sys.executable, __file__, str(theirs.fileno())]
            self._parent = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])

    def ask(self, request: Mapping[str, Any], fds: Sequence[int] = ()) -> Any:
        """The answer to one request."""
        message = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(self._socket, [message], fds) if fds else 0
        self._socket.sendall(message[sent:])
        with self._socket.makefile("r") as answers:
            return json.loads(answers.readline())

    def start(
        self,
        module: str,
        *flags: object,
        program: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        stdout: int | None = None,
        max_file_bytes: int | None = None,
    ) -> Process:
        """Begin `main` of the module, or a program that may import it, with these flags.

        Args:
            env: its whole environment; that of this process if it is None.
            stdout: an open file that it writes to instead of its own `stdout`.
            max_file_bytes: files that it writes cannot grow larger, as on a full disk.
        """
        args = [module, *map(str, flags)]
        request = {"args": args, "program": program, "cwd": str(cwd), "max_file_bytes": max_file_bytes}
        (out, to_out), (err, to_err) = os.pipe(), os.pipe()
        try:
            pid = self.ask(
                {**request, "env": dict(os.environ if env is None else env)},
                [to_out if stdout is None else stdout, to_err],
            )
        finally:
            os.close(to_out)
            os.close(to_err)
        self._begun.append(Process(self, pid, args, os.fdopen(out), os.fdopen(err)))
        return self._begun[-1]

    def run(self, module: str, *flags: object, **how: Any) -> "subprocess.CompletedProcess[str]":
        """The same to its end."""
        process = self.start(module, *flags, **how)
        out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.wait(), out, err)

    def end_all(self) -> None:
        """End what still runs."""
        while self._begun:
            self._begun.pop().close()

    def close(self) -> None:
        self.end_all()
        self._socket.close()
        self._parent.wait(LIMIT_S)


def serve(asked: socket.socket) -> None:
    """Answer until the other side is gone."""
    while True:
        message, fds, _, _ = socket.recv_fds(asked, 1 << 16, 2)
        while message and not message.endswith(b"\n"):
            message += asked.recv(1 << 16)
        if not message:
            return
        request = json.loads(message)
        if "ended" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["ended"], 0)[1])
        else:
            answer = fork(request, fds, asked)
        asked.sendall(json.dumps(answer).encode() + b"\n")


def fork(request: Mapping[str, Any], fds: Sequence[int], asked: socket.socket) -> int:
    """The id of a new process that does what is asked."""
    command = request["args"][0]
    for module in (command, *NEEDED.get(command, ())):
        importlib.import_module(module)
    for table in (kind_table, lower_table, nfkc_table, simplified_table):
        table()
    assert "huggingface_hub" not in sys.modules, "it reads the environment when it is imported"
    gc.freeze()
    ready, begun = os.pipe()
    pid = os.fork()
    if not pid:
        os.setsid()
        asked.close()
        os.close(ready)
        os.close(begun)
        become(request, *fds)
    os.close(begun)
    os.read(ready, 1)  # its end: the process leads its session
    for fd in (ready, *fds):
        os.close(fd)
    return pid


def become(request: Mapping[str, Any], stdout: int, stderr: int) -> NoReturn:
    """Run the command or the program, and end as the interpreter does."""
    for fd, name in ((stdout, 1), (stderr, 2)):
        os.dup2(fd, name)
        os.close(fd)
    encoding = request["env"].get("PYTHONIOENCODING", "utf-8")
    sys.stdout = open(1, "w", encoding=encoding, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding=encoding, errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    if (limit := request["max_file_bytes"]) is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.argv = list(request["args"])
    if request["program"]:
        exec(compile(request["program"], "<program>", "exec"), {"__name__": "__program__"})
        sys.exit()
    sys.exit(importlib.import_module(sys.argv[0]).main())


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    from sources.text.characters import kind_table, lower_table, nfkc_table
    from sources.text.simplified import simplified_table

    serve(socket.socket(fileno=int(sys.argv[1])))
