//! Bytes that are no part's body.

use super::{COORDINATION, PERSONAL, identity_fields, number, opening_fields, registers, spine_fields};
use crate::fields::Fields;
use crate::file::{Case, Expected};
use crate::world::public;

pub(crate) fn rejected() -> Vec<Case> {
    let bad = |name: &str| Expected::named(name).what("part content");
    let refused = |at: usize, fields: Fields, name: &str, comment: &str, error: &str| {
        fields.reject(name, comment, bad(error)).context("slot", at)
    };
    let bare = |index, name: &str| Fields::new().variant(index, name);
    let personal = |digits: &str| identity_fields(bare(0, "Personal").text("digits", digits));
    let twelve = number(PERSONAL);
    let wrong = format!("{}{}", &twelve[..11], (twelve.as_bytes()[11] - b'0' + 1) % 10);
    vec![
        refused(0, spine_fields().cut("day"), "spine cut", "the day is missing", "BadBody"),
        refused(
            0,
            spine_fields().raw("after", [0], "one more"),
            "spine with more",
            "a byte follows",
            "Trailing",
        ),
        refused(
            0,
            spine_fields().with("kind", [33], "no kind"),
            "unknown kind",
            "the first number that no kind has",
            "BadBody",
        ),
        refused(
            0,
            spine_fields().with("number", [0x80, 0x00], "0 in two bytes"),
            "number overlong",
            "an overlong varint",
            "NotCanonical",
        ),
        refused(
            0,
            spine_fields().with("number", [0xff, 0xff, 0xff, 0xff, 0x1f], "2^33 and more"),
            "number beyond 32 bits",
            "a step's number is a u32",
            "BadBody",
        ),
        refused(
            0,
            spine_fields().with("day", [0xff, 0xff, 0xff, 0xff, 0x0f], "day -2^31"),
            "day out of range",
            "the smallest i32",
            "BadBody",
        ),
        refused(
            0,
            spine_fields().with("day", [0xfe, 0xff, 0xff, 0xff, 0x0f], "day 2^31 - 1"),
            "day far in the future",
            "the largest i32",
            "BadBody",
        ),
        refused(1, personal(&wrong), "check digit", "the check digit does not agree", "BadBody"),
        refused(
            1,
            personal(&number(COORDINATION)),
            "kind of number",
            "a coordination number said to be a personal one",
            "BadBody",
        ),
        refused(
            1,
            personal("19850709-980"),
            "number with a dash",
            "twelve digits and nothing else",
            "BadBody",
        ),
        refused(1, personal("198502309800"), "number of no day", "30 February", "BadBody"),
        refused(
            1,
            identity_fields(bare(2, "None").term("reason", 2, "no reason")),
            "unknown reason",
            "why there is no number",
            "BadBody",
        ),
        refused(
            1,
            identity_fields(bare(2, "None").term("reason", 0, "not_yet_assigned")).with(
                "protected",
                [2],
                "no bool",
            ),
            "bool 2",
            "a bool is 00 or 01",
            "BadBody",
        ),
        refused(2, Fields::new(), "process empty", "no bytes at all", "BadBody"),
        refused(
            2,
            bare(23, "no process"),
            "unknown process",
            "the first number that no variant has",
            "BadBody",
        ),
        refused(
            2,
            bare(3, "InformationAcknowledged").with("variant", [0x83, 0x00], "3 in two bytes"),
            "process overlong",
            "an overlong variant",
            "NotCanonical",
        ),
        refused(
            2,
            bare(17, "CaseClosed").raw("after", [0], "one more"),
            "closing with more",
            "a variant without fields ends there",
            "Trailing",
        ),
        refused(
            2,
            registers(7, "ExtractRequested").with("registers 1", [4], "no register"),
            "unknown register",
            "the first number that no register has",
            "BadBody",
        ),
        refused(
            2,
            registers(7, "ExtractRequested").with("registers length", [3], "three"),
            "list too short",
            "a list of three with two",
            "BadBody",
        ),
        refused(
            2,
            opening_fields().with("occasion", [7], "no occasion"),
            "unknown occasion",
            "the first number that no occasion has",
            "BadBody",
        ),
        refused(
            2,
            opening_fields().with("role", [2, 0xff, 0xfe], "not UTF-8"),
            "role not UTF-8",
            "a text is UTF-8",
            "BadBody",
        ),
        refused(3, bare(2, "no note"), "unknown note", "the first number that no note has", "BadBody"),
        refused(
            4,
            bare(0, "Document").text("media_type", "a/b").varint("bytes length", 5).raw(
                "bytes",
                b"%PDF",
                "four bytes",
            ),
            "document cut",
            "one byte is missing",
            "BadBody",
        ),
        refused(
            5,
            bare(4, "no assessment"),
            "unknown assessment",
            "the first number that no assessment has",
            "BadBody",
        ),
        refused(
            6,
            Fields::new().none("thread").term("purpose", 7, "no purpose"),
            "unknown purpose",
            "the first number that no purpose has",
            "BadBody",
        ),
        refused(
            7,
            Fields::new()
                .raw("key", public("dora").0, "key")
                .raw("R", [0; 32], "R")
                .raw("S", [0; 31], "S, cut"),
            "approval cut",
            "half a signature has 32 bytes",
            "BadBody",
        ),
    ]
}
