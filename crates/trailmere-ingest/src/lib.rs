//! From delivered CloudTrail log files to committed rows.
