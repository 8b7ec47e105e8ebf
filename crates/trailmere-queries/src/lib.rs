//! Named SQL with a header and parameters: the shipped queries and the user's own.
