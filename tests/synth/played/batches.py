"""The OpenAI Batch API: files go up, a batch ripens with each poll, files of results come down."""

import json
import time
from hashlib import blake2b
from typing import Any

from tests.synth.played.answers import complete, prompts_of
from tests.synth.played.options import Options
from tests.synth.played.tally import Tally
from tests.synth.played.wire import NOT_FOUND, RefusalError, Request, Response, reply

ENDED = ("completed", "failed", "expired", "cancelled")
STAMPS = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
UNREACHED = {
    "expired": ("batch_expired", "This request could not be executed before the completion window expired."),
    "cancelled": ("batch_cancelled", "This request could not be executed before the batch was cancelled."),
}


class Batches:
    """All files and batches of one server, in the order of their creation."""

    def __init__(self, options: Options, tally: Tally) -> None:
        self.options = options
        self.tally = tally
        self.files: dict[str, tuple[dict[str, Any], bytes]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.polls: dict[str, int] = {}

    def answer(self, request: Request) -> Response:
        """The response to any request under /v1/files or /v1/batches.

        Raises:
            RefusalError: there is no such file or batch, or it cannot be created.
        """
        match request.method, *request.path.removeprefix("/v1/").split("/"):
            case "POST", "files":
                return reply(self._upload(request))
            case "GET", "files", name:
                return reply(self._file(name)[0])
            case "GET", "files", name, "content":
                return Response(200, self._file(name)[1], "application/octet-stream")
            case "POST", "batches":
                return reply(self._create(request.json or {}))
            case "GET", "batches":
                return reply(self._list(request.query))
            case "GET", "batches", name:
                return reply(self._poll(self._batch(name)))
            case "POST", "batches", name, "cancel":
                return reply(self._cancel(self._batch(name)))
        return NOT_FOUND

    def _upload(self, request: Request) -> dict[str, Any]:
        form = request.form()
        if "file" not in form or form.get("purpose", ("", b""))[1] != b"batch":
            message = "'file' and the purpose 'batch' are required."
            raise RefusalError(400, message, "invalid_request_error", param="purpose")
        return self._store(*form["file"], purpose="batch")

    def _store(self, filename: str, content: bytes, *, purpose: str) -> dict[str, Any]:
        name = f"file-{len(self.files) + 1:024x}"
        described = {
            "id": name,
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "expires_at": None,
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
        }
        self.files[name] = (described, content)
        return described

    def _file(self, name: str) -> tuple[dict[str, Any], bytes]:
        if name not in self.files:
            raise RefusalError(404, f"No such File object: {name}", "invalid_request_error", param="id")
        return self.files[name]

    def _batch(self, name: str) -> dict[str, Any]:
        if name not in self.batches:
            raise RefusalError(404, f"No batch found with id '{name}'.", "invalid_request_error", param="id")
        return self.batches[name]

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("completion_window") != "24h":
            raise RefusalError(400, "Invalid value for 'completion_window'.", "invalid_request_error")
        self._file(body.get("input_file_id", ""))
        now = int(time.time())
        batch: dict[str, Any] = {
            "id": f"batch_{len(self.batches) + 1:024x}",
            "object": "batch",
            "endpoint": body.get("endpoint"),
            "errors": None,
            "input_file_id": body["input_file_id"],
            "completion_window": "24h",
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": now,
            "expires_at": now + 86_400,
            **{f"{state}_at": None for state in STAMPS},
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": body.get("metadata"),
        }
        self.batches[batch["id"]] = batch
        self.polls[batch["id"]] = 0
        return batch

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        newest = list(reversed(self.batches))
        start = newest.index(query["after"]) + 1 if query.get("after") in self.batches else 0
        limit = int(query.get("limit", 20))
        shown = [self.batches[name] for name in newest[start : start + limit]]
        first, last = (shown[0]["id"], shown[-1]["id"]) if shown else (None, None)
        has_more = start + limit < len(newest)
        return {"object": "list", "data": shown, "first_id": first, "last_id": last, "has_more": has_more}

    def _poll(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The batch, one step further: validating, in_progress, and at the last poll what it ends as."""
        if batch["status"] in ENDED:
            return batch
        self.polls[batch["id"]] += 1
        lines = self._lines(batch)
        if errors := self._invalid(batch, lines):
            batch["errors"] = {"object": "list", "data": errors}
            return enter(batch, "failed")
        if batch["status"] == "cancelling":
            return self._end(batch, "cancelled", lines[: len(lines) // 2])
        batch["request_counts"]["total"] = len(lines)
        if self.polls[batch["id"]] < self.options.batch_polls:
            return enter(batch, "in_progress")
        reached = [line for line in lines if not picked(line, self.options.batch_expire)]
        return self._end(batch, "completed" if len(reached) == len(lines) else "expired", reached)

    def _cancel(self, batch: dict[str, Any]) -> dict[str, Any]:
        if batch["status"] in ENDED:
            message = f"Cannot cancel a batch with status '{batch['status']}'."
            raise RefusalError(409, message, "invalid_request_error")
        return enter(batch, "cancelling")

    def _lines(self, batch: dict[str, Any]) -> list[Any]:
        """The lines of the input file; None for one that is no JSON."""
        raw = self.files[batch["input_file_id"]][1].splitlines()
        return [parsed(line) for line in raw if line.strip()]

    def _invalid(self, batch: dict[str, Any], lines: list[Any]) -> list[dict[str, Any]]:
        """Why the batch fails validation; empty when it passes."""
        times = self.options.batch_invalid_times
        if self.options.batch_invalid and (times is None or list(self.batches).index(batch["id"]) < times):
            return [{"code": None, "line": None, "message": None, "param": None, **self.options.batch_invalid}]
        if not lines:
            return [fault("empty_file", None, "The input file is empty.")]
        if len(lines) > self.options.batch_max_lines:
            return [fault("too_many_tasks", None, f"The batch has more than {self.options.batch_max_lines} requests.")]
        seen: set[str] = set()
        errors = []
        for number, line in enumerate(lines, 1):
            if not isinstance(line, dict) or not {"custom_id", "method", "url", "body"} <= set(line):
                errors.append(fault("invalid_json_line", number, "This line is not parseable as valid JSON."))
            elif line["custom_id"] in seen:
                errors.append(fault("duplicate_custom_id", number, "The custom_id was used before.", "custom_id"))
            elif line["url"] != batch["endpoint"]:
                errors.append(fault("url_mismatch", number, "The url is not the endpoint of the batch.", "url"))
            elif line["body"].get("model") != lines[0]["body"].get("model"):
                errors.append(fault("model_mismatch", number, "All requests must have the same model.", "body.model"))
            else:
                seen.add(line["custom_id"])
        return errors

    def _end(self, batch: dict[str, Any], status: str, reached: list[Any]) -> dict[str, Any]:
        """The batch with its files: answers in one, what failed or was not reached in the other."""
        good: list[dict[str, Any]] = []
        bad: list[dict[str, Any]] = []
        for line in reached:
            done = self._line(line)
            (good if done["response"]["status_code"] == 200 else bad).append(done)
        names = {line["custom_id"] for line in reached}
        left = [line for line in self._lines(batch) if line["custom_id"] not in names]
        unreached = [unanswered(line, *UNREACHED[status]) for line in left]
        answered = {line["custom_id"] for line in good}
        bodies = [line["body"] for line in reached if line["custom_id"] in answered]
        self.tally.served(batch["endpoint"], bodies, kind="batch_lines")
        if self.options.batch_shuffled:
            good.sort(key=lambda line: blake2b(line["custom_id"].encode()).digest())
        batch["output_file_id"] = self._results(batch, "output", good)
        batch["error_file_id"] = self._results(batch, "error", bad + unreached)
        failed = len(bad) + len(unreached)
        batch["request_counts"] = {"total": len(good) + failed, "completed": len(good), "failed": failed}
        return enter(batch, status)

    def _line(self, line: dict[str, Any]) -> dict[str, Any]:
        """One line of results: the answer that the endpoint would give, or its refusal."""
        try:
            if picked(line, self.options.batch_fail):
                raise RefusalError(400, "Played failure of this line.", "invalid_request_error")
            text = self.options.says and self.options.says(line["body"])
            status, body = 200, complete(line["body"], self.options, chat="chat" in line["url"], text=text)
        except RefusalError as refusal:
            status, body = refusal.status, refusal.payload
        request_id = f"req_{blake2b(line['custom_id'].encode(), digest_size=16).hexdigest()}"
        response = {"status_code": status, "request_id": request_id, "body": body}
        return {"id": f"batch_{request_id}", "custom_id": line["custom_id"], "response": response, "error": None}

    def _results(self, batch: dict[str, Any], kind: str, lines: list[dict[str, Any]]) -> str | None:
        if not lines:
            return None
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        return str(self._store(f"{batch['id']}_{kind}.jsonl", content, purpose="batch_output")["id"])


def enter(batch: dict[str, Any], status: str) -> dict[str, Any]:
    batch["status"] = status
    batch[f"{status}_at"] = batch[f"{status}_at"] or int(time.time())
    return batch


def picked(line: dict[str, Any], wanted: Any) -> bool:
    """Is the line named, by its custom_id or by a part of its prompt?"""
    return line["custom_id"] in wanted or any(part in prompt for part in wanted for prompt in prompts_of(line["body"]))


def fault(code: str, line: int | None, message: str, param: str | None = None) -> dict[str, Any]:
    return {"code": code, "line": line, "message": message, "param": param}


def unanswered(line: dict[str, Any], code: str, message: str) -> dict[str, Any]:
    request_id = f"batch_req_{blake2b(line['custom_id'].encode(), digest_size=16).hexdigest()}"
    return {
        "id": request_id,
        "custom_id": line["custom_id"],
        "response": None,
        "error": {"code": code, "message": message},
    }


def parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
