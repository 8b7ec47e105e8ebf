#!/usr/bin/env python3
"""Ingestion side by side: Trailmere and DuckDB on the same generated log files, in one run.

    python3 benches/compare.py [--raw-size 2GB] [--seed 1] [--runs 2] [--work target/compare] [--trailmere target/release/trailmere]

Needs Python 3.9 or later; makes its own virtual environment with `duckdb` in the work folder, and builds the release
binaries if they are missing. Each contestant runs in a process of its own, alternating, and nothing else should run
meanwhile. Prints MB of raw JSON a second, peak resident memory, and bytes stored as a share of the gzip, with ratios.
"""
import argparse
import glob
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What an expert writes: the columns of Lake that questions need, typed, and the whole record kept.
DUCKDB_COLUMNS = """
    json_extract_string(r, '$.eventVersion') AS eventversion,
    CAST(json_extract_string(r, '$.eventTime') AS TIMESTAMP) AS eventtime,
    json_extract_string(r, '$.eventSource') AS eventsource,
    json_extract_string(r, '$.eventName') AS eventname,
    json_extract_string(r, '$.awsRegion') AS awsregion,
    json_extract_string(r, '$.sourceIPAddress') AS sourceipaddress,
    json_extract_string(r, '$.userAgent') AS useragent,
    json_extract_string(r, '$.errorCode') AS errorcode,
    json_extract_string(r, '$.errorMessage') AS errormessage,
    json_extract_string(r, '$.requestID') AS requestid,
    json_extract_string(r, '$.eventID') AS eventid,
    CAST(json_extract_string(r, '$.readOnly') AS BOOLEAN) AS readonly,
    json_extract_string(r, '$.eventType') AS eventtype,
    json_extract_string(r, '$.recipientAccountId') AS recipientaccountid,
    json_extract_string(r, '$.eventCategory') AS eventcategory,
    json_transform(r->'$.userIdentity', '{"type":"VARCHAR","principalId":"VARCHAR","arn":"VARCHAR","accountId":"VARCHAR",
      "accessKeyId":"VARCHAR","userName":"VARCHAR","invokedBy":"VARCHAR"}') AS useridentity,
    CAST(r->'$.requestParameters' AS VARCHAR) AS requestparameters,
    CAST(r->'$.responseElements' AS VARCHAR) AS responseelements,
    CAST(r->'$.additionalEventData' AS VARCHAR) AS additionaleventdata,
    CAST(r->'$.resources' AS VARCHAR) AS resources,
    CAST(r AS VARCHAR) AS eventjson
"""
DUCKDB_READ = "SELECT unnest(Records) AS r FROM read_json('{logs}/**/*.json.gz', columns = {{Records: 'JSON[]'}}, maximum_object_size = 268435456)"

DUCKDB_NATIVE = "CREATE TABLE events AS SELECT {columns} FROM ({read})"
DUCKDB_SORTED = (
    "COPY (SELECT {columns} FROM ({read}) ORDER BY eventsource, eventname, eventtime) TO '{out}/events.parquet' (FORMAT parquet, COMPRESSION zstd)"
)


