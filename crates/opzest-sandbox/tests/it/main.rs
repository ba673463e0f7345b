//! The crate from outside. Needs Linux with bubblewrap and python3: a test fails where they are missing.

mod smoke;
mod support;
