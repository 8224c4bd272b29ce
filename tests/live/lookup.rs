//! Identifying and finding domains.
