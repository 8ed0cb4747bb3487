//! Parsers against what is broken.
