"""Which values do the questions look for? Chosen from the log files themselves, by the seed, independent of any engine."""
import datetime
import gzip
import json
import random


def choose(log_files, seed, how_many):
    """A list of needle sets: run `i` asks for the values of set `i % how_many`."""
    dice = random.Random(seed)
    files = sorted(log_files)
    events = []
    for file in dice.sample(files, min(len(files), 40)):
        with gzip.open(file) as opened:
            events += json.load(opened)["Records"]
    dice.shuffle(events)
    return [needle_set(events, index, how_many) for index in range(how_many)]


def needle_set(events, index, how_many):
    """Every value is of another event, so that the sets differ from each other."""

    def pick(wanted):
        found = [event for event in events if wanted(event)]
        return found[index % len(found)]

    session = pick(lambda e: e["userIdentity"].get("accessKeyId", "").startswith("ASIA"))
    human = pick(lambda e: e["sourceIPAddress"][0].isdigit())
    read = pick(lambda e: e["eventName"] == "GetObject" and "key" in e["requestParameters"])
    someone = pick(lambda e: "T01" <= e["eventTime"][10:13] <= "T21")
    day = datetime.date.fromisoformat(someone["eventTime"][:10])
    other = datetime.date.fromisoformat(pick(lambda e: e["eventTime"][:10] != str(day))["eventTime"][:10])
    hour = int(someone["eventTime"][11:13])
    return {
        "access_key": session["userIdentity"]["accessKeyId"],
        "ip": human["sourceIPAddress"],
        "event_id": events[-1 - index]["eventID"],
        "account": someone["recipientAccountId"],
        "day": str(day),
        "next_day": str(day + datetime.timedelta(days=1)),
        "hour": f"{hour:02}",
        "next_hour": f"{hour + 1:02}",
        "other_day": str(other),
        "after_other_day": str(other + datetime.timedelta(days=1)),
        "word": read["requestParameters"]["key"].rsplit("/", 1)[1].removesuffix(".snappy.parquet"),
        "bucket": read["requestParameters"]["bucketName"],
    }
