//! Which encoding a file is in, and its text.

use super::ImportError;

/// The encodings that HR systems export in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16 with a byte order mark, little or big endian ("Unicode text" from Excel).
    Utf16,
    /// Windows-1252, what anything is that isn't valid UTF-8.
    Windows1252,
}

impl Encoding {
    /// The name to show.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

/// Decodes a file and gives every line the same end, `\n`. UTF-8 is tried strictly, so text in
/// Windows-1252 with one Swedish letter in it can't pass for it.
pub(super) fn decode(bytes: &[u8]) -> Result<(Encoding, String), ImportError> {
    let (encoding, text) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => {
            let text = str::from_utf8(rest).map_err(|_| ImportError::Unreadable(Encoding::Utf8))?;
            (Encoding::Utf8, text.into())
        }
        [0xFF, 0xFE, rest @ ..] => (Encoding::Utf16, utf16(encoding_rs::UTF_16LE, rest)?),
        [0xFE, 0xFF, rest @ ..] => (Encoding::Utf16, utf16(encoding_rs::UTF_16BE, rest)?),
        _ => match str::from_utf8(bytes) {
            Ok(text) => (Encoding::Utf8, text.into()),
            Err(_) => (Encoding::Windows1252, encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0),
        },
    };
    let text =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.into_owned() };
    Ok((encoding, text))
}

fn utf16<'a>(
    encoding: &'static encoding_rs::Encoding,
    bytes: &'a [u8],
) -> Result<std::borrow::Cow<'a, str>, ImportError> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or(ImportError::Unreadable(Encoding::Utf16))
}
