//! The `synctap` command.

fn main() {}
