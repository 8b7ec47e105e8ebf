//! Which of an object's keys are known, and where is the value of each?

use std::sync::LazyLock;

use trailmere_model::{StoreType, extra_columns, published_columns};

use super::tape::{ABSENT, Json};

macro_rules! known_keys {
    ($($slot:ident $key:literal,)*) => {
        /// The keys that decoding itself asks for; those of columns follow them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key { $($slot,)* }
        const KNOWN: &[&str] = &[$($key,)*];
    };
}

known_keys! {
    EventVersion "eventVersion",
    EventTime "eventTime",
    EventSource "eventSource",
    EventName "eventName",
    EventId "eventID",
    EventType "eventType",
    EventCategory "eventCategory",
    EventData "eventData",
    UserIdentity "userIdentity",
    ErrorCode "errorCode",
    ReadOnly "readOnly",
    ManagementEvent "managementEvent",
    Resources "resources",
    RecipientAccountId "recipientAccountId",
    AwsRegion "awsRegion",
    VpcEndpointId "vpcEndpointId",
    SessionCredentialFromConsole "sessionCredentialFromConsole",
    InsightDetails "insightDetails",
    EventJson "eventJson",
    LowerEventJson "eventjson",
    Records "Records",
    Events "Events",
    LogEvents "logEvents",
    FilteredEvents "events",
    ResultRows "QueryResultRows",
    Detail "detail",
    DetailType "detail-type",
    CloudTrailEvent "CloudTrailEvent",
    LogMessage "message",
    LogMessageType "messageType",
    NoticeMessage "Message",
    NoticeType "Type",
    TopicArn "TopicArn",
    Bucket "s3Bucket",
    ObjectKeys "s3ObjectKey",
    AwsLogs "awslogs",
    DigestEnd "digestEndTime",
    DigestFiles "logFiles",
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

/// All known keys; a key's position is its slot.
struct Table {
    keys: Vec<&'static str>,
    /// Slots by the length of their key.
    by_length: Vec<Vec<u8>>,
}

impl Table {
    fn new() -> Self {
        let columns =
            StoreType::ALL.into_iter().flat_map(|store| published_columns(store).iter().chain(extra_columns(store)));
        let mut keys = KNOWN.to_vec();
        for column in columns {
            if !keys.contains(&column.display) {
                keys.push(column.display);
            }
        }
        let longest = keys.iter().map(|key| key.len()).max().unwrap_or(0);
        let mut by_length = vec![Vec::new(); longest + 1];
        for (slot, key) in keys.iter().enumerate() {
            by_length[key.len()].push(slot as u8);
        }
        Self { keys, by_length }
    }

    fn find(&self, key: &[u8]) -> Option<u8> {
        let candidates = self.by_length.get(key.len())?;
        candidates.iter().copied().find(|slot| self.keys[usize::from(*slot)].as_bytes() == key)
    }
}

/// The slot of a column's key.
pub(crate) fn slot_of(key: &str) -> Option<usize> {
    TABLE.find(key.as_bytes()).map(usize::from)
}

/// Where the values of an object's known keys are. Of a key given twice the last one counts.
pub(crate) struct Slots {
    table: &'static Table,
    values: Vec<u32>,
    /// The slot that came after each slot last time: producers write keys in the same order again and again.
    following: Vec<u8>,
}

impl Slots {
    pub(crate) fn new() -> Self {
        let table = LazyLock::force(&TABLE);
        Self { table, values: vec![ABSENT; table.keys.len()], following: vec![0; table.keys.len()] }
    }

    /// Finds the known keys of the root object.
    pub(crate) fn read(&mut self, json: Json<'_>) {
        self.values.fill(ABSENT);
        let mut previous = 0;
        for (key, value) in json.members(0) {
            let node = json.node(key);
            let found = match node.marked {
                false => self.find(&json.text.as_bytes()[node.start as usize..node.end as usize], previous),
                true => self.table.find(json.said(node).as_bytes()),
            };
            let Some(slot) = found else { continue };
            self.values[usize::from(slot)] = value;
            self.following[usize::from(previous)] = slot;
            previous = slot;
        }
    }

    #[inline]
    fn find(&self, key: &[u8], previous: u8) -> Option<u8> {
        let guess = self.following[usize::from(previous)];
        if self.table.keys[usize::from(guess)].as_bytes() == key {
            return Some(guess);
        }
        self.table.find(key)
    }

    /// The value of a known key, or [`ABSENT`].
    #[inline]
    pub(crate) fn get(&self, key: Key) -> u32 {
        self.values[key as usize]
    }

    /// The value in a slot, or [`ABSENT`].
    #[inline]
    pub(crate) fn at(&self, slot: usize) -> u32 {
        self.values[slot]
    }

    /// Whether the object has the key.
    pub(crate) fn has(&self, key: Key) -> bool {
        self.get(key) != ABSENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_slot_of_its_own() {
        assert!(TABLE.keys.len() < 256, "a slot is one byte");
        for (slot, key) in TABLE.keys.iter().enumerate() {
            assert_eq!(slot_of(key), Some(slot));
        }
        assert_eq!(slot_of("eventTime"), Some(Key::EventTime as usize));
        assert_eq!(slot_of("logFiles"), Some(Key::DigestFiles as usize));
        assert_eq!(slot_of("eventtime"), None);
    }
}
