//! From delivered CloudTrail log files to committed rows.

pub mod decode;
mod inflate;
mod shapes;
