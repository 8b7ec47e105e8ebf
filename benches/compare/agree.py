"""Do two engines give the same answer? What is only spelled differently is made alike first."""
import datetime
import json
import re

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.0+)?(?:Z|\+00:00| UTC)?")


def plain(value):
    """One spelling for what the engines spell in their own ways; absent text is NULL here and '' there."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, dict, list)):
        return value
    if isinstance(value, dict):
        return {key: plain(member) for key, member in sorted(value.items())}
    if isinstance(value, list):
        return [plain(member) for member in value]
    moment = MOMENT.fullmatch(value)
    return f"{moment[1]} {moment[2]}" if moment else value


def to_json(value):
    """For `json.dumps`: how DuckDB's Python values are written."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return str(value)


def table(question, columns, rows):
    """The rows to be compared."""
    names = [name.lower() for name in columns]
    if question.ties and rows:
        tied = names.index(question.ties)
        last = plain(rows[-1][tied])
        rows = [row for row in rows if plain(row[tied]) != last]
    if question.whole_rows:
        wanted = [names.index(name) for name in question.whole_rows]
        rows = [[row[index] for index in wanted] for row in rows]
    rows = [[plain(value) for value in row] for row in rows]
    return sorted(rows, key=json.dumps) if question.ties else rows


def close(a, b, tolerance):
    number = (int, float)
    if isinstance(a, number) and isinstance(b, number) and not isinstance(a, bool):
        return abs(a - b) <= tolerance * max(abs(a), abs(b))
    return a == b


def difference(question, ours, theirs):
    """Says the first difference, or None."""
    ours, theirs = table(question, *ours), table(question, *theirs)
    if len(ours) != len(theirs):
        return f"{len(ours)} rows against {len(theirs)}"
    for number, (a, b) in enumerate(zip(ours, theirs), 1):
        if len(a) != len(b) or not all(close(x, y, question.tolerance) for x, y in zip(a, b)):
            return f"row {number}: {str(a)[:400]} against {str(b)[:400]}"
    return None
