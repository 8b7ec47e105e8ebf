"""Questions that look for little: needles, one hour, the newest, text. The needle differs from run to run, so that an
engine is measured at searching and not at remembering what it found."""
from question import same

WHOLE = ("eventid", "eventtime", "eventname", "recipientaccountid", "sourceipaddress", "errormessage", "eventjson")

NEEDLES = [
    same(
        "by-access-key",
        "All that was done with an access key",
        "SELECT eventtime, eventsource, eventname, sourceipaddress, errorcode, eventid FROM events WHERE {key} = '$access_key'"
        " ORDER BY eventtime, eventid",
    ),
    same(
        "by-ip",
        "All that came from an address",
        "SELECT eventtime, eventsource, eventname, {arn} AS arn, eventid FROM events WHERE sourceipaddress = '$ip'"
        " ORDER BY eventtime DESC, eventid LIMIT 1000",
    ),
    same(
        "by-event-id",
        "One event by its id",
        "SELECT eventtime, eventsource, eventname, {arn} AS arn, requestid FROM events WHERE eventid = '$event_id'",
    ),
    same("whole-event", "One event, all of it", "SELECT * FROM events WHERE eventid = '$event_id'", whole_rows=WHOLE),
    same(
        "newest-100",
        "The newest 100 events, all of each",
        "SELECT * FROM events ORDER BY eventtime DESC LIMIT 100",
        whole_rows=WHOLE,
        ties="eventtime",
    ),
    same(
        "hour-of-account",
        "One hour of one account",
        "SELECT eventtime, eventsource, eventname, {arn} AS arn, sourceipaddress, errorcode, eventid FROM events"
        " WHERE recipientaccountid = '$account' AND eventtime >= '$day $hour:00:00' AND eventtime < '$day $next_hour:00:00'"
        " ORDER BY eventtime, eventid",
    ),
    same(
        "full-text",
        "A rare word anywhere in the raw events",
        "SELECT count(*) AS n, min(eventtime) AS first_seen, max(eventtime) AS last_seen FROM events WHERE eventjson LIKE '%$word%'",
    ),
    same(
        "full-text-common",
        "A frequent word anywhere in the raw events",
        "SELECT eventname, count(*) AS n FROM events WHERE eventjson LIKE '%$bucket%' GROUP BY eventname ORDER BY n DESC, eventname",
    ),
]
