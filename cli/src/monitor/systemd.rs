//! Words to systemd (`Type=notify`, `WatchdogSec=`): a datagram to the socket that it names. See
//! sd_notify(3). Outside systemd nothing is sent.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// It has started: `Type=notify` units count as started from here on.
///
/// # Errors
/// If systemd's socket can't be written to.
pub fn ready(status: &str) -> io::Result<()> {
    send(&format!("READY=1\nSTATUS={status}\n"))
}

/// A line for `systemctl status`.
///
/// # Errors
/// As [`ready`].
pub fn status(status: &str) -> io::Result<()> {
    send(&format!("STATUS={status}\n"))
}

/// It is stopping in order.
///
/// # Errors
/// As [`ready`].
pub fn stopping() -> io::Result<()> {
    send("STOPPING=1\n")
}

/// It is alive; to be said more often than [`watchdog_interval`].
///
/// # Errors
/// As [`ready`].
pub fn alive() -> io::Result<()> {
    send("WATCHDOG=1\n")
}

/// How often systemd wants to hear [`alive`], with a margin of two; none if it doesn't watch.
#[must_use]
pub fn watchdog_interval() -> Option<Duration> {
    let microseconds = std::env::var("WATCHDOG_USEC").ok()?.parse::<u64>().ok()?;
    let ours = std::env::var("WATCHDOG_PID").map_or(true, |pid| pid == std::process::id().to_string());
    ours.then(|| Duration::from_micros(microseconds / 2))
}

fn send(words: &str) -> io::Result<()> {
    match std::env::var_os("NOTIFY_SOCKET") {
        Some(socket) => send_to(&socket, words),
        None => Ok(()),
    }
}

fn send_to(socket: &OsStr, words: &str) -> io::Result<()> {
    // A leading @ stands for the abstract name space.
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(words.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_arrive_at_a_path_and_at_an_abstract_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let name = format!("vandel-notify-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        for (socket, named) in [
            (UnixDatagram::bind(&path).expect("bound"), path.clone().into_os_string()),
            (UnixDatagram::bind_addr(&address).expect("bound"), format!("@{name}").into()),
        ] {
            send_to(&named, "READY=1\n").expect("sent");
            let mut buffer = [0; 64];
            let read = socket.recv(&mut buffer).expect("received");
            assert_eq!(&buffer[..read], b"READY=1\n");
        }
        assert!(send_to(OsStr::new("/no/such/socket"), "READY=1\n").is_err());
    }
}
