//! What travels between authors and the sequencer, and how it is sealed.
//!
//! Three requests: for the *intake key* ([`intake`]), in clear, for it holds nothing; an *inquiry* and a
//! *submission* ([`body`]), sealed to that key ([`sealed`]), so that whoever copies the subject, the
//! broker's own administrator included, copies noise. The answer is sealed with a key that only the two
//! ends of that one request have.
//!
//! Every structure is versioned, has a size limit that is checked before it is decoded, and has one
//! encoding: a reader refuses every other.

pub mod body;
pub mod intake;
pub mod sealed;

/// The version of all structures on the wire.
pub const WIRE_VERSION: u16 = 1;

/// The longest request or answer in bytes, sealed. Below the 1 MiB that a NATS message may have by
/// default, with room for its headers.
pub const MESSAGE_BYTES_MAX: usize = 960 * 1024;

/// The name of the micro service, as `nats micro` lists it.
pub const SERVICE_NAME: &str = "vandel";

/// The subject of an endpoint: `vandel.<ledger>.service.<endpoint>`, where the ledger is named by what
/// its checkpoint origin says after `vandel/`. An author has it from the trust file, and needs to ask
/// nobody; that the service there really is this ledger's, its intake key's evidence shows.
#[must_use]
pub fn subject(origin: &str, what: Endpoint) -> String {
    let name = origin.strip_prefix("vandel/").unwrap_or(origin);
    let token: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    format!("vandel.{token}.service.{}", what.name())
}

/// What a request is for. Order is the wire order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Endpoint {
    /// The intake key.
    Key = 0,
    /// What an author needs to sign, and what a reader is shown.
    Prepare = 1,
    /// Statements to take into the ledger.
    Submit = 2,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Key, Self::Prepare, Self::Submit];

    /// The last token of its subject.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Prepare => "prepare",
            Self::Submit => "submit",
        }
    }
}

/// Why a request was not even opened, in clear: it tells nothing that the sender's own bytes do not. The
/// codes are HTTP's where HTTP has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The bytes are no request: 400.
    Malformed,
    /// The request is longer than [`MESSAGE_BYTES_MAX`]: 413.
    TooLarge,
    /// It is sealed to a key that this instance does not have, or has no more: 421.
    UnknownKey,
    /// Too much is waiting: 429. The answer's header says when to come back.
    Busy,
    /// The service is stopping, or its sequencer has stopped: 503.
    Closing,
}

/// The header of a [`Trouble::Busy`] answer: milliseconds.
pub const RETRY_AFTER_HEADER: &str = "Vandel-Retry-After-Ms";

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Malformed, Self::TooLarge, Self::UnknownKey, Self::Busy, Self::Closing];

    /// The code.
    #[must_use]
    pub const fn code(self) -> usize {
        match self {
            Self::Malformed => 400,
            Self::TooLarge => 413,
            Self::UnknownKey => 421,
            Self::Busy => 429,
            Self::Closing => 503,
        }
    }

    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Malformed => "malformed request",
            Self::TooLarge => "request too large",
            Self::UnknownKey => "unknown intake key",
            Self::Busy => "busy",
            Self::Closing => "closing",
        }
    }

    /// The trouble of this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.code().to_string() == code)
    }
}
