"""Trailmere beside what one would pick instead: the same logs, the same questions, the same answers, in one run.

    python3 benches/compare [--raw-size 0.5GB|2GB|10GB] [--seed 1] [--runs 7] [--only ingest,hot,fresh] [--skip-ingest]

Makes a virtual environment with DuckDB and ClickHouse (chdb), builds the release binaries and generates the logs where
they are missing. Prints tables in Markdown, and writes all single times as JSON into the work folder. Ends with 1 if two
engines give different answers. Nothing else should run meanwhile. Needs Python 3.9 or later.
"""
import argparse
import json
import os
import sys

# The folder is the project's own: nothing is left in it.
sys.dont_write_bytecode = True

import needles
import phases
import report
from contestants import contestants
from measure import folder_bytes, machine
from questions import SETS
from workspace import ROOT, Workspace, say


def arguments():
    def names(text):
        return [name for name in text.split(",") if name]

    parser = argparse.ArgumentParser(prog="benches/compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw-size", default="2GB", help="how much JSON: 500MB, 2GB, 10GB [2GB]")
    parser.add_argument("--seed", type=int, default=1, help="of the logs and of the needles [1]")
    parser.add_argument("--runs", type=int, default=7, help="timed runs of each statement in a long-lived process [7]")
    parser.add_argument("--fresh-runs", type=int, default=3, help="of each statement as a new process [3]")
    parser.add_argument("--ingest-runs", type=int, default=2, help="the best counts [2]")
    parser.add_argument("--only", type=names, default=["ingest", "hot", "fresh"], help="ingest, hot, fresh")
    parser.add_argument("--skip-ingest", action="store_true", help="ask the stores of an earlier run")
    parser.add_argument(
        "--contestants",
        type=names,
        default=[],
        help="trailmere, maintained, duckdb, duckdb-parquet, clickhouse; also duckdb-zstd, duckdb-hive, clickhouse-days",
    )
    parser.add_argument("--set", choices=list(SETS), default="analyst", help="of questions: analyst, or more [analyst]")
    parser.add_argument("--questions", type=names, default=[], help="only these")
    parser.add_argument("--same-needles", action="store_true", help="repeat each statement to the letter, also those that look for a needle")
    parser.add_argument("--work", default=os.path.join(ROOT, "target", "compare"), help="[target/compare]")
    parser.add_argument("--binaries", default=os.path.join(ROOT, "target", "release"), help="[target/release]")
    return parser.parse_args()


def wanted_questions(questions, names):
    known = [question.name for question in questions]
    if unknown := set(names) - set(known):
        sys.exit(f"there is no question {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [question for question in questions if not names or question.name in names]


def earlier_ingestion(path):
    """Figures of the runs that filled the stores."""
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file).get("ingest", {})


def main():
    args = arguments()
    questions = wanted_questions(SETS[args.set], args.questions)
    workspace = Workspace(args.work, args.binaries, args.raw_size, args.seed)
    present = contestants(workspace, args.contestants)
    facts = machine()
    workspace.prepare()
    results = {
        "raw_size": args.raw_size,
        "seed": args.seed,
        "machine": facts,
        "versions": workspace.versions(),
        "log_files": len(workspace.log_files()),
        "gzip_bytes": folder_bytes(workspace.logs),
        "questions": {question.name: question.asks for question in questions},
        "ingest": earlier_ingestion(workspace.results),
    }
    if "ingest" in args.only and not args.skip_ingest:
        warm(workspace.log_files())
        results["ingest"].update(phases.ingest(present, args.ingest_runs))
    quarrels = results["disagreements"] = ask(args, workspace, present, questions, results)
    with open(workspace.results, "w") as file:
        json.dump(results, file, indent=1)
    print(report.whole(present, results))
    if quarrels:
        sys.exit("ANSWERS DIFFER\n" + "\n".join(quarrels))


def ask(args, workspace, present, questions, results):
    """Hot and as new processes; gives where answers differ."""
    quarrels = []
    runs = max(args.runs, args.fresh_runs) + 1
    sets = needles.choose(workspace.log_files(), args.seed, 1 if args.same_needles else runs)
    sets = sets * runs if args.same_needles else sets
    if "hot" in args.only:
        results["hot"], quarrels = phases.hot(present, questions, sets[: args.runs + 1])
    if "fresh" in args.only:
        results["fresh"] = phases.fresh(present, questions, sets[1 : args.fresh_runs + 1])
    return quarrels


def warm(files):
    """Into the page cache, so that the first contestant does not read them for the others."""
    for file in files:
        with open(file, "rb") as opened:
            opened.read()


if __name__ == "__main__":
    say("nothing else should run now")
    main()
