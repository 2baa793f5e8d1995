"""A Hugging Face Hub on loopback: it keeps in memory what it is sent, and gives it back."""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class StubHub:
    """Serves at `endpoint`.

    Attributes:
        repositories: whether each is private.
        files: content by repository and name.
        requests: ``(method, path, authorization)`` of all that was asked.
        commits: the head of each commit.
        sent: everything that was sent, in one.
    """

    def __init__(self):
        self.repositories, self.files, self.blobs = {}, {}, {}
        self.requests, self.commits, self.sent = [], [], b""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _handler(hub):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                path = urlsplit(self.path).path
                hub.requests.append((self.command, path, self.headers.get("Authorization")))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                hub.sent += body
                for method, pattern, answer in hub.routes:
                    if self.command in method.split("|") and (match := re.fullmatch(pattern, path)):
                        return self.answer(*answer(hub, body, *match.groups()))
                return self.answer(404, {"error": f"no such route: {self.command} {path}"})

            do_GET = do_HEAD = do_POST = do_PUT = handle_any

            def answer(self, status, content, headers=None):
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def log_message(self, *_):
                pass

        return Handler

    def create(self, body):
        record = json.loads(body)
        name = f"{record['organization']}/{record['name']}" if record.get("organization") else record["name"]
        if name in self.repositories:
            return 409, {"error": "exists", "url": f"{self.endpoint}/{name}"}
        private = record.get("private") or record.get("visibility") == "private"
        self.repositories[name] = bool(private)
        return 200, {"url": f"{self.endpoint}/{name}"}

    def info(self, _, name, *__):
        if name not in self.repositories:
            return 404, {"error": "no such repository"}, {"X-Error-Code": "RepoNotFound"}
        siblings = [{"rfilename": file} for repo, file in self.files if repo == name]
        return 200, {"id": name, "private": self.repositories[name], "sha": COMMIT, "siblings": siblings}

    def preupload(self, body, *_):
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(".gz") else "regular",
                "shouldIgnore": False,
            }
            for file in json.loads(body)["files"]
        ]
        return 200, {"files": files}

    def lfs(self, body, *_):
        objects = [
            {**one, "actions": {"upload": {"href": f"{self.endpoint}/blob/{one['oid']}"}}}
            for one in json.loads(body)["objects"]
        ]
        return 200, {"transfer": "basic", "objects": objects}

    def store(self, body, oid):
        assert hashlib.sha256(body).hexdigest() == oid
        self.blobs[oid] = body
        return 200, {}

    def commit(self, body, name, *_):
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                self.commits.append(value)
            elif line["key"] == "file":
                self.files[name, value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[name, value["path"]] = self.blobs[value["oid"]]
        url = f"{self.endpoint}/{name}/commit/{COMMIT}"
        return 200, {"success": True, "commitOid": COMMIT, "commitUrl": url}

    def resolve(self, _, name, revision, file):
        if name not in self.repositories:
            return 404, {"error": "none"}, {"X-Error-Code": "RepoNotFound"}
        if revision not in ("main", COMMIT):
            return 404, {"error": "none"}, {"X-Error-Code": "RevisionNotFound"}
        if (name, file) not in self.files:
            return 404, {"error": "none"}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
        content = self.files[name, file]
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        return 200, content, {"ETag": etag, "X-Repo-Commit": COMMIT}

    def valid(self, *_):
        return 200, {"errors": [], "warnings": []}

    routes = (
        ("POST", "/api/validate-yaml", valid),
        ("POST", "/api/repos/create", create),
        ("GET", "/api/models/([^/]+/[^/]+)", info),
        ("GET", "/api/models/([^/]+/[^/]+)/revision/([^/]+)", info),
        ("POST", "/api/models/([^/]+/[^/]+)/preupload/([^/]+)", preupload),
        ("POST", r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", lfs),
        ("PUT", "/blob/([0-9a-f]+)", store),
        ("POST", "/api/models/([^/]+/[^/]+)/commit/([^/]+)", commit),
        ("GET|HEAD", "/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", resolve),
    )
