"""Which columns do the peers get?

Lake's columns, typed, with the members of `userIdentity` and `tlsDetails` as columns of their own: that is how an expert
lays them out in DuckDB and ClickHouse, because both prune and read flat columns at least as well as struct members.
A column is (its name, its path in the record, its kind).
"""

TEXT, TIME, BOOL, MAP, RESOURCES = "text", "time", "bool", "map", "resources"

IDENTITY = "type principalId arn accountId accessKeyId userName invokedBy identityProvider credentialId".split()
ISSUER = "type principalId arn accountId userName".split()
SCOPE = "sourceArn sourceAccount issuerType credentialsIssuedTo".split()
SESSION = "sourceIdentity ec2RoleDelivery ec2IssuedInVpc assumedRoot".split()
TLS = "tlsVersion cipherSuite clientProvidedHostHeader keyExchange".split()
RESOURCE = "accountId type ARN ARNPrefix".split()


def text(*path, name=None):
    return ((name or path[-1]).lower(), path, TEXT)


COLUMNS = [
    text("eventVersion"),
    *(text("userIdentity", member, name=f"user_{member}") for member in IDENTITY),
    *(text("userIdentity", "sessionContext", "sessionIssuer", member, name=f"issuer_{member}") for member in ISSUER),
    *(text("userIdentity", "sessionContext", member) for member in SESSION),
    text("userIdentity", "sessionContext", "attributes", "mfaAuthenticated"),
    ("creationdate", ("userIdentity", "sessionContext", "attributes", "creationDate"), TIME),
    text("userIdentity", "sessionContext", "webIdFederationData", "federatedProvider"),
    *(text("userIdentity", "onBehalfOf", member) for member in ("userId", "identityStoreArn")),
    *(text("userIdentity", "inScopeOf", member) for member in SCOPE),
    ("eventtime", ("eventTime",), TIME),
    *map(text, "eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage".split()),
    *((name.lower(), (name,), MAP) for name in ("requestParameters", "responseElements", "additionalEventData")),
    *map(text, ("requestID", "eventID")),
    ("readonly", ("readOnly",), BOOL),
    ("resources", ("resources",), RESOURCES),
    *map(text, ("eventType", "apiVersion")),
    ("managementevent", ("managementEvent",), BOOL),
    *map(text, "recipientAccountId sharedEventID vpcEndpointId vpcEndpointAccountId".split()),
    *((name.lower(), (name,), MAP) for name in ("serviceEventDetails", "addendum", "edgeDeviceDetails")),
    text("eventCategory"),
    *(text("tlsDetails", member) for member in TLS),
    text("sessionCredentialFromConsole"),
]


def tree():
    """The same columns as nested dicts, in the shape of a record: what is read out of the JSON in one pass."""
    root = {}
    for _, path, kind in COLUMNS:
        node = root
        for member in path[:-1]:
            node = node.setdefault(member, {})
        node[path[-1]] = kind
    return root
