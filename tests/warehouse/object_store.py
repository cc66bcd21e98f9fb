"""An S3 on this machine, and a way to make it fail."""

import os
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import boto3
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Bucket:
    """An empty bucket of a running server."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.name = f"deliveries-{uuid4().hex[:12]}"
        self.url = f"s3://{self.name}/landing"
        self.client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        self.client.create_bucket(Bucket=self.name)

    def put(self, key: str, body: bytes) -> None:
        """Write one object below the landing prefix."""
        self.client.put_object(Bucket=self.name, Key=f"landing/{key}", Body=body)

    def take_away(self, key: str) -> bytes:
        """Remove one object below the landing prefix; what was in it."""
        place = {"Bucket": self.name, "Key": f"landing/{key}"}
        content: bytes = self.client.get_object(**place)["Body"].read()
        self.client.delete_object(**place)
        return content

    def put_many(self, keys: list[str]) -> None:
        """Write objects of two bytes, past the protocol, which would take its time."""
        backend = s3_backends["123456789012"]["aws"]
        for key in keys:
            backend.put_object(self.name, f"landing/{key}", b"{}")

    def copy_of(self, landing: Path) -> str:
        """Write every file of a folder; the URL of the prefix."""
        for path in sorted(landing.rglob("*")):
            if path.is_file():
                self.put(path.relative_to(landing).as_posix(), path.read_bytes())
        return self.url


@contextmanager
def s3():
    """Endpoint of a running S3, which the environment names while the block runs."""
    before = dict(os.environ)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ.update(ENVIRONMENT, AWS_ENDPOINT_URL=f"http://{host}:{port}")
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        os.environ.clear()
        os.environ.update(before)


class Failing:
    """A proxy before the store that answers chosen requests itself.

    ``answer(method, path)`` gives a status for a request that the store shall not see, None for one that it shall.
    """

    def __init__(self, endpoint: str, answer) -> None:
        self.requests: list[tuple[str, str]] = []
        failing = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                failing.requests.append((self.command, self.path))
                status = answer(self.command, self.path)
                if status is not None:
                    self._reply(status, {}, b"" if self.command == "HEAD" else ERROR)
                    return
                request = urllib.request.Request(endpoint + self.path, body, dict(self.headers), method=self.command)
                try:
                    with urllib.request.urlopen(request) as found:
                        self._reply(found.status, found.headers, found.read())
                except urllib.error.HTTPError as error:
                    self._reply(error.code, error.headers, error.read())

            def _reply(self, status, headers, body) -> None:
                self.send_response(status)
                for name, value in dict(headers).items():
                    if name.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}:
                        self.send_header(name, value)
                length = headers.get("Content-Length") if self.command == "HEAD" else len(body)
                self.send_header("Content-Length", str(length or 0))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_HEAD = do_PUT = _any  # noqa: N815  names of http.server

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


ERROR = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
