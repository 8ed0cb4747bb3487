//! Feeds any bytes to what reads plugin libraries before they are opened.

#![no_main]

mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    laws::library(bytes);
});
