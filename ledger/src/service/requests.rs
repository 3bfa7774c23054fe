//! One request from its bytes to its answer's bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use vandel_core::admit::Refusal;
use vandel_core::keyring::KeyEntry;
use vandel_core::signature::VerifyingKey;

use super::{HALTED_CODE, Shared, trouble_of};
use crate::inquiry::{self, Asker, Content, Question};
use crate::refused::{Refused, RefusedClass};
use crate::sequencer::{Group, Sequencer};
use crate::submission::Submission;
use crate::wire::body::{
    Asked, Inquiry, InquiryAnswer, SubmitAnswers, Told, decode_inquiry, decode_submit, encode_answers,
    encode_inquiry_answer, step_of,
};
use crate::wire::intake::{KeyRequest, SKEW};
use crate::wire::sealed::{AnswerKey, key_id, open_request};
use crate::wire::{Endpoint, Trouble};

/// Why a request gets an answer in clear, and when to come back.
pub(super) type Turned = (Trouble, Option<Duration>);

fn turned(trouble: Trouble) -> Turned {
    (trouble, None)
}

/// Answers a request.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    what: Endpoint,
    bytes: impl AsRef<[u8]> + Send + 'static,
) -> Result<Vec<u8>, Turned> {
    match what {
        Endpoint::Key => key(shared, bytes.as_ref()).await,
        Endpoint::Prepare => {
            let (inquiry, answer_key) = open(shared, what, bytes, |body| {
                let inquiry = decode_inquiry(body).map_err(|_| Trouble::Malformed)?;
                let key = VerifyingKey::new(&inquiry.author).map_err(|_| Trouble::Malformed)?;
                inquiry.verify(&key).map_err(|_| Trouble::Malformed)?;
                Ok(inquiry)
            })
            .await?;
            let answer = prepare(shared, inquiry).await?;
            seal(&answer_key, &encode_inquiry_answer(&answer), || {
                let answer = InquiryAnswer { told: Err(too_long()), ..answer };
                encode_inquiry_answer(&answer)
            })
        }
        Endpoint::Submit => {
            let decode = |body: &[u8]| decode_submit(body).map_err(|_| Trouble::Malformed);
            let (groups, answer_key) = open(shared, what, bytes, decode).await?;
            let count = groups.len();
            let answers = submit(shared, groups).await?;
            seal(&answer_key, &encode_answers(&answers), || encode_answers(&vec![Err(too_long()); count]))
        }
    }
}

async fn key(shared: &Arc<Shared>, bytes: &[u8]) -> Result<Vec<u8>, Turned> {
    let request = KeyRequest::decode(bytes).map_err(|_| turned(Trouble::Malformed))?;
    let keys = Arc::clone(shared);
    let answer = ask(shared, move |sequencer| keys.keys.answer(sequencer, request.seen)).await?;
    answer.map(|answer| answer.encode()).map_err(turned)
}

/// Opens a request on a thread that may be busy for a while.
async fn open<T: Send + 'static>(
    shared: &Arc<Shared>,
    what: Endpoint,
    bytes: impl AsRef<[u8]> + Send + 'static,
    decode: impl FnOnce(&[u8]) -> Result<T, Trouble> + Send + 'static,
) -> Result<(T, AnswerKey), Turned> {
    let secret = key_id(what, bytes.as_ref()).and_then(|id| shared.keys.secret(id)).map_err(turned)?;
    let ledger = shared.ledger;
    let opened = tokio::task::spawn_blocking(move || {
        let (body, answer_key) = open_request(&secret, &ledger, what, bytes.as_ref())?;
        Ok((decode(&body)?, answer_key))
    });
    opened.await.map_err(|_| turned(Trouble::Closing))?.map_err(turned)
}

fn seal(key: &AnswerKey, body: &[u8], instead: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, Turned> {
    key.seal(body).or_else(|_| key.seal(&instead())).map_err(|_| turned(Trouble::TooLarge))
}

fn too_long() -> Refused {
    let message = "the answer is longer than a message may be";
    Refused::new(RefusedClass::Usage, "too-long", message).next("ask for less at a time")
}

/// Has the writer answer a question.
async fn ask<T: Send + 'static>(
    shared: &Shared,
    question: impl FnOnce(&mut Sequencer) -> T + Send + 'static,
) -> Result<T, Turned> {
    let (sender, receiver) = oneshot::channel();
    let asked = shared.desk.ask(move |sequencer| drop(sender.send(question(sequencer))));
    asked.map_err(|error| trouble_of(&error))?;
    receiver.await.map_err(|_| turned(Trouble::Closing))
}

