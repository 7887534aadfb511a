"""The command that serves metrics to Prometheus: metrics."""

from __future__ import annotations

import os
import signal
import threading
from typing import Annotated

import typer

from hegel_store.cli.options import Embedded, Url
from hegel_store.gauges import DatabaseGauges
from hegel_store.observing.metrics import require_client, serve
from hegel_store.store import connect


def metrics(
    address: Annotated[
        str, typer.Option(help="Where to listen, as host:port; port 0 takes a free one.")
    ] = "127.0.0.1:9464",
    once: Annotated[
        bool, typer.Option("--once", help="Print them once, for node_exporter's textfiles.")
    ] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Serve the database's metrics, and with PROMETHEUS_MULTIPROC_DIR those of all processes that
    write theirs into this folder."""
    require_client()
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # registers itself
    with connect(url, embedded=embedded) as store:
        registry.register(DatabaseGauges(store.engine))
        if once:
            print(generate_latest(registry).decode(), end="")
            return
        server = serve(address, registry=registry)
        is_over = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: is_over.set())
        print(f"metrics at http://{address.rpartition(':')[0]}:{server.server_port}/metrics")
        try:
            is_over.wait()
        except KeyboardInterrupt:
            pass
        finally:
            server.shutdown()
