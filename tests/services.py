"""An embedding service over HTTP, on this machine, that fails when told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

from tests.embedders import HashingEmbedder

Answer = Callable[[list[str]], Any]


class Service:
    """Answers with the vectors of a HashingEmbedder, doubled in length.

    ``answer`` may be replaced; what it raises closes the connection without an answer. ``asked``
    keeps the texts of every request.
    """

    def __init__(self, port: int, dimensions: int) -> None:
        self._port = port
        self._embedder = HashingEmbedder("service", dimensions)
        self._lock = threading.Lock()
        self.asked: list[list[str]] = []
        self.answer: Answer = self.vectors

    def vectors(self, texts: list[str]) -> Any:
        return (2 * self._embedder.embed(texts)).tolist()

    def down(self, texts: list[str]) -> Any:
        raise ConnectionResetError("out of order")

    def answered(self, texts: list[str]) -> Any:
        with self._lock:
            self.asked.append(texts)
        return self.answer(texts)

    def request(self, texts: Sequence[str]) -> Any:
        """What an application would write."""
        body = json.dumps(list(texts)).encode()
        with urlopen(Request(f"http://127.0.0.1:{self._port}", body), timeout=30) as response:
            return json.load(response)


@contextmanager
def embedding_service(dimensions: int = 8) -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                body = json.dumps(service.answered(texts)).encode()
            except ConnectionError:
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Not on the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Service(server.server_port, dimensions)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield service
        finally:
            server.shutdown()
