//! The local stack: the real functions on embedded AWS.
