//! Processors, memory, disks, interfaces and statistics.
