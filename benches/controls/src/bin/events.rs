//! Reads the bare events of a YAML file with libyaml's parser and says how many there are: what it costs to read a file and to know nothing of it.
//! `benches/instructions.py` divides by it.

use std::io::{self, Write as _};

use libyaml_safer::{EventData, Parser};

fn main() -> io::Result<()> {
    let path = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: events FILE"))?;
    let bytes = std::fs::read(path)?;
    let mut rest = &*bytes;
    let mut parser: Parser<&mut &[u8]> = Parser::new();
    parser.set_input_string(&mut rest);
    let mut count = 0_u64;
    loop {
        let event = parser.parse().map_err(io::Error::other)?;
        count += 1;
        if matches!(event.data, EventData::StreamEnd) {
            break;
        }
    }
    writeln!(io::stdout(), "{count}")
}