async fn prepare(shared: &Arc<Shared>, inquiry: Inquiry) -> Result<InquiryAnswer, Turned> {
    let Inquiry { author, seen, asked, .. } = &inquiry;
    if inquiry.ledger != shared.ledger || shared.keys.secret(inquiry.intake.id()).is_err() {
        return Err(turned(Trouble::UnknownKey));
    }
    let (key, now) = (*author, shared.options.clock.now());
    if inquiry.at.0.abs_diff(now.0) > SKEW {
        let message = "the inquiry was made at another time than it is; set the clock";
        let stale = Refused::new(RefusedClass::NotAuthorised, "stale", message).expected(now, inquiry.at);
        return close(shared, seen.clone(), Err(stale)).await;
    }
    // Only authors that may sign get a bucket, and any answer but this one.
    let entry = ask(shared, move |sequencer| author_entry(sequencer, &key)).await?;
    let entry = match entry {
        Ok(entry) => entry,
        Err(refused) => return close(shared, seen.clone(), Err(refused)).await,
    };
    shared.rates.take(key, Instant::now()).map_err(|after| (Trouble::Busy, Some(after)))?;
    match asked {
        Asked::Question(question) => {
            let (question, seen) = (question.clone(), seen.clone());
            ask(shared, move |sequencer| {
                let told = match &question {
                    Question::Own(own) if *own != key => Err(not_yours()),
                    _ => inquiry::answer(sequencer, Asker::Author(&entry), question).map(Told::Reply),
                };
                answer_with(sequencer, &seen, told)
            })
            .await?
            .map_err(turned)
        }
        Asked::Content(content, reading) => {
            show(shared, &inquiry, entry, content.clone(), (**reading).clone()).await
        }
    }
}

fn author_entry(sequencer: &Sequencer, key: &vandel_core::id::PublicKey) -> Result<KeyEntry, Refused> {
    let signer = sequencer.chain().keyring.signer(key, sequencer.now());
    signer.map(|(entry, _)| entry.clone()).map_err(|refusal| Refusal::Key(refusal).into())
}

fn not_yours() -> Refused {
    let message = "an inquiry and what comes with it are signed by the same key";
    Refused::new(RefusedClass::NotAuthorised, "key", message)
}

/// Appends the reading, then shows the content.
async fn show(
    shared: &Arc<Shared>,
    inquiry: &Inquiry,
    entry: KeyEntry,
    content: Content,
    reading: Submission,
) -> Result<InquiryAnswer, Turned> {
    let read = step_of(&reading).filter(|(author, _)| *author == inquiry.author);
    let Some(read) = read.and_then(|(_, step)| step.reading) else {
        return close(shared, inquiry.seen.clone(), Err(not_yours())).await;
    };
    let judged = {
        let (entry, content, read) = (entry.clone(), content.clone(), read.clone());
        move |sequencer: &mut Sequencer| inquiry::covers(sequencer, Asker::Author(&entry), &read, &content)
    };
    if let Err(refused) = ask(shared, judged).await? {
        return close(shared, inquiry.seen.clone(), Err(refused)).await;
    }
    let taken = submit(shared, vec![vec![reading]]).await?.pop();
    let receipt = match taken {
        Some(Ok(mut receipts)) if receipts.len() == 1 => receipts.remove(0),
        Some(Err(refused)) => return close(shared, inquiry.seen.clone(), Err(refused)).await,
        _ => return Err(turned(Trouble::Closing)),
    };
    let seen = inquiry.seen.clone();
    ask(shared, move |sequencer| {
        let asker = Asker::Author(&entry);
        // Judged once more: cases may have come in between.
        let showing = inquiry::covers(sequencer, asker, &read, &content)
            .and_then(|()| inquiry::show(sequencer, asker, &content));
        let told = showing.map(|showing| Told::Showing(showing, Box::new(receipt)));
        answer_with(sequencer, &seen, told)
    })
    .await?
    .map_err(turned)
}

async fn close(
    shared: &Shared,
    seen: Vec<u64>,
    told: Result<Told, Refused>,
) -> Result<InquiryAnswer, Turned> {
    ask(shared, move |sequencer| answer_with(sequencer, &seen, told)).await?.map_err(turned)
}

fn answer_with(
    sequencer: &mut Sequencer,
    seen: &[u64],
    told: Result<Told, Refused>,
) -> Result<InquiryAnswer, Trouble> {
    let extends = seen.iter().map(|size| sequencer.extension(*size)).collect::<Result<_, _>>();
    let extends = extends.map_err(|_| Trouble::Closing)?;
    Ok(InquiryAnswer { note: sequencer.checkpoint().to_owned(), extends, told })
}

/// Hands groups in at the desk, all or none, and waits for their answers.
async fn submit(shared: &Shared, groups: Vec<Group>) -> Result<SubmitAnswers, Turned> {
    let count = groups.len();
    let (sender, receiver) = oneshot::channel();
    let taken = Instant::now();
    let handed_in = shared.desk.submit(groups, move |answers| drop(sender.send(answers)));
    handed_in.map_err(|error| trouble_of(&error))?;
    let Ok(answers) = receiver.await else {
        let message = "the sequencer ended before it answered; whether the step was taken is not known";
        let gone = Refused::new(RefusedClass::Io, HALTED_CODE, message);
        return Ok(vec![Err(gone.next("send it again: a repeat is harmless")); count]);
    };
    if let Some(observe) = &shared.options.observe {
        let receipts = answers.iter().flatten().flatten();
        receipts.for_each(|_| observe(taken.elapsed()));
    }
    Ok(answers.into_iter().map(|answer| answer.map_err(Refused::from)).collect())
}
