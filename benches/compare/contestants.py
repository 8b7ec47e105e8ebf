"""Who is compared, and how each is driven: filled, asked in a long-lived process, asked in a new one."""
import json
import os
import shutil
import subprocess
import sys
import time

from measure import folder_bytes, run

HERE = os.path.dirname(os.path.abspath(__file__))
# Said by the shell when it has answered what came before.
MARK = b"timing is off\n"


class Trailmere:
    """The lake as `ingest` leaves it."""

    dialect, ours = "trailmere", True

    def __init__(self, name, label, workspace):
        self.name, self.label, self.workspace = name, label, workspace
        self.store = os.path.join(workspace.stores, name)
        # The benchmark's statements are not to be in the user's history.
        self.env = {**os.environ, "XDG_STATE_HOME": os.path.join(workspace.work, "state")}

    def command(self, *arguments):
        return [self.workspace.trailmere, "--lake", self.store, *arguments]

    def ingest(self):
        cost = run(self.command("ingest", "--json", self.workspace.logs), env=self.env)
        summary = json.loads(cost.output)
        raw, events = summary["raw_bytes"], sum(store["events"] for store in summary["stores"])
        return {"seconds": cost.seconds, "peak_bytes": cost.peak_bytes, "stored_bytes": folder_bytes(self.store), "raw_bytes": raw, "events": events}

    def open(self):
        self.shell = subprocess.Popen(
            self.command("shell"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.env
        )
        self.answer("\\format csv\n\\maxrows off")

    def answer(self, text):
        self.shell.stdin.write(f"{text}\n\\timing off\n".encode())
        self.shell.stdin.flush()
        said = b""
        while not said.endswith(MARK):
            part = os.read(self.shell.stdout.fileno(), 1 << 20)
            if not part:
                sys.exit(f"{self.label}: the shell ended after {said.decode(errors='replace')}")
            said += part
        return said

    def hot(self, sql, whole):
        started = time.perf_counter()
        said = self.answer(sql + ";")
        seconds = time.perf_counter() - started
        if said.startswith(b"error: "):
            raise RuntimeError(said.decode(errors="replace"))
        return seconds

    def rows(self, sql):
        cost = run(self.command("query", sql, "--format", "jsonl", "--continue-on-error"), env=self.env, accepted=(0, 1))
        answer = json.loads(cost.output)
        if "error" in answer:
            raise RuntimeError(json.dumps(answer["error"]))
        return answer["columns"], answer["rows"]

    def fresh(self, sql):
        """The whole process, from its start to its end."""
        return run(self.command("query", sql, "--format", "csv"), env=self.env).seconds

    def close(self):
        self.shell.stdin.close()
        self.shell.wait()


class Maintained(Trailmere):
    """A copy of that lake after `maintain`."""

    def __init__(self, name, label, workspace, original):
        super().__init__(name, label, workspace)
        self.original = original

    def ingest(self):
        if not os.path.isdir(self.original.store):
            sys.exit("`maintained` needs `trailmere` before it")
        shutil.copytree(self.original.store, self.store, dirs_exist_ok=True)
        cost = run(self.command("maintain", "--json"), env=self.env)
        return {"seconds": cost.seconds, "peak_bytes": cost.peak_bytes, "stored_bytes": folder_bytes(self.store), "upkeep": True}


class Peer:
    """An embedded engine, behind `worker.py`."""

    ours = False

    def __init__(self, name, label, workspace):
        self.name, self.label, self.workspace = name, label, workspace
        self.store = os.path.join(workspace.stores, name)
        self.dialect = name.split("-")[0]

    def command(self, *arguments):
        # Neither the user's environment nor packages of other Pythons.
        return [self.workspace.python, "-E", "-s", "-B", os.path.join(HERE, "worker.py"), self.name, *arguments]

    def ingest(self):
        cost = run(self.command("ingest", self.workspace.logs, self.store))
        figures = {"seconds": json.loads(cost.output)["seconds"], "peak_bytes": cost.peak_bytes}
        settled = json.loads(run(self.command("settle", self.store)).output)
        return {**figures, "settle_seconds": settled["seconds"], "stored_bytes": settled["stored_bytes"]}

    def open(self):
        self.worker = subprocess.Popen(self.command("serve", self.store), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.worker.stdout.readline()

    def reply(self, **request):
        self.worker.stdin.write(json.dumps(request) + "\n")
        self.worker.stdin.flush()
        line = self.worker.stdout.readline()
        if not line:
            sys.exit(f"{self.label}: the process ended at {request['sql']}")
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply

    def hot(self, sql, whole):
        return self.reply(sql=sql, rows=False, whole=whole)["seconds"]

    def rows(self, sql):
        reply = self.reply(sql=sql, rows=True, whole=False)
        return reply["columns"], reply["rows"]

    def fresh(self, sql):
        """Without the start of Python, the import and the end of the process, which an engine's own users don't pay."""
        answer = run(self.command("once", self.store), text=sql).output
        return json.loads(answer.splitlines()[-1])["seconds"]

    def close(self):
        self.worker.stdin.close()
        self.worker.wait()


def contestants(workspace, wanted):
    lake = Trailmere("trailmere", "Trailmere", workspace)
    every = [
        lake,
        Maintained("maintained", "Trailmere, maintained", workspace, lake),
        Peer("duckdb", "DuckDB, own table", workspace),
        Peer("duckdb-parquet", "DuckDB, Parquet", workspace),
        Peer("clickhouse", "ClickHouse", workspace),
        # Only when asked for: other layouts that an expert might choose.
        Peer("duckdb-zstd", "DuckDB, own table, zstd", workspace),
        Peer("duckdb-hive", "DuckDB, Parquet by day", workspace),
        Peer("clickhouse-days", "ClickHouse, by day", workspace),
    ]
    known = [one.name for one in every]
    if unknown := set(wanted) - set(known):
        sys.exit(f"there is no contestant {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [one for one in every if (one.name in wanted if wanted else known.index(one.name) < 5)]
