//! Nothing personal lies in clear in any file of the home, in whatever encoding.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::lively::{Lively, number};

const CANARIES: [&str; 7] =
    ["Kanariesson", "Göranåäö", "KANARIE-2", "KANARIEREF", "Nykanarie", "Kanariefågel", "Kanarieanmärkning"];

/// A text in every encoding it might lie in.
fn encodings(text: &str) -> Vec<Vec<u8>> {
    let utf8 = text.as_bytes().to_vec();
    let latin1: Vec<u8> = text.chars().filter_map(|char| u8::try_from(u32::from(char)).ok()).collect();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut all = vec![utf8, latin1, utf16, utf16_be];
    let plain = all.clone();
    for bytes in plain {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        all.push(hex.to_uppercase().into_bytes());
        all.push(hex.into_bytes());
        for shift in 0..3 {
            // Whatever stood before it: the groups that the text alone decides.
            let shifted = [vec![0; shift], bytes.clone()].concat();
            for engine in [&STANDARD, &URL_SAFE] {
                let text = engine.encode(&shifted);
                let from = if shift == 0 { 0 } else { 4 };
                let until = shifted.len() / 3 * 4;
                all.push(text.as_bytes()[from..until].to_vec());
            }
        }
    }
    all
}

/// The files that hold a needle, and how many were searched.
fn search(folder: &Path, needles: &[Vec<u8>]) -> (Vec<PathBuf>, usize) {
    let mut by_front: HashMap<[u8; 4], Vec<&[u8]>> = HashMap::new();
    for needle in needles {
        by_front.entry(*needle.first_chunk().unwrap()).or_default().push(needle);
    }
    let (mut found, mut files) = (Vec::new(), 0);
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        files += 1;
        let holds = bytes.windows(4).enumerate().any(|(at, front)| {
            let needles = by_front.get(front).into_iter().flatten();
            needles.into_iter().any(|needle| bytes[at..].starts_with(needle))
        });
        if holds {
            found.push(path);
        }
    }
    (found, files)
}

#[test]
fn no_canary_is_found_in_any_file_of_the_home() {
    let mut lively = Lively::found(7);
    let mut projector = lively.projector();
    for _ in 0..40 {
        lively.act();
        projector.catch_up(&lively.source()).unwrap();
    }
    let numbers = projector.views(&lively.source()).numbers().unwrap();
    assert!(!format!("{numbers:?}").contains("1980"));
    drop(projector);
    let mut texts: Vec<String> = CANARIES.map(str::to_owned).to_vec();
    for seed in 20..40 {
        let number = number(seed).reveal();
        texts.push(format!("{}-{}", &number[2..8], &number[8..]));
        texts.push(number);
    }
    let needles: Vec<Vec<u8>> = texts.iter().flat_map(|text| encodings(text)).collect();
    let (found, files) = search(lively.world.home.root(), &needles);
    assert!(found.is_empty(), "{found:?}");
    // The search itself works: each encoding is found where it stands.
    let control = tempfile::tempdir().unwrap();
    for (number, needle) in needles.iter().enumerate() {
        fs::write(control.path().join(number.to_string()), [b"...", &needle[..], b"..."].concat()).unwrap();
    }
    assert_eq!(search(control.path(), &needles).0.len(), needles.len());
    eprintln!("{files} files, {} needles: none found", needles.len());
    assert!(files > 5);
}
