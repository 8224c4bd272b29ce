//! Defining, starting, stopping, saving and the other things that change what a domain does.

mod agent;
mod describe;
mod device;
mod install;
mod jobs;
mod lifecycle;
mod media;
mod provision;
mod refusals;
mod save;
