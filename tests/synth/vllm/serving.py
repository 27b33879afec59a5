"""A real vLLM server on a free port of this machine, gone with all its processes at the end."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START_POLLS = 600
"""How often a server is asked whether it is ready, about once a second; a slow machine needs two minutes."""
ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
}
MAX_MODEL_LEN, MAX_NUM_SEQS = 512, 64
OPTIONS = {
    "--dtype": "float32",
    "--max-model-len": str(MAX_MODEL_LEN),
    "--max-num-seqs": str(MAX_NUM_SEQS),
    "--max-num-batched-tokens": str(MAX_MODEL_LEN * MAX_NUM_SEQS),  # less, and a seed in a request ends the engine
}


@contextmanager
def vllm_process(
    model: Path, served_name: str, log: Path, vllm: Path | None = None, options: dict[str, str] | None = None
) -> Iterator[str]:
    """The base URL (with /v1) of a server of the checkpoint `model`; what it prints goes to `log`. `vllm` is the
    command, by default that beside this Python; `options` change OPTIONS."""
    port = _free_port()
    place = {"--host": "127.0.0.1", "--port": str(port), "--served-model-name": served_name}
    flags = [word for option in (place | OPTIONS | (options or {})).items() for word in option]
    command = [str(vllm or Path(sys.executable).with_name("vllm")), "serve", str(model), *flags]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env=os.environ | ENVIRONMENT,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  one call into the system, before anything else runs
        )
        try:
            _wait_until_ready(process, port, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            _end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(START_POLLS):
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        with suppress(subprocess.TimeoutExpired):
            status = process.wait(timeout=1)
            raise RuntimeError(f"the server ended with status {status}:\n{_tail(log)}")
    raise RuntimeError(f"the server was not ready after {START_POLLS} tries:\n{_tail(log)}")


def _end_with_parent() -> None:
    """A run of tests that is killed leaves no server behind (prctl PR_SET_PDEATHSIG, of Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the server and whatever it started, which all are in one group."""
    for sign, patience_s in ((signal.SIGTERM, 20), (signal.SIGKILL, 20)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience_s)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tail(log: Path, characters: int = 6000) -> str:
    return log.read_text(errors="replace")[-characters:]
