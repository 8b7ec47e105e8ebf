//! The lake: documents, Delta tables, the ingestion ledger. The only crate that knows the layout.
