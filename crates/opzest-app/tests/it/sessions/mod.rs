//! Sessions on the real store and sandbox: with the embedded model, and with teachers on a server that
//! plays a script.

mod embedded;
mod scripted;
pub mod support;
pub mod teacher_server;
