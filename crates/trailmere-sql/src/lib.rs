//! Trino's SELECT on DataFusion: parser, analyzer, functions, values. Knows nothing of CloudTrail.
