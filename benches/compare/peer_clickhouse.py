"""ClickHouse (chdb), used as an expert would: how does its table come about?

`Array(String)` hands over each record as it was delivered, and one `JSONExtract` into a tuple takes all columns of it
in one pass. MergeTree in the order (source, name, time), dictionaries where values repeat, ZSTD for the raw event,
bloom filters for needles. Missing text is '' rather than NULL: that is quicker there, and the usual advice.
"""
import json
import os

from columns import BOOL, COLUMNS, MAP, RESOURCE, RESOURCES, TEXT, TIME, tree

# Texts with too many values for a dictionary.
HIGH_CARDINALITY = set("eventid requestid sharedeventid user_accesskeyid user_principalid user_credentialid errormessage".split())
NEEDLES = "eventid requestid sharedeventid user_accesskeyid sourceipaddress user_arn".split()
JSON_TYPES = {TEXT: "String", TIME: "String", BOOL: "Nullable(Bool)", MAP: "Map(String, String)"}
COLUMN_TYPES = {
    TEXT: "LowCardinality(String)",
    TIME: "Nullable(DateTime('UTC'))",
    BOOL: "Nullable(Bool)",
    MAP: "Map(LowCardinality(String), String) CODEC(ZSTD(1))",
    # Spelled as in the record: a tuple is inserted member by member, by name.
    RESOURCES: "Array(Tuple(accountId LowCardinality(String), type LowCardinality(String), ARN String, ARNPrefix String)) CODEC(ZSTD(1))",
}


def structure(node):
    """The tuple that a record is read as."""
    if isinstance(node, dict):
        return "Tuple(" + ", ".join(f"{name} {structure(child)}" for name, child in node.items()) + ")"
    if node == RESOURCES:
        return f"Array(Tuple({', '.join(f'{member} String' for member in RESOURCE)}))"
    return JSON_TYPES[node]


def definition(name, kind):
    if name == "eventtime":
        return "eventtime DateTime('UTC') CODEC(Delta, ZSTD(1))"
    if name in HIGH_CARDINALITY:
        return f"{name} String CODEC(ZSTD(1))"
    return f"{name} {COLUMN_TYPES[kind]}"


def table(partition=""):
    columns = [definition(name, kind) for name, _, kind in COLUMNS]
    columns.append("eventjson String CODEC(ZSTD(3))")
    columns += [f"INDEX {name}_bloom {name} TYPE bloom_filter(0.01) GRANULARITY 1" for name in NEEDLES]
    return (
        f"CREATE TABLE events ({', '.join(columns)}) ENGINE = MergeTree {partition} ORDER BY (eventsource, eventname, eventtime)"
        # Granules for fat rows; a map's keys in buckets, so that one of them is found without reading all.
        " SETTINGS index_granularity = 1024, map_serialization_version = 'with_buckets'"
    )


def value(name, path, kind):
    # Not `t.a.b`: for every column and block that lists all the subcolumns of the tuple, which takes most of the time.
    member = "t"
    for part in path:
        member = f"tupleElement({member}, '{part}')"
    if name == "eventtime":
        return f"parseDateTime64BestEffort({member}, 0, 'UTC') AS {name}"
    if kind == TIME:
        return f"parseDateTimeBestEffortOrNull({member}, 'UTC') AS {name}"
    return f"{member} AS {name}"


def rows(logs):
    values = ",\n".join(value(*c) for c in COLUMNS)
    records = f"SELECT arrayJoin(Records) AS r FROM file('{logs}/**/*.json.gz', JSONEachRow, 'Records Array(String)')"
    return f"SELECT {values}, r AS eventjson FROM (SELECT JSONExtract(r, '{structure(tree())}') AS t, r FROM ({records}))"


def connect(out):
    from chdb import session

    return session.Session(os.path.join(out, "clickhouse"))


def fill(logs, out, definition):
    connection = connect(out)
    connection.query(definition)
    connection.query(f"INSERT INTO events {rows(logs)}")
    connection.close()


def ingest(logs, out):
    """In one order, without partitions."""
    fill(logs, out, table())


def ingest_days(logs, out):
    """The same in a partition for each day: better for hours and days and the newest, worse for needles and whole scans."""
    fill(logs, out, table("PARTITION BY toYYYYMMDD(eventtime)"))


def settle(out):
    """Merges all parts into one, once: the best that its queries can have."""
    connection = connect(out)
    connection.query("OPTIMIZE TABLE events FINAL")
    connection.close()


def stored(out):
    """Without the parts that were merged, which stay in the folder for some minutes."""
    query = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'events'"
    return int(connect(out).query(query, "TSV").data())


class Session:
    """A session that answers."""

    def __init__(self, out):
        self.connection = connect(out)

    def rows(self, sql):
        answer = json.loads(self.connection.query(sql, "JSONCompact").data())
        return [column["name"] for column in answer["meta"]], answer["data"]

    def fetch(self, sql, whole):
        self.connection.query(sql, "CSV").bytes()

    def write(self, sql, out):
        out.write(self.connection.query(sql, "CSV").data())
