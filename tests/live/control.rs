//! Defining, starting, stopping, saving and the other things that change what a domain does.

mod agent;
mod install;
mod lifecycle;
mod media;
mod provision;
mod save;
