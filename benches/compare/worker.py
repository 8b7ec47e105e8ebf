"""The peers' side, in the virtual environment's Python: one process of an engine.

    worker.py ENGINE ingest LOGS OUT     fills the store, prints the seconds
    worker.py ENGINE settle OUT          does the upkeep after ingestion, prints its seconds and the bytes stored then
    worker.py ENGINE serve OUT           answers {"sql", "rows", "whole"} lines with {"seconds", "columns", "rows"} lines
    worker.py ENGINE once OUT            opens the store, answers the statement on stdin, prints the seconds of both

No time that is told contains the start of Python or the import of the engine's package.
"""
import importlib
import json
import os
import sys
import time

from agree import to_json
from engines import ENGINES


def serve(session):
    print("{}", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        reply = {}
        try:
            if request["rows"]:
                reply["columns"], reply["rows"] = session.rows(request["sql"])
            else:
                started = time.perf_counter()
                session.fetch(request["sql"], request["whole"])
                reply["seconds"] = time.perf_counter() - started
        except Exception as error:  # Whatever an engine raises is told to the other side, which decides.
            reply["error"] = str(error)[:2000]
        print(json.dumps(reply, default=to_json), flush=True)


def main():
    engine, task, *folders = sys.argv[1:]
    engine = ENGINES[engine]
    # Imported here, so that what is timed below does not contain it.
    importlib.import_module(engine.module)
    if task == "ingest":
        started = time.perf_counter()
        engine.ingest(*folders)
        print(json.dumps({"seconds": time.perf_counter() - started}))
    elif task == "settle":
        started = time.perf_counter()
        engine.settle(*folders)
        seconds = time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "stored_bytes": engine.stored(*folders)}))
    elif task == "serve":
        serve(engine.session(*folders))
    elif task == "once":
        sql = sys.stdin.read()
        started = time.perf_counter()
        engine.session(*folders).write(sql, sys.stdout)
        sys.stdout.flush()
        print("\n" + json.dumps({"seconds": time.perf_counter() - started}))
    sys.stdout.flush()
    # The answer is there; taking the embedded engine down is not what its users wait for.
    os._exit(0)


if __name__ == "__main__":
    main()
