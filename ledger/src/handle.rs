//! Handles: the only case ids that people see. Random, kept in the vault, gone with the identity.

use std::io;

/// The letters of a handle: no I, L, O or U, so that it survives a telephone (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new handle, such as `K-7F3Q-9D2M`: forty random bits.
///
/// # Errors
/// If the operating system gives no randomness.
pub fn new_handle() -> io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let letters: String = random.iter().map(letter).collect();
    Ok(format!("K-{}-{}", &letters[..4], &letters[4..]))
}

/// A handle as typed, in its one spelling; none if it cannot be one.
#[must_use]
pub fn parse_handle(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let letters: String = text.strip_prefix('K').unwrap_or(&text).chars().filter(|c| *c != '-').collect();
    let letters = letters.replace('O', "0").replace(['I', 'L'], "1");
    let sound = letters.len() == 8 && letters.bytes().all(|byte| LETTERS.contains(&byte));
    sound.then(|| format!("K-{}-{}", &letters[..4], &letters[4..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_as_people_type_it() {
        let handle = new_handle().expect("randomness");
        assert_eq!(parse_handle(&handle).as_ref(), Some(&handle));
        assert_eq!(parse_handle(&handle.to_lowercase().replace('-', "")).as_ref(), Some(&handle));
        for text in ["", "K-1234", "K-1234-567", "K-1234-567U", "K-1234-56789", "K-123é-5678"] {
            assert_eq!(parse_handle(text), None, "{text}");
        }
    }
}
