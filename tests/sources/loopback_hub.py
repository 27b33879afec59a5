"""A Hub on loopback, as far as huggingface_hub 2.4 and datasets 5.2 use it to publish, load and fetch a dataset.

    with loopback_hub() as hub:
        hub.state.tokens["hf_x"] = {"name": "me", "role": "write"}
        hub.play(Fault("POST", "/commit/", status=500))
        HfApi(endpoint=hub.url, token="hf_x")

Large files go by LFS: the clients run with HF_HUB_DISABLE_XET=1, because Xet's storage protocol is not played. Answers
have the shape of the true Hub's; what it does beyond that (quotas, moderation, the viewer) is not there.
"""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from tests.sources.hub_state import LARGE, RefusedError, Repo, State

PAGE = 4
"""Entries of a tree in one answer; the true Hub gives 1,000, and clients have to follow the same link."""

LICENSES = ("apache-2.0", "mit", "cc-by-4.0", "cc-by-2.0", "cc-by-nc-4.0", "other", "unknown")


@dataclass
class Fault:
    """What happens to the next requests that match: an error, or the connection is cut before or after the work."""

    method: str
    path: str
    status: int = 500
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    after: bool = False
    message: str = "played"
    before: Callable[[], None] | None = None

    def fits(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and self.path in path


class LoopbackHub:
    """The server in a thread, what it holds and what it was asked."""

    def __init__(self) -> None:
        self.state, self.faults = State(), list[Fault]()
        self.log: list[tuple[str, str, dict[str, str]]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": self}))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def storage(self) -> str:
        """Where large files lie: another host, as with the true Hub, so that no token is sent there."""
        return self.url.replace("127.0.0.1", "localhost")

    def play(self, *faults: Fault) -> None:
        self.faults += faults

    def count(self, method: str, path: str) -> int:
        """How often something was asked."""
        return sum(1 for m, p, _ in self.log if m == method and path in p)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextmanager
def loopback_hub() -> Iterator[LoopbackHub]:
    hub = LoopbackHub()
    try:
        yield hub
    finally:
        hub.close()


REPO = r"(?P<repo>[^/]+/[^/]+)"
ROUTES: list[tuple[str, re.Pattern[str], str]] = [
    (method, re.compile(pattern), name)
    for method, pattern, name in (
        ("GET", r"/api/whoami-v2", "whoami"),
        ("POST", r"/api/repos/create", "create"),
        ("POST", r"/api/validate-yaml", "validate"),
        ("GET", rf"/api/datasets/{REPO}(?:/revision/(?P<revision>[^/]+))?", "info"),
        ("PUT", rf"/api/datasets/{REPO}/settings", "settings"),
        ("GET", rf"/api/datasets/{REPO}/tree/(?P<revision>[^/]+)(?:/(?P<path>.+))?", "tree"),
        ("GET", rf"/api/datasets/{REPO}/refs", "refs"),
        ("POST", rf"/api/datasets/{REPO}/paths-info/(?P<revision>[^/]+)", "paths"),
        ("POST", rf"/api/datasets/{REPO}/preupload/(?P<revision>[^/]+)", "preupload"),
        ("POST", rf"/api/datasets/{REPO}/commit/(?P<revision>[^/]+)", "commit"),
        ("POST", rf"/datasets/{REPO}\.git/info/lfs/objects/batch", "batch"),
        ("PUT", r"/storage/(?P<oid>[0-9a-f]{64})", "store"),
        ("GET", r"/storage/(?P<oid>[0-9a-f]{64})", "fetch"),
        ("GET", rf"/datasets/{REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", "resolve"),
    )
]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    hub: ClassVar[LoopbackHub]

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET")

    def do_HEAD(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def _serve(self, method: str) -> None:
        self.path_only = unquote(urlsplit(self.path).path)
        self.query = parse_qs(urlsplit(self.path).query)
        self.hub.log.append((self.command, self.path, dict(self.headers)))
        fault = next((fault for fault in self.hub.faults if fault.fits(self.command, self.path)), None)
        if fault:
            fault.times -= 1
            if fault.before:
                fault.before()
            if fault.cut and not fault.after:
                self._cut()
                return
        self.body = self._read_body()
        if fault and not fault.after and fault.status:
            self._json({"error": fault.message}, fault.status, fault.headers)
            return
        self._answer(method, lost=bool(fault and fault.after))

    def _answer(self, method: str, lost: bool) -> None:
        for known, pattern, name in ROUTES:
            if known == method and (match := pattern.fullmatch(self.path_only)):
                try:
                    answer = getattr(self, f"_{name}")(**match.groupdict())
                except RefusedError as error:
                    headers = {"X-Error-Code": error.code, "X-Error-Message": error.message} if error.code else {}
                    self._json({"error": error.message}, error.status, headers)
                    return
                if lost:
                    self._cut()
                elif answer is not None:
                    self._json(answer)
                return
        self._json({"error": f"not played: {method} {self.path}"}, 404)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _json(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(content).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @property
    def _token(self) -> str | None:
        return self.headers.get("Authorization", "").removeprefix("Bearer ") or None

    def _repo(self, name: str, *, to_write: bool = False) -> Repo:
        return self.hub.state.repo(name, self._token, to_write=to_write)

    def _whoami(self) -> dict[str, Any]:
        owner = self.hub.state.tokens.get(self._token or "")
        if owner is None:
            raise RefusedError(401, "Invalid credentials in Authorization header")
        token = {
            "displayName": "test",
            "role": owner["role"],
            **({"fineGrained": owner["scopes"]} if "scopes" in owner else {}),
        }
        orgs = [{"type": "org", "name": name} for name in owner.get("orgs", ())]
        return {
            "type": "user",
            "name": owner["name"],
            "orgs": orgs,
            "auth": {"type": "access_token", "accessToken": token},
        }

    def _create(self) -> dict[str, Any]:
        wanted, owner = json.loads(self.body), self.hub.state.tokens.get(self._token or "")
        namespace = wanted.get("organization") or (owner or {}).get("name", "")
        self.hub.state.check_writer(owner, namespace)
        name = f"{namespace}/{wanted['name']}"
        private = wanted.get("visibility") == "private" or wanted.get("private", False)
        self.hub.state.create(name, private)
        return {"url": f"{self.hub.url}/datasets/{name}", "name": name, "id": name}

    def _validate(self) -> dict[str, Any] | None:
        """A part of what the Hub checks in the front matter."""
        parts = json.loads(self.body)["content"].split("---\n", 2)
        header = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0] else {}
        errors = []
        if header.get("license", "unknown") not in LICENSES:
            errors.append('"license" must be one of [apache-2.0, …]')
        if not re.fullmatch(r"LICENSE(\.md)?|https?://.*", header.get("license_link", "LICENSE")):
            errors.append('"license_link" must be a URL, LICENSE or LICENSE.md')
        errors += [
            f'"{key}" must be an array'
            for key in ("configs", "size_categories")
            if not isinstance(header.get(key, []), list)
        ]
        if errors:
            self._json({"errors": [{"message": one} for one in errors], "warnings": []}, 400)
            return None
        return {"errors": [], "warnings": [] if header else [{"message": "empty or missing yaml metadata"}]}

    def _info(self, repo: str, revision: str | None) -> dict[str, Any]:
        found = self._repo(repo)
        commit, files = found.at(revision or "main")
        return {
            "_id": "1",
            "id": repo,
            "author": repo.split("/", maxsplit=1)[0],
            "sha": commit,
            "private": found.private,
            "gated": False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "lastModified": "2026-01-01T00:00:00.000Z",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "siblings": [{"rfilename": path} for path in files],
        }

    def _settings(self, repo: str) -> dict[str, Any]:
        found = self._repo(repo, to_write=True)
        found.private = json.loads(self.body).get("visibility") == "private"
        return {"private": found.private}

    def _tree(self, repo: str, revision: str, path: str | None) -> None:
        commit, files = self._repo(repo).at(revision)
        under = f"{path}/" if path else ""
        inside = {name: blob for name, blob in files.items() if name.startswith(under)}
        if path and not inside:
            raise RefusedError(404, f"{path} does not exist on {revision}", "EntryNotFound")
        entries = self._entries(inside, under, self.query.get("recursive", ["false"])[0].lower() in ("true", "1"))
        start = int(self.query.get("cursor", ["0"])[0])
        headers = {"Content-Type": "application/json", "X-Repo-Commit": commit}
        if start + PAGE < len(entries):
            recursive = self.query.get("recursive", ["false"])[0]
            here = f"{self.hub.url}{urlsplit(self.path).path}?recursive={recursive}&cursor={start + PAGE}"
            headers["Link"] = f'<{here}>; rel="next"'
        self._send(json.dumps(entries[start : start + PAGE]).encode(), headers=headers)

    def _entries(self, files: dict[str, Any], under: str, recursive: bool) -> list[dict[str, Any]]:
        folders = {name[:place] for name in files for place, c in enumerate(name) if c == "/" and place > len(under)}
        names = [*folders, *files]
        if not recursive:
            names = [name for name in names if "/" not in name[len(under) :]]
        return [
            files[name].entry(name)
            if name in files
            else {"type": "directory", "path": name, "oid": "0" * 40, "size": 0}
            for name in sorted(names)
        ]

    def _refs(self, repo: str) -> dict[str, Any]:
        head = self._repo(repo).head
        return {
            "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": head}],
            "tags": [],
            "converts": [],
        }

    def _paths(self, repo: str, revision: str) -> list[dict[str, Any]]:
        _, files = self._repo(repo).at(revision)
        wanted = json.loads(self.body)["paths"] if self.body.startswith(b"{") else parse_qs(self.body.decode())["paths"]
        entries = self._entries(files, "", True)
        return [entry for entry in entries if entry["path"] in [path.rstrip("/") for path in wanted]]

    def _preupload(self, repo: str, revision: str) -> dict[str, Any]:
        found = self._repo(repo, to_write=True)
        return {
            "files": [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["path"].endswith(LARGE) else "regular",
                    "shouldIgnore": False,
                    **({"oid": found.files[one["path"]].etag} if one["path"] in found.files else {}),
                }
                for one in json.loads(self.body)["files"]
            ]
        }

    def _batch(self, repo: str) -> dict[str, Any]:
        self._repo(repo, to_write=True)
        objects = []
        for one in json.loads(self.body)["objects"]:
            upload = {"href": f"{self.hub.storage}/storage/{one['oid']}?X-Amz-Signature=sig-secret-4711"}
            is_there = one["oid"] in self.hub.state.large
            objects.append({**one, **({} if is_there else {"actions": {"upload": upload}})})
        return {"transfer": "basic", "objects": objects}

    def _store(self, oid: str) -> dict[str, Any]:
        from hashlib import sha256

        if sha256(self.body).hexdigest() != oid:
            raise RefusedError(400, "the bytes have another hash")
        self.hub.state.large[oid] = self.body
        return {}

    def _fetch(self, oid: str) -> None:
        self._send(self.hub.state.large[oid], headers={"ETag": f'"{oid}"', "Content-Type": "application/octet-stream"})

    def _commit(self, repo: str, revision: str) -> dict[str, Any]:
        commit = self.hub.state.commit(self._repo(repo, to_write=True), self.body)
        return {"success": True, "commitOid": commit, "commitUrl": f"{self.hub.url}/datasets/{repo}/commit/{commit}"}

    def _resolve(self, repo: str, revision: str, path: str) -> None:
        commit, files = self._repo(repo).at(revision)
        if path not in files:
            raise RefusedError(404, "Entry not found", "EntryNotFound")
        blob = files[path]
        headers = {"X-Repo-Commit": commit, "ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
        if not blob.is_large:
            self._send(blob.content, headers={**headers, "Content-Type": "text/plain"})
            return
        linked = {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(len(blob.content))}
        self._send(b"", 302, {**headers, **linked, "Location": f"{self.hub.storage}/storage/{blob.sha256}"})
