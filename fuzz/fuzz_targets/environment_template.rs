#![no_main]
#![allow(missing_docs, reason = "cargo-fuzz's own form")]

libfuzzer_sys::fuzz_target!(
    init: kaslint_fuzz::panics::pass_over_those_reckoned_with(),
    |data: &[u8]| kaslint_fuzz::targets::environment_template::run(data)
);
