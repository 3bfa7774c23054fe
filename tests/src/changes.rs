//! Documents changed one value at a time.

use serde_json::{Value, json};

/// Every value of a JSON document, changed one at a time.
///
/// # Panics
/// If a number is none of 64 bits.
#[must_use]
pub fn changes(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(members) => {
            let mut more = members.clone();
            more.insert("unheard-of".to_owned(), json!(1));
            let mut all = vec![Value::Object(more)];
            for (name, member) in members {
                let with = |member: Value| {
                    let mut changed = members.clone();
                    changed.insert(name.clone(), member);
                    Value::Object(changed)
                };
                all.extend(changes(member).into_iter().map(with));
                let mut without = members.clone();
                without.remove(name);
                all.push(Value::Object(without));
            }
            all
        }
        Value::Array(list) => {
            let mut all = Vec::new();
            for (index, element) in list.iter().enumerate() {
                for changed in changes(element) {
                    let mut list = list.clone();
                    list[index] = changed;
                    all.push(Value::Array(list));
                }
            }
            all.push(Value::Array([&list[..], &[json!(1)]].concat()));
            if let Some((_, rest)) = list.split_first() {
                all.push(Value::Array(rest.to_vec()));
            }
            all
        }
        Value::String(text) => {
            let mut all = vec![json!(text.clone() + " "), json!("")];
            // The first digit another one, so that what was hexadecimal stays so.
            if let Some(at) = text.find(|character: char| character.is_ascii_digit()) {
                let digit = if text[at..].starts_with('7') { "6" } else { "7" };
                all.push(json!(format!("{}{digit}{}", &text[..at], &text[at + 1..])));
            }
            all
        }
        Value::Number(number) => {
            vec![json!(number.as_u64().expect("a number of 64 bits") + 1), json!(-1), json!("1"), json!(1.5)]
        }
        Value::Null => vec![json!("x")],
        Value::Bool(_) => vec![json!(1)],
    }
}
