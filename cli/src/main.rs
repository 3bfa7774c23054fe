//! The command `vandel`.

fn main() -> std::process::ExitCode {
    vandel::run(std::env::args_os())
}
