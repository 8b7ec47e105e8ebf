//! What an event and an event data store are: schemas, advanced event selectors, definitions, retention.
