//! The trust file as text: one definition a line, words parted by spaces and tabs.

use std::fmt;
use std::str::FromStr;

use super::{Entry, Threshold, Trust, TrustLineError, Witness};
use crate::checkpoint::parse_decimal;
use crate::limits::TRUST_BYTES_MAX;

const LOG_FORM: &str = "log <verifier key> [<url>]";
const WITNESS_FORM: &str = "witness <name> <verifier key> [<url>]";
pub(super) const GROUP_FORM: &str = "group <name> any|all|<number> <member>...";
const QUORUM_FORM: &str = "quorum <name>|none";

/// Why a trust file was refused. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Longer than [`TRUST_BYTES_MAX`].
    #[error("the trust file has {0} bytes; at most {TRUST_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the trust file is not UTF-8")]
    NotUtf8,
    /// The last line has no newline: the file may have been cut.
    #[error("the last line of the trust file has no newline; was the file cut?")]
    Unended,
    /// A control character other than tab and newline.
    #[error("line {line} of the trust file holds a control character")]
    ControlCharacter {
        /// The line.
        line: usize,
    },
    /// A line was refused.
    #[error("line {line} of the trust file: {problem}")]
    Line {
        /// The line.
        line: usize,
        /// What is wrong with it.
        #[source]
        problem: TrustLineError,
    },
    /// No quorum line. Whoever wants no witnesses must say `quorum none`.
    #[error("the trust file has no quorum line; \"quorum none\" asks for no witnesses")]
    NoQuorum,
}

/// Reads a trust file.
pub fn parse_trust(bytes: &[u8]) -> Result<Trust, TrustError> {
    if bytes.len() > TRUST_BYTES_MAX {
        return Err(TrustError::TooLong(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| TrustError::NotUtf8)?;
    let lines = text.strip_suffix('\n').ok_or(TrustError::Unended)?;
    let (mut trust, mut has_quorum) = (Trust::default(), false);
    for (line, content) in (1..).zip(lines.split('\n')) {
        if content.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return Err(TrustError::ControlCharacter { line });
        }
        let words: Vec<&str> = content.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        parse_line(&mut trust, &mut has_quorum, &words)
            .map_err(|problem| TrustError::Line { line, problem })?;
    }
    if has_quorum { Ok(trust) } else { Err(TrustError::NoQuorum) }
}

fn parse_line(trust: &mut Trust, has_quorum: &mut bool, words: &[&str]) -> Result<(), TrustLineError> {
    let Some((keyword, words)) = words.split_first() else { return Ok(()) };
    match *keyword {
        comment if comment.starts_with('#') => Ok(()),
        "log" => {
            let (key, url) = key_and_url(words).ok_or(TrustLineError::Form(LOG_FORM))?;
            trust.add_log(key.parse()?, url)
        }
        "witness" => {
            let (name, words) = words.split_first().ok_or(TrustLineError::Form(WITNESS_FORM))?;
            let (key, url) = key_and_url(words).ok_or(TrustLineError::Form(WITNESS_FORM))?;
            trust.add_witness(Witness { name: (*name).to_owned(), key: key.parse()?, url })
        }
        "group" => {
            let [name, threshold, members @ ..] = words else {
                return Err(TrustLineError::Form(GROUP_FORM));
            };
            trust.add_group(name, parse_threshold(threshold, members.len())?, members)
        }
        "quorum" => {
            let [name] = words else { return Err(TrustLineError::Form(QUORUM_FORM)) };
            if std::mem::replace(has_quorum, true) {
                return Err(TrustLineError::SecondQuorum);
            }
            trust.set_quorum(name)
        }
        other => Err(TrustLineError::Keyword(other.to_owned())),
    }
}

/// A verifier key and, perhaps, a URL, and nothing else.
fn key_and_url<'a>(words: &[&'a str]) -> Option<(&'a str, Option<String>)> {
    match words {
        [key] => Some((key, None)),
        [key, url] => Some((key, Some((*url).to_owned()))),
        _ => None,
    }
}

fn parse_threshold(word: &str, members: usize) -> Result<Threshold, TrustLineError> {
    match word {
        "any" => Ok(Threshold::Any),
        "all" => Ok(Threshold::All),
        number => parse_decimal(number)
            .and_then(|count| usize::try_from(count).ok())
            .map(Threshold::AtLeast)
            .ok_or_else(|| TrustLineError::Threshold { found: number.to_owned(), members }),
    }
}

/// Whether text can stand as one word in a line.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c == ' ' || c.is_ascii_control())
}

impl FromStr for Trust {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_trust(text.as_bytes())
    }
}

impl fmt::Display for Trust {
    /// The file's text, without comments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = |url: &Option<String>| url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        for log in &self.logs {
            writeln!(f, "log {}{}", log.key, url(&log.url))?;
        }
        for entry in &self.entries {
            match entry {
                Entry::Witness(witness) => {
                    writeln!(f, "witness {} {}{}", witness.name, witness.key, url(&witness.url))?;
                }
                Entry::Group { name, threshold, members } => {
                    write!(f, "group {name} {threshold}")?;
                    members.iter().try_for_each(|member| write!(f, " {}", self.entries[*member].name()))?;
                    writeln!(f)?;
                }
            }
        }
        writeln!(f, "quorum {}", self.quorum.map_or("none", |quorum| self.entries[quorum].name()))
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::All => f.write_str("all"),
            Self::AtLeast(count) => write!(f, "{count}"),
        }
    }
}