def duckdb_worker(kind, logs, out):
    """Runs in the virtual environment's Python."""
    import duckdb

    connection = duckdb.connect(os.path.join(out, "events.duckdb"))
    read = DUCKDB_READ.format(logs=logs)
    template = DUCKDB_NATIVE if kind == "native" else DUCKDB_SORTED
    connection.execute(template.format(columns=DUCKDB_COLUMNS, read=read, out=out))
    table = "events" if kind == "native" else f"'{out}/events.parquet'"
    print(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    connection.close()


def folder_bytes(path):
    return sum(os.path.getsize(f) for f in glob.glob(f"{path}/**/*", recursive=True) if os.path.isfile(f))


def timed(command, env=None):
    """Wall seconds, peak resident bytes, stdout."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    out, err = process.communicate()
    seconds = time.monotonic() - started
    if process.returncode not in (0, 3):
        sys.exit(f"{command[0]} failed:\n{err.decode(errors='replace')[-2000:]}")
    return seconds, out.decode()


def with_peak(command):
    """Like `timed`, in a child of its own so that ru_maxrss is that command's."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        seconds, out = timed(command)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        os.write(write, json.dumps([seconds, peak, out[-100_000:]]).encode())
        os._exit(0)
    os.close(write)
    data = b""
    while chunk := os.read(read, 1 << 16):
        data += chunk
    os.waitpid(pid, 0)
    if not data:
        sys.exit("a contestant failed")
    return json.loads(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw-size", default="2GB")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--work", default=os.path.join(ROOT, "target", "compare"))
    parser.add_argument("--trailmere", default=os.path.join(ROOT, "target", "release", "trailmere"))
    parser.add_argument("--only", default="", help="comma-separated contestants")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return duckdb_worker(*args.worker)

    os.makedirs(args.work, exist_ok=True)
    generator = os.path.join(os.path.dirname(args.trailmere), "trailmere-testgen")
    if not (os.path.exists(args.trailmere) and os.path.exists(generator)):
        subprocess.run(["cargo", "build", "--release", "--workspace", "--bins"], cwd=ROOT, check=True)
    python = os.path.join(args.work, "venv", "bin", "python")
    if not os.path.exists(python):
        venv.create(os.path.dirname(os.path.dirname(python)), with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "duckdb"], check=True)
    logs = os.path.join(args.work, f"logs-{args.raw_size}-{args.seed}")
    if not os.path.exists(logs):
        subprocess.run([generator, "--out", logs, "--seed", args.seed, "--raw-size", args.raw_size], check=True)
    gzip_bytes = folder_bytes(logs)

    def trailmere(out):
        return [args.trailmere, "--lake", out, "ingest", "--json", logs]

    def duck(kind):
        return lambda out: [python, os.path.abspath(__file__), "--worker", kind, logs, out]

    contestants = {
        "Trailmere (sorted, raw kept, committed)": trailmere,
        "DuckDB read_json, own table": duck("native"),
        "DuckDB read_json, sorted Parquet": duck("sorted"),
    }
    wanted = [w for w in args.only.split(",") if w]
    results = {}
    raw_bytes = None
    for run in range(args.runs):
        for name, command in contestants.items():
            if wanted and not any(w in name for w in wanted):
                continue
            out = os.path.join(args.work, "out")
            shutil.rmtree(out, ignore_errors=True)
            os.makedirs(out)
            seconds, peak, text = with_peak(command(out))
            if name.startswith("Trailmere"):
                summary = json.loads(text)
                raw_bytes = summary["raw_bytes"]
                events = sum(s["events"] for s in summary["stores"])
            else:
                events = int(text.strip().splitlines()[-1])
            results.setdefault(name, []).append((seconds, peak, folder_bytes(out), events))
            print(f"run {run + 1}: {name}: {seconds:.1f} s, {events} events", file=sys.stderr)

    print(f"{gzip_bytes / 1e6:.0f} MB gzip, {(raw_bytes or 0) / 1e6:.0f} MB raw JSON, best of {args.runs}\n")
    print("| who | events | seconds | raw MB/s | peak memory, GB | stored / gzip | speed against DuckDB's own table |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    base = min((r[0] for r in results.get("DuckDB read_json, own table", [])), default=None)
    for name, runs in results.items():
        seconds, peak, stored, events = min(runs)
        ratio = f"{base / seconds:.1f}" if base else "–"
        speed = (raw_bytes or 0) / 1e6 / seconds
        print(f"| {name} | {events} | {seconds:.1f} | {speed:.0f} | {peak / 1e9:.2f} | {stored / gzip_bytes:.2f} | {ratio} |")


if __name__ == "__main__":
    main()
