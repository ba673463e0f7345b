//! Everything that is promised of the core's public interface.

mod session;
