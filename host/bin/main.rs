//! cantus
fn main() {}
