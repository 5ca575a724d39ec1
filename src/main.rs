//! The program `hoop`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(hoopsnake::cli::main())
}
