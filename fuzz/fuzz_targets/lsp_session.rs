#![no_main]
#![allow(missing_docs, reason = "cargo-fuzz's own form")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kaslint_fuzz::targets::lsp_session::run(data));
