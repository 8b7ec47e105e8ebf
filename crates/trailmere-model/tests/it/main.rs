//! Do the promises of the public interface hold for whatever is thrown at it?

mod keys;
mod retention;
mod selectors;
mod states;
mod times;
