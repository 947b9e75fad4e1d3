//! Does nothing: what a program costs before it does anything. `benches/instructions.py` divides by it.

fn main() {}
