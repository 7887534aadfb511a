"""A wire between client and server that a test can cut at a moment of its choice."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

COMMIT = b"COMMIT\x00"

Cut = Literal["before", "after"]


class Proxy:
    """Listens beside a server's socket. ``cut_commits`` has, for the next COMMITs in order,
    whether the wire is cut before the server gets it or after the server has answered, and None
    for one that passes. ``cuts`` counts those that were cut. ``word`` is what a message has that is
    such a COMMIT. While it ``swallows``, nothing comes out at either end, and nothing is cut."""

    def __init__(self, folder: Path, server: Path, *, tcp: bool = False) -> None:
        self.folder = folder
        self.cut_commits: list[Cut | None] = []
        self.cuts = 0
        self.word = COMMIT
        self.swallows = False
        self._server = server
        self._wires: list[socket.socket] = []
        if tcp:
            self._listening = socket.create_server(("127.0.0.1", 0))
            self._place = f"host=127.0.0.1&port={self._listening.getsockname()[1]}"
        else:
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(str(folder / ".s.PGSQL.5432"))
            self._listening.listen()
            self._place = f"host={folder}"
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?{self._place}"

    def cut_all(self) -> None:
        """Cut every connection that there is now; new ones pass."""
        wires, self._wires = self._wires, []
        for wire in wires:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server / ".s.PGSQL.5432"))
                self._wires += [client, server]
                cut = threading.Event()
                for work in (self._up, self._down):
                    threading.Thread(target=work, args=[client, server, cut], daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        def pass_on(data: bytes) -> bool:
            if self.swallows:
                return True
            how = self.cut_commits.pop(0) if self.word in data and self.cut_commits else None
            if how == "after":
                cut.set()  # the answer does not come through
            if how == "before":
                self.cuts += 1
                return False
            server.sendall(data)
            return True

        _pass(client, server, pass_on)

    def _down(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        def pass_on(data: bytes) -> bool:
            if self.swallows:
                return True
            if cut.is_set():
                self.cuts += 1
                return False
            client.sendall(data)
            return True

        _pass(server, client, pass_on)


def _pass(source: socket.socket, target: socket.socket, pass_on: Callable[[bytes], bool]) -> None:
    with suppress(OSError):
        while (data := source.recv(65536)) and pass_on(data):
            pass
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(server: Path, *, tcp: bool = False) -> Iterator[Proxy]:
    """To the server whose socket is in this folder; with ``tcp`` it listens on a port."""
    folder = Path(tempfile.mkdtemp(prefix="hegel"))
    proxy = Proxy(folder, server, tcp=tcp)
    try:
        yield proxy
    finally:
        proxy.close()
        shutil.rmtree(folder, ignore_errors=True)
