//! Defining, starting, stopping, saving and the other things that change what a domain does.

mod install;
mod media;
mod provision;
