"""The peers that `worker.py` can be: how each is filled, and how it is asked."""
from dataclasses import dataclass
from typing import Callable

import peer_clickhouse
import peer_duckdb
from measure import folder_bytes


@dataclass(frozen=True)
class Engine:
    # What is imported before the clock starts.
    module: str
    ingest: Callable
    session: Callable
    # Upkeep after ingestion, which an expert would do once before asking.
    settle: Callable = lambda out: None
    stored: Callable = folder_bytes


ENGINES = {
    "duckdb": Engine("duckdb", peer_duckdb.ingest_native, peer_duckdb.native),
    "duckdb-zstd": Engine("duckdb", peer_duckdb.ingest_native_zstd, peer_duckdb.native),
    "duckdb-parquet": Engine("duckdb", peer_duckdb.ingest_parquet, peer_duckdb.parquet),
    "duckdb-hive": Engine("duckdb", peer_duckdb.ingest_hive, peer_duckdb.parquet),
    "clickhouse": Engine("chdb.session", peer_clickhouse.ingest, peer_clickhouse.Session, peer_clickhouse.settle, peer_clickhouse.stored),
    "clickhouse-days": Engine("chdb.session", peer_clickhouse.ingest_days, peer_clickhouse.Session, peer_clickhouse.settle, peer_clickhouse.stored),
}
