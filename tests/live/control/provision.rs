//! Transient and persistent domains, from their beginning to their end.
