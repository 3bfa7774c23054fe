//! The files of vectors: read as JSON, written so that a change shows as a diff on one named field.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

/// A file: one structure, many cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) comment: String,
    pub(crate) structure: String,
    pub(crate) cases: Vec<Case>,
}

/// One vector: the bytes are the fields run together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) comment: String,
    /// None: it must be accepted.
    #[serde(default)]
    pub(crate) error: Option<Expected>,
    /// What a reader must know besides the bytes.
    #[serde(default)]
    pub(crate) context: BTreeMap<String, String>,
    pub(crate) fields: Vec<Field>,
}

/// The error that a reader must report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// The variant's name, outermost first.
    pub(crate) name: String,
    /// The field or structure it speaks of.
    #[serde(default)]
    pub(crate) what: Option<String>,
    /// The block's position.
    #[serde(default)]
    pub(crate) block: Option<u64>,
    /// The record's number.
    #[serde(default)]
    pub(crate) record: Option<u64>,
}

/// Name, bytes in hexadecimal, meaning.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Field(pub(crate) String, pub(crate) String, pub(crate) String);

impl Expected {
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), what: None, block: None, record: None }
    }

    pub(crate) fn what(mut self, what: impl Into<String>) -> Self {
        self.what = Some(what.into());
        self
    }

    pub(crate) fn at(mut self, block: u64, record: Option<u64>) -> Self {
        (self.block, self.record) = (Some(block), record);
        self
    }
}

impl Case {
    /// All bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.fields.iter().flat_map(|field| from_hex(&field.1)).collect()
    }

    /// The bytes of the field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<Vec<u8>> {
        self.fields.iter().find(|field| field.0 == name).map(|field| from_hex(&field.1))
    }
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes what is written");
        text
    })
}

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    assert!(text.is_ascii() && text.len().is_multiple_of(2), "{text:?} is not hexadecimal");
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(byte).collect()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

impl File {
    /// The file's text: one line for each field.
    pub(crate) fn render(&self) -> String {
        let (comment, structure) = (quoted(&self.comment), quoted(&self.structure));
        let cases: Vec<String> = self.cases.iter().map(Case::render).collect();
        format!(
            "{{\n\"comment\": {comment},\n\"structure\": {structure},\n\"cases\": [\n{}\n]\n}}\n",
            cases.join(",\n")
        )
    }
}

impl Case {
    fn render(&self) -> String {
        let mut text =
            format!("{{\"name\": {}, \"comment\": {},\n", quoted(&self.name), quoted(&self.comment));
        if let Some(error) = &self.error {
            write!(text, " \"error\": {{\"name\": {}", quoted(&error.name)).expect("a string");
            if let Some(what) = &error.what {
                write!(text, ", \"what\": {}", quoted(what)).expect("a string");
            }
            for (name, place) in [("block", error.block), ("record", error.record)] {
                if let Some(place) = place {
                    write!(text, ", \"{name}\": {place}").expect("a string");
                }
            }
            text.push_str("},\n");
        }
        if !self.context.is_empty() {
            let pairs: Vec<String> = self
                .context
                .iter()
                .map(|(name, value)| format!("{}: {}", quoted(name), quoted(value)))
                .collect();
            writeln!(text, " \"context\": {{{}}},", pairs.join(", ")).expect("a string");
        }
        let fields: Vec<String> = self
            .fields
            .iter()
            .map(|field| format!("  [{}, \"{}\", {}]", quoted(&field.0), field.1, quoted(&field.2)))
            .collect();
        write!(text, " \"fields\": [\n{}\n ]}}", fields.join(",\n")).expect("a string");
        text
    }
}
