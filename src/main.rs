//! The `synctap` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    synctap::cli::main()
}
