//! Does the public interface hold its promises?
