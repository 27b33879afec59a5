"""Tiny models, and a real vLLM server for each, started once; all of it only where torch and vLLM are installed.

Every test in this folder is marked `vllm` and runs with `make test-vllm`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
collect_ignore_glob = [] if find_spec("vllm") and find_spec("torch") else ["*.py"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.vllm)
            item.add_marker(pytest.mark.filterwarnings("default"))  # those of torch and transformers are not ours


@pytest.fixture(scope="session")
def sentencepiece_model() -> Any:
    """A small BPE model with byte fallback, of Chinese and English."""
    from tests.synth.vllm.tiny_baichuan import train_tokenizer

    return train_tokenizer()


@pytest.fixture(scope="session")
def baichuan_weights() -> Any:
    """Name to tensor, in Baichuan's fused layout."""
    from tests.synth.vllm.tiny_baichuan import CONFIG, random_weights

    return random_weights(CONFIG)


@pytest.fixture(scope="session")
def write_tiny(sentencepiece_model: Any, baichuan_weights: Any) -> Callable[..., Path]:
    """Write the tiny Baichuan into a new folder; keyword arguments go to write_baichuan."""
    from tests.synth.vllm.tiny_baichuan import write_baichuan

    def write(folder: Path, **how: Any) -> Path:
        return write_baichuan(
            folder, how.pop("model", sentencepiece_model), how.pop("weights", baichuan_weights), **how
        )

    return write


@pytest.fixture(scope="session")
def tiny_baichuan(write_tiny: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Baichuan-7B checkpoint with one pytorch_model.bin; tests must not change it."""
    return write_tiny(tmp_path_factory.mktemp("baichuan") / "Baichuan-7B")


@pytest.fixture(scope="session")
def converted_baichuan(tiny_baichuan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same checkpoint as a Llama."""
    from synth.baichuan.convert import convert

    target = tmp_path_factory.mktemp("converted") / "Baichuan-7B-llama"
    convert(tiny_baichuan, target)
    return target


@pytest.fixture(scope="session")
def tiny_chat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama with a chat template."""
    from tests.synth.vllm.tiny_chat import write_chat_model

    return write_chat_model(tmp_path_factory.mktemp("chat") / "tiny-chat")


@pytest.fixture(scope="session")
def vllm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path, str], str]]:
    """The base URL of a server of this checkpoint under this name; started when first asked for, ended with the run."""
    from tests.synth.vllm.serving import vllm_process

    running: dict[tuple[Path, str], str] = {}
    with ExitStack() as servers:

        def serve(model: Path, served_name: str) -> str:
            if (model, served_name) not in running:
                log = tmp_path_factory.mktemp("log") / f"{served_name}.log"
                running[model, served_name] = servers.enter_context(vllm_process(model, served_name, log))
            return running[model, served_name]

        yield serve


@pytest.fixture(scope="session")
def baichuan_url(vllm_server: Callable[[Path, str], str], converted_baichuan: Path) -> str:
    """Where the converted tiny Baichuan is served, as `baichuan-7b`."""
    return vllm_server(converted_baichuan, "baichuan-7b")


@pytest.fixture(scope="session")
def chat_url(vllm_server: Callable[[Path, str], str], tiny_chat: Path) -> str:
    """Where the tiny chat model is served, as `tiny-chat`."""
    return vllm_server(tiny_chat, "tiny-chat")
