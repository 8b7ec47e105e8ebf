//! What do the fuzz targets try? This is the root of their library (`fuzz/Cargo.toml`), not a module of this crate: the
//! decoder alone, without the store and all it brings, so that an instrumented build takes a minute or two.

pub mod decode;
mod inflate;
mod shapes;
