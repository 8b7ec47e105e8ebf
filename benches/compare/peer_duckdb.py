"""DuckDB, used as an expert would: how do its own table and its Parquet files come about?

A log file is read as one line of text and split at the records, which is byte-exact and six times faster than
`read_json` with `JSON[]`; all columns of a record are then taken in one pass by `json_transform`. Rows are inserted
in the order (source, name, time), which its compression and its zone maps live from.
"""
import json
import os

from columns import BOOL, COLUMNS, MAP, RESOURCE, RESOURCES, TEXT, TIME, tree

# How each record of a delivered log file begins; nothing inside a record can look so, because its quotes are escaped.
HEAD = '{"eventVersion":'
SQL_TYPES = {TEXT: "VARCHAR", TIME: "VARCHAR", BOOL: "BOOLEAN", MAP: "MAP(VARCHAR,VARCHAR)"}
SORTED = "ORDER BY eventsource, eventname, eventtime"


def structure(node):
    """The shape for `json_transform`."""
    if isinstance(node, dict):
        return {name: structure(child) for name, child in node.items()}
    return [dict.fromkeys(RESOURCE, "VARCHAR")] if node == RESOURCES else SQL_TYPES[node]


def column(name, path, kind):
    value = "t." + ".".join(f'"{member}"' for member in path)
    if kind == TIME:
        # Lake reads both of the forms that records have.
        value = f"coalesce(TRY_CAST({value} AS TIMESTAMP), try_strptime({value}, '%Y%m%dT%H%M%SZ'))"
    return f"{value} AS {name}"


def records(logs):
    before = len('{"Records":[' + HEAD)
    return f"""
        SELECT '{HEAD}' || unnest(string_split(line[{before + 1}:-4], '}},{HEAD}')) || '}}' AS r
        FROM read_csv('{logs}/**/*.json.gz', columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false,
            delim = '\\x01', quote = '', escape = '', compression = 'gzip', max_line_size = 268435456)"""


def rows(logs):
    shape = json.dumps(structure(tree()))
    columns = ",\n".join(column(*c) for c in COLUMNS)
    return f"SELECT {columns}, r AS eventjson FROM (SELECT json_transform(r, '{shape}') AS t, r FROM ({records(logs)}))"


def database(out):
    return os.path.join(out, "events.duckdb")


def connect(out):
    import duckdb

    connection = duckdb.connect()
    # Beside the store, not in whatever folder the benchmark was started in.
    connection.execute(f"SET temp_directory = '{out}.spilled'")
    # 50 by default: whole rows are then read for the winners of a `LIMIT 100` only.
    connection.execute("SET late_materialization_max_rows = 1000")
    connection.execute("SET parquet_metadata_cache = true")
    # It would be drawn between the answers.
    connection.execute("SET enable_progress_bar = false")
    return connection


def fill_native(logs, out, compression):
    connection = connect(out)
    connection.execute(f"ATTACH '{database(out)}' AS lake (STORAGE_VERSION 'latest')")
    described = connection.execute(f"DESCRIBE {rows(logs)}").fetchall()
    columns = ", ".join(f"{name} {sql_type}" + (compression if name == "eventjson" else "") for name, sql_type, *_ in described)
    connection.execute(f"CREATE TABLE lake.events ({columns})")
    connection.execute(f"INSERT INTO lake.events {rows(logs)} {SORTED}")
    connection.execute("CHECKPOINT lake")
    connection.close()


def ingest_native(logs, out):
    """Its own table, in its newest storage format, compressed as it chooses: the fastest to ask."""
    fill_native(logs, out, "")


def ingest_native_zstd(logs, out):
    """The same with zstd for the raw event: a third of the size, but slower wherever the raw event is read."""
    fill_native(logs, out, " USING COMPRESSION zstd")


def ingest_parquet(logs, out):
    """One sorted Parquet file."""
    connection = connect(out)
    connection.execute(f"COPY ({rows(logs)} {SORTED}) TO '{out}/events.parquet' (FORMAT parquet, COMPRESSION zstd)")
    connection.close()


def ingest_hive(logs, out):
    """Sorted Parquet files in a folder for each day."""
    connection = connect(out)
    connection.execute(
        f"COPY (SELECT *, CAST(eventtime AS DATE) AS calendarday FROM ({rows(logs)}) {SORTED}) TO '{out}/days'"
        " (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (calendarday))"
    )
    connection.close()


class Session:
    """A connection that answers."""

    def __init__(self, connection):
        self.connection = connection

    def rows(self, sql):
        result = self.connection.execute(sql)
        return [column[0] for column in result.description], result.fetchall()

    def fetch(self, sql, whole):
        """Arrow where rows are wide, because Python's own objects would cost more than the query."""
        if whole:
            self.connection.sql(sql).to_arrow_table()
        else:
            self.connection.execute(sql).fetchall()

    def write(self, sql, out):
        for row in self.connection.execute(sql).fetchall():
            print(*row, sep=",", file=out)


def native(out):
    connection = connect(out)
    connection.execute(f"ATTACH '{database(out)}' AS lake (READ_ONLY)")
    connection.execute("USE lake")
    return Session(connection)


def parquet(out):
    connection = connect(out)
    connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{out}/**/*.parquet')")
    return Session(connection)
