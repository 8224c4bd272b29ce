//! Starts private daemons, guests and their surroundings for tests, benches and the demo.
