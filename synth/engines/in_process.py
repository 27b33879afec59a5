"""vLLM in this process: no server to start, the same requests and the same journal."""

import os
from collections.abc import Mapping
from dataclasses import fields
from itertools import count
from os.path import isdir
from typing import Any

from sources.command.errors import UsageError
from sources.command.settings import did_you_mean
from synth.engines.failures import HopelessError, RefusedError, shorten
from synth.engines.thinking import ASKED, both_ways, check_differ
from synth.job.completion import Completion, CompletionRequest
from synth.job.model import Model, settings_of
from synth.job.recipe import KWARGS

NOT_SAMPLING = ("model", "prompt", "messages", KWARGS)
FORBIDDEN = ("trust_remote_code", "hf_token")
NO_SWITCH = "It has no switch for thinking either: leave out --thinking."
INSTALL = "Install vllm beside build-prefs (pip install vllm), or give --rejected-url of a server."


class VllmEngine:
    """Answers by an AsyncLLM of vLLM 0.3x, which batches the requests in flight."""

    def __init__(self, model: str, arguments: Mapping[str, Any], concurrency: int) -> None:
        """Load the model; this takes as long as starting a server.

        Raises:
            UsageError: vllm is not installed, or knows no such argument.
        """
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
        try:
            from vllm import AsyncEngineArgs, SamplingParams
            from vllm.sampling_params import RequestOutputKind
            from vllm.v1.engine.async_llm import AsyncLLM
        except ImportError as error:
            raise UsageError("--engine vllm", f"vllm is not there ({error})", hint=INSTALL) from error
        _check_arguments(arguments, [field.name for field in fields(AsyncEngineArgs)])
        settings = {"max_num_seqs": concurrency, "disable_log_stats": True, **arguments}
        self._parameters, self._last = SamplingParams, RequestOutputKind.FINAL_ONLY
        try:
            self._llm = AsyncLLM.from_engine_args(AsyncEngineArgs(model=model, trust_remote_code=False, **settings))
        except (ValueError, OSError, RuntimeError) as error:
            raise UsageError(
                f"--engine vllm: {model}", shorten(str(error)), hint="vLLM's own lines above say more."
            ) from error
        self._numbers = count()

    @property
    def has_chat_template(self) -> bool:
        """Whether the model's tokenizer has one."""
        return bool(getattr(self._llm.get_tokenizer(), "chat_template", None))

    def check_options(self, request: CompletionRequest) -> None:
        """Check that vLLM knows every option of the request.

        Raises:
            UsageError: it does not.
        """
        known = [name for name in self._parameters.__struct_fields__ if not name.startswith("_")]
        for name in request.body:
            if name not in NOT_SAMPLING and name not in known:
                raise UsageError(
                    f"{settings_of(request.side)}sampling.{name}",
                    "vLLM knows no such option",
                    hint=did_you_mean(name, known) or "Remove it from the recipe.",
                )
        if request.api == "completions" and KWARGS in request.body:
            raise UsageError(
                f"{settings_of(request.side)}sampling.{KWARGS}", "a base model has no chat template", hint=NO_SWITCH
            )

    def check_switch(self, request: CompletionRequest) -> None:
        """Check that the chat template has a switch for thinking, if the request sets one.

        Raises:
            UsageError: it has none.
        """
        made = [self._tokens(ASKED, told) for told in both_ways(request)]
        check_differ(made, request, "vLLM in this process")

    async def complete(self, request: CompletionRequest) -> Completion:
        from vllm.v1.engine.exceptions import EngineDeadError

        options = {name: value for name, value in request.body.items() if name not in NOT_SAMPLING}
        parameters = self._parameters(**options, output_kind=self._last)
        last = None
        try:
            (rendered,) = await self._llm.renderer.render_cmpl_async([self._prompt(request)])
            async for output in self._llm.generate(rendered, parameters, f"{next(self._numbers)}"):
                last = output
        except EngineDeadError as error:
            raise HopelessError(f"vLLM has died ({shorten(str(error))})", "Its own lines above say why.") from None
        except ValueError as error:
            raise RefusedError(400, shorten(str(error))) from None
        except Exception as error:
            if not _is_of_client(error):
                raise
            raise RefusedError(400, shorten(str(error))) from None
        if last is None:
            raise HopelessError("vLLM gave no answer", "")
        said = last.outputs[0]
        return Completion(said.text, said.finish_reason, len(last.prompt_token_ids or ()), len(said.token_ids))

    def _prompt(self, request: CompletionRequest) -> dict[str, Any]:
        if request.api == "completions":
            return {"prompt": request.body["prompt"]}
        return {"prompt_token_ids": self._tokens(request.body["messages"], request.body.get(KWARGS) or {})}

    def _tokens(self, messages: list[dict[str, str]], told: Mapping[str, Any]) -> list[int]:
        tokenizer: Any = self._llm.get_tokenizer()
        ids: list[int] = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=True, return_dict=False, **told
        )
        return ids

    async def close(self) -> None:
        self._llm.shutdown()
        self._llm = None  # its destructor wants modules that are gone when the interpreter ends


def _is_of_client(error: Exception) -> bool:
    from vllm.exceptions import VLLMClientError

    return isinstance(error, VLLMClientError)


def _check_arguments(arguments: Mapping[str, Any], known: list[str]) -> None:
    for name in arguments:
        if name in FORBIDDEN or name == "model":
            raise UsageError(f"recipe: vllm.{name}", "must not be set here", hint="Remove it from the recipe.")
        if name not in known:
            raise UsageError(f"recipe: vllm.{name}", "vLLM knows no such argument", hint=did_you_mean(name, known))


def start(model: Model, arguments: Mapping[str, Any], concurrency: int) -> VllmEngine:
    """The engine with the model loaded.

    Raises:
        UsageError: the checkpoint is not there, or vLLM cannot load it.
    """
    if model.checkpoint.startswith((".", "/")) and not isdir(model.checkpoint):
        raise UsageError(f"--{model.side}-model", f"no folder {model.checkpoint}")
    return VllmEngine(model.checkpoint, arguments, concurrency)
