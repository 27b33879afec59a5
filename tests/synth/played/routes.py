"""The true answer to each request."""

from tests.synth.played.answers import check, complete, prompt_tokens, reward
from tests.synth.played.batches import Batches
from tests.synth.played.described import model_list, openapi
from tests.synth.played.faults import COMPLETIONS, REWARDS, Play
from tests.synth.played.options import Options
from tests.synth.played.tally import Tally
from tests.synth.played.wire import NOT_FOUND, RefusalError, Request, Response, error_payload, reply


class Routes:
    def __init__(self, options: Options, tally: Tally) -> None:
        self.options = options
        self.batches = Batches(options, tally)

    def answer(self, request: Request, play: Play) -> Response:
        """The response; of the play only a fixed `text` is heeded here."""
        try:
            self._authorize(request)
            return self._post(request, play) if request.method == "POST" else self._get(request)
        except RefusalError as refusal:
            return reply(refusal.payload, refusal.status)
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            return reply(error_payload(f"Malformed: {error!r}", "BadRequestError", param=None, code=400), 400)

    def _authorize(self, request: Request) -> None:
        """As in vLLM, what is not under /v1 is open to all."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.options.key is not None and request.path.startswith("/v1") and given != self.options.key:
            message = f"Incorrect API key provided: {given[:3]}***{given[-4:]}."
            raise RefusalError(401, message, "invalid_request_error", code="invalid_api_key")

    def _get(self, request: Request) -> Response:
        options = self.options
        if request.path == "/v1/models":
            return reply(model_list(options))
        if request.path == "/health":
            return Response(200, b"")
        if request.path == "/version" and options.version is not None:
            return reply({"version": options.version})
        if request.path == "/openapi.json" and options.openapi:
            return reply(openapi(options))
        return self._batch_api(request)

    def _post(self, request: Request, play: Play) -> Response:
        if request.path in REWARDS:
            if self.options.rewards is None:
                return NOT_FOUND
            return reply(reward(request.json, self.options, pooling=request.path == "/pooling"))
        if request.path in COMPLETIONS:
            chat = request.path == "/v1/chat/completions"
            said = self.options.says(request.json) if self.options.says else None
            text = play.get("text", said)
            answer = complete(request.json, self.options, chat=chat, text=text)
            if request.json.get("logprobs") and self.options.likely:
                answer["choices"][0]["logprobs"] = {"content": self.options.likely(request.json, text)}
            return reply(answer)
        if request.path == "/tokenize" and self.options.tokenize:
            return self._tokenize(request)
        return self._batch_api(request)

    def _tokenize(self, request: Request) -> Response:
        body = request.json if isinstance(request.json, dict) else {}
        length = self.options.max_model_len
        asked = check({"model": self.options.models[0], **body}, self.options, chat="messages" in body)
        told = body.get("chat_template_kwargs") or {}
        count = prompt_tokens(asked) + 4 * (self.options.thinking_switch and told.get("enable_thinking") is False)
        return reply({"count": count, "max_model_len": length, "tokens": list(range(count)), "token_strs": None})

    def _batch_api(self, request: Request) -> Response:
        return self.batches.answer(request) if self.options.batches else NOT_FOUND
