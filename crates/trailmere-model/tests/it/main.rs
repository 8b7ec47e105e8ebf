//! Do the promises of the public interface hold for whatever is thrown at it?

mod retention;
mod selectors;
mod times;
