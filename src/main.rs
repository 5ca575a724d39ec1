//! The program `hoop`.

fn main() -> std::process::ExitCode {
    hoopsnake::cli::main()
}
