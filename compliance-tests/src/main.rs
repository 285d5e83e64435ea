//! Command line of the compliance suite.
fn main() {}
