//! Sessions, tables, the query lifecycle, limits and results.
