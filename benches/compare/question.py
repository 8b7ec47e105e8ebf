"""What is a question: one thing that an analyst asks, in three dialects."""
import string
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    name: str
    asks: str
    trailmere: str
    duckdb: str
    clickhouse: str
    # How far apart two answers' numbers may be, as a share: for approximations.
    tolerance: float = 1e-9
    # Whole rows: their columns are laid out differently, so these are compared and the others only fetched.
    whole_rows: tuple = field(default=())
    # Rows that tie with the last one may differ, because the statement does not say which of them are asked for.
    ties: str = ""

    def sql(self, dialect, needles):
        """On one line, because the shell takes it so. A `$` that is no needle stays, as JSON paths and patterns need."""
        return " ".join(string.Template(getattr(self, dialect)).safe_substitute(needles).split())


def same(name, asks, statement, **options):
    """A question that all three spell alike, but for the differences of `spell`."""
    return Question(name, asks, *(spell(statement, dialect) for dialect in ("trailmere", "duckdb", "clickhouse")), **options)


# What the dialects call the same thing. `{…}` in a statement; the members of structs are flat columns with the peers.
SPELLINGS = {
    "arn": ("userIdentity.arn", "user_arn", "user_arn"),
    "account": ("userIdentity.accountId", "user_accountid", "user_accountid"),
    "key": ("userIdentity.accessKeyId", "user_accesskeyid", "user_accesskeyid"),
    "issuer": ("userIdentity.sessionContext.sessionIssuer.arn", "issuer_arn", "issuer_arn"),
    "arn_or_null": ("nullif(userIdentity.arn, '')", "nullif(user_arn, '')", "nullIf(user_arn, '')"),
    "key_or_null": (
        "nullif(userIdentity.accessKeyId, '')",
        "nullif(user_accesskeyid, '')",
        "nullIf(user_accesskeyid, '')",
    ),
    "time_or_null": ("eventtime", "eventtime", "toNullable(eventtime)"),
    "present": ("IS NOT NULL", "IS NOT NULL", "!= ''"),
    "absent": ("IS NULL", "IS NULL", "= ''"),
    "tls": ("tlsDetails.tlsVersion", "tlsversion", "tlsversion"),
    "day": ("date(eventtime)", "CAST(eventtime AS DATE)", "toDate(eventtime)"),
    "hour": ("date_trunc('hour', eventtime)", "date_trunc('hour', eventtime)", "toStartOfHour(eventtime)"),
}


def spell(statement, dialect):
    index = ("trailmere", "duckdb", "clickhouse").index(dialect)
    for word, spellings in SPELLINGS.items():
        statement = statement.replace("{" + word + "}", spellings[index])
    return statement
