//! What travels between authors, service and witnesses: docs/wire.md.

use vandel_core::witness::AddCheckpoint;
use vandel_ledger::wire::body::{
    decode_answers, decode_inquiry, decode_inquiry_answer, decode_submit, encode_answers, encode_submit,
};
use vandel_ledger::wire::intake::{KeyAnswer, KeyRequest};

pub(crate) fn witness_request(bytes: &[u8]) {
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        drop(request.open(&[]));
    }
}

pub(crate) fn submission(bytes: &[u8]) {
    if let Ok(groups) = decode_submit(bytes) {
        assert_eq!(encode_submit(&groups), bytes);
    }
}

pub(crate) fn answers(bytes: &[u8]) {
    drop(decode_answers(bytes).map(|answers| encode_answers(&answers)));
}

pub(crate) fn inquiry(bytes: &[u8]) {
    drop(decode_inquiry(bytes));
    drop(decode_inquiry_answer(bytes));
}

pub(crate) fn intake(bytes: &[u8]) {
    drop(KeyAnswer::decode(bytes));
    if let Ok(request) = KeyRequest::decode(bytes) {
        assert_eq!(request.encode(), bytes);
    }
}
