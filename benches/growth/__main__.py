"""How do answers stay as a store grows? One lake, asked after 10, 100 and 1,000 days.

    python3 benches/growth --work DIR [--days 10,100,1000] [--rounds 10] [--events-a-day 500]

Logs come from the project's generator, seeded. Each round ingests another corpus of the same days, so that a day has
up to a file for each round, as in a store that follows deliveries and is not maintained. Prints a table of medians:

- one day's question in a shell that has asked before, and the files that it opened;
- the same in a new process, from its start to its end;
- a needle by event ID in that shell;
- `store show`, and the ingestion of one more small log file (a commit), as processes.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "benches", "compare"))

from contestants import Trailmere  # noqa: E402
from measure import run  # noqa: E402

START = datetime.date(2021, 1, 1)
ASKED_DAY = START + datetime.timedelta(days=5)


class Bed:
    """The lake, and what the contestant of `compare` needs to know of it."""

    def __init__(self, work, binaries, settings):
        self.work, self.settings = os.path.abspath(work), settings
        self.stores = self.work
        self.trailmere = os.path.join(binaries, "trailmere")
        self.generator = os.path.join(binaries, "trailmere-testgen")
        self.lake = Trailmere("lake", "Trailmere", self)

    def generate(self, name, first, days, events, seed):
        logs = os.path.join(self.work, name)
        shape = ["--start", str(first), "--days", str(days), "--accounts", "5", "--regions", "2"]
        run([self.generator, "--out", logs, "--seed", str(seed), "--events", str(events), *shape])
        return logs

    def ingest(self, logs):
        return run(self.lake.command("ingest", "--json", logs), env=self.lake.env)

    def grow(self, before, days):
        """The days that are missing, round by round."""
        first = START + datetime.timedelta(days=before)
        for number in range(self.settings.rounds):
            events = (days - before) * self.settings.events_a_day // self.settings.rounds
            logs = self.generate(f"logs-{days}-{number}", first, days - before, events, days * 100 + number)
            self.ingest(logs)
            subprocess.run(["rm", "-rf", logs], check=True)

    def commit(self, number):
        """One more small delivery, on the newest day."""
        logs = self.generate(f"more-{number}", START + datetime.timedelta(days=2000), 1, 20, 9_000_000 + number)
        seconds = self.ingest(logs).seconds
        subprocess.run(["rm", "-rf", logs], check=True)
        return seconds


def milliseconds(measure, times=5):
    return round(statistics.median(measure(number) for number in range(times)) * 1000, 1)


def measured(bed, days):
    lake = bed.lake
    next_day = ASKED_DAY + datetime.timedelta(days=1)
    one_day = (
        "SELECT eventsource, eventname, count(*) AS n FROM events"
        f" WHERE eventtime >= '{ASKED_DAY} 00:00:00' AND eventtime < '{next_day} 00:00:00' GROUP BY 1, 2 ORDER BY n DESC, 1, 2 LIMIT 5"
    )
    _, [[needle]] = lake.rows(f"SELECT max(eventid) AS id FROM events WHERE eventtime < '{next_day} 00:00:00'")
    by_id = f"SELECT eventtime, eventname FROM events WHERE eventid = '{needle}'"
    _, [[events]] = lake.rows("SELECT count(*) AS n FROM events")
    lake.open()
    figures = {"days": days, "events": events}
    for name, sql in (("one_day_hot", one_day), ("needle_hot", by_id)):
        lake.hot(sql, False)
        figures[name] = milliseconds(lambda _, sql=sql: lake.hot(sql, False), times=9)
    lake.close()
    figures["one_day_new_process"] = milliseconds(lambda _: lake.fresh(one_day))
    figures["store_show"] = milliseconds(lambda _: run(lake.command("store", "show", "events", "--json"), env=lake.env).seconds)
    figures["one_more_commit"] = milliseconds(lambda number: bed.commit(days * 10 + number), times=3)
    command = lake.command("query", one_day, "--format", "jsonl", "--continue-on-error")
    statistics_of = json.loads(run(command, env=lake.env).output)["statistics"]
    figures["files"], figures["files_opened"] = statistics_of["files_total"], statistics_of["files_scanned"]
    return figures


def main():
    parser = argparse.ArgumentParser(description="Measures a store as it grows.")
    parser.add_argument("--work", required=True, help="an empty folder for the lake")
    parser.add_argument("--days", default="10,100,1000", help="after how many days it is asked")
    parser.add_argument("--rounds", type=int, default=10, help="files of each day")
    parser.add_argument("--events-a-day", type=int, default=500)
    parser.add_argument("--binaries", default=os.path.join(ROOT, "target", "release"))
    settings = parser.parse_args()
    bed = Bed(settings.work, os.path.abspath(settings.binaries), settings)
    if not os.path.exists(bed.trailmere) or not os.path.exists(bed.generator):
        sys.exit(f"there are no binaries in {settings.binaries}: run cargo build --release --workspace --bins")
    if os.path.exists(bed.lake.store):
        sys.exit(f"{bed.lake.store} is there already, and would be measured as well: choose another --work")
    days_asked = [int(days) for days in settings.days.split(",")]
    first_asked = (ASKED_DAY - START).days + 2
    if days_asked != sorted(set(days_asked)) or days_asked[0] < first_asked:
        sys.exit(f"--days must grow, and begin with at least {first_asked}")
    os.makedirs(settings.work, exist_ok=True)
    table, before = [], 0
    for days in days_asked:
        bed.grow(before, days)
        table.append(measured(bed, days))
        print(json.dumps(table[-1]), file=sys.stderr, flush=True)
        before = days
    print("| " + " | ".join(table[0]) + " |\n|" + "---:|" * len(table[0]))
    for row in table:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")


if __name__ == "__main__":
    main()
