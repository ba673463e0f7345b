//! Every agent once with the embedded model. It writes poor work; its answers have to be readable all
//! the same.
