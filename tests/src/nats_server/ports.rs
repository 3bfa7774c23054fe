//! Free ports.

use std::net::TcpListener;

/// Ports on the loopback that nobody listens on at this moment.
///
/// They lie below the range from which the system gives outgoing connections their ports: a client
/// that tries to reach a stopped server there could otherwise be connected to itself.
///
/// # Panics
/// If none is found.
#[must_use]
pub fn free_ports<const N: usize>() -> [u16; N] {
    let mut held = Vec::new();
    for _ in 0..1_000 {
        let mut bytes = [0; 2];
        getrandom::fill(&mut bytes).expect("randomness");
        let port = 10_000 + u16::from_le_bytes(bytes) % 22_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            held.push((port, listener));
        }
        if held.len() == N {
            let mut ports = [0; N];
            for (port, (found, _)) in ports.iter_mut().zip(&held) {
                *port = *found;
            }
            return ports;
        }
    }
    panic!("no free port");
}
