//! Just enough understanding of Rust source for the rules: what is code and what is comment or string,
//! where a block ends, and which lines are tests.

use std::ops::Range;

/// The source with every comment and every string's content replaced by spaces. Lines and byte positions
/// stay; a multi-byte character becomes as many spaces as it has bytes.
pub(crate) fn code_only(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = skipped(bytes, at);
        match end {
            Some(end) => {
                let end = end.min(bytes.len());
                for byte in &mut code[at..end] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
            }
            None => {
                if !bytes[at].is_ascii() {
                    code[at] = b' ';
                }
                at += 1;
            }
        }
    }
    // Only ASCII is left.
    String::from_utf8_lossy(&code).into_owned()
}

/// If a comment, string or character begins at `at`: where it ends.
fn skipped(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let after_word = at > 0 && is_word(bytes[at - 1]);
    match rest {
        [b'/', b'/', ..] => Some(at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())),
        [b'/', b'*', ..] => Some(at + block_comment(rest)),
        [b'"', ..] => Some(at + quoted(rest, b'"')),
        [b'b' | b'c', b'"', ..] if !after_word => Some(at + 1 + quoted(&rest[1..], b'"')),
        [b'b', b'\'', ..] if !after_word => Some(at + 1 + quoted(&rest[1..], b'\'')),
        [b'r', b'"' | b'#', ..] if !after_word => raw_string(&rest[1..]).map(|len| at + 1 + len),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !after_word => raw_string(&rest[2..]).map(|len| at + 2 + len),
        // 'x' and '\n' are characters; 'a in a type is a lifetime and stays.
        [b'\'', b'\\', ..] => Some(at + quoted(rest, b'\'')),
        [b'\'', first, ..] => {
            let width = utf8_width(*first);
            (rest.get(1 + width) == Some(&b'\'')).then_some(at + 2 + width)
        }
        _ => None,
    }
}

fn utf8_width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// The length of a block comment; Rust's nest.
fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a quoted literal, with both quotes.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a raw string from its first `#` or quote; `None` if it is a raw identifier.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let hashes = rest.iter().take_while(|&&byte| byte == b'#').count();
    if rest.get(hashes) != Some(&b'"') {
        return None;
    }
    let mut closing = vec![b'"'];
    closing.resize(1 + hashes, b'#');
    let start = hashes + 1;
    let found = rest[start..].windows(closing.len()).position(|window| window == closing);
    Some(found.map_or(rest.len(), |found| start + found + closing.len()))
}

/// Whether a byte can be part of an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Every place where `word` stands in `text` with no identifier character before or after it. Ends of `word`
/// that aren't identifier characters themselves need no border.
pub(crate) fn find_words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    let (first, last) = (word.as_bytes()[0], word.as_bytes()[word.len() - 1]);
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = at > 0 && is_word(bytes[at - 1]) && is_word(first);
        let after = bytes.get(at + word.len()).is_some_and(|&byte| is_word(byte)) && is_word(last);
        !before && !after
    })
}

/// The line of a byte position, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// From the opening brace at or after `from` to its closing one, in [`code_only`] text. `None` if a `;`
/// outside all brackets comes first: a declaration without a body.
pub(crate) fn body(code: &str, from: usize) -> Option<Range<usize>> {
    let mut brackets = 0_i32;
    let mut start = None;
    let mut depth = 0_i32;
    for (offset, byte) in code.as_bytes()[from..].iter().enumerate() {
        match (byte, start) {
            (b'(' | b'[', None) => brackets += 1,
            (b')' | b']', None) => brackets -= 1,
            (b';', None) if brackets == 0 => return None,
            (b'{', None) if brackets == 0 => {
                start = Some(from + offset);
                depth = 1;
            }
            (b'{', Some(_)) => depth += 1,
            (b'}', Some(start)) => {
                depth -= 1;
                if depth == 0 {
                    return Some(start..from + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The byte ranges of items under `#[cfg(test)]`, in [`code_only`] text.
pub(crate) fn test_ranges(code: &str) -> Vec<Range<usize>> {
    code.match_indices("#[cfg(test)]")
        .filter_map(|(at, attribute)| body(code, at + attribute.len()).map(|body| at..body.end))
        .collect()
}

/// Whether the whole file is test code, by where it lies.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').rev().skip(1).any(|folder| folder == "tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_blanked_and_lines_stay() {
        let source = "a // b {\n/* c /* d */ e */ f \"g \\\" h\" 'i' '\\'' &'j k r#\"l \" m\"# b'{' r#n ö";
        let code = code_only(source);
        let left: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(left, ["a", "f", "&'j", "k", "r#n"]);
        assert_eq!(code.len(), source.len());
        assert_eq!(code.lines().count(), source.lines().count());
    }

    #[test]
    fn a_body_ends_at_its_own_brace() {
        let code = "fn a(x: [u8; 3]) -> [u8; 2] { if b { c } d } e";
        assert_eq!(&code[body(code, 0).expect("there is one")], "{ if b { c } d }");
        assert_eq!(body("fn a(x: [u8; 3]); mod b { }", 0), None);
    }

    #[test]
    fn words_have_borders() {
        assert_eq!(find_words("fns fn a_fn fn", "fn").collect::<Vec<_>>(), [4, 12]);
        assert_eq!(find_words("x::rand::y strand::z", "rand::").collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn test_code_is_told_from_the_rest() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}";
        let ranges = test_ranges(code);
        assert_eq!(ranges.len(), 1);
        assert!(ranges[0].contains(&code.find('b').expect("it is there")));
        assert!(!ranges[0].contains(&code.find("c()").expect("it is there")));
        assert!(is_test_file("core/tests/proof.rs") && is_test_file("core/src/merkle/tests.rs"));
        assert!(!is_test_file("xtask/src/test.rs") && !is_test_file("core/src/lib.rs"));
    }
}
