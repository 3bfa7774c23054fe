//! The command `vandel`.

/// Payloads are made on one thread and freed on another, all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    vandel::run(std::env::args_os())
}
