//! The operator lies: a service with all of the ledger's keys tells an author what is not so. Whoever holds the
//! keys signs what they like, so nothing here fails for want of a signature; each lie is found by what the
//! author sent, or by what the author saw before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::event::{Kind, Process, Step};
use vandel_core::hash::{Hash, leaf_hash};
use vandel_core::id::ThreadId;
use vandel_core::merkle::{Frontier, prove_appended};
use vandel_core::record::encode_record;
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::statement::Seen;
use vandel_core::time::Second;
use vandel_ledger::author::sign_step;
use vandel_ledger::bus::Bus;
use vandel_ledger::client::{ClientError, nothing_seen};
use vandel_ledger::clock::SettableClock;
use vandel_ledger::disk::RealDisk;
use vandel_ledger::home::Home;
use vandel_ledger::inquiry::{self, Asker, Question, Reply, ThreadHead};
use vandel_ledger::opening::{Opening, open_unlocked};
use vandel_ledger::sequencer::{Group, Sequencer};
use vandel_ledger::signer;
use vandel_ledger::submission::Receipt;
use vandel_ledger::wire::body::{
    ConsistentCheckpoint, InquiryAnswer, SubmitAnswers, Told, encode_answers, encode_inquiry_answer,
};
use vandel_ledger::wire::intake::{KeyAnswer, KeyRequest};
use vandel_ledger::wire::sealed::{IntakeSecret, open_request};
use vandel_ledger::wire::{Endpoint, WIRE_VERSION, subject};
use vandel_tests::ledger_builder::position_assessment;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::town::{NOW, Town};

use crate::hostile::operator;
use crate::told;

/// What the service says now, by endpoint: the body of the answer.
type Said = Arc<Mutex<BTreeMap<&'static str, Vec<u8>>>>;

/// The ledger in the liar's hands, and what is true of it.
struct Liar {
    town: Town,
    server: NatsServer,
    said: Said,
    author: SigningKey,
    checkpoint_key: SigningKey,
    origin: String,
    /// Two groups, and the receipts that they got.
    groups: Vec<Group>,
    truth: SubmitAnswers,
    /// The tree before the first of them, the head there, and the note.
    before: Frontier,
    before_note: String,
    reply: Reply,
    note: String,
    /// A good receipt of an older record.
    other: Receipt,
    /// What the author saw before, and that the tree extends it.
    seen: Seen,
    extends: Vec<Hash>,
    _bus: Bus,
}

fn assessed(sequencer: &Sequencer, author: &SigningKey, thread: u8) -> Group {
    let head = ThreadHead::new(ThreadId([thread; 16]));
    let mut step = Step::new(head.spine(Kind::PositionAssessed, "2026-03-20".parse().unwrap()));
    step.process = Some(Process::PositionAssessed(position_assessment()));
    vec![sign_step(&sequencer.standpoint(), author, None, &step, None).unwrap().submission]
}

impl Liar {
    fn set_up() -> Self {
        let (town, server) = (Town::found(), NatsServer::start());
        let home = Home::new(town.home());
        let opening = Opening {
            disk: Arc::new(RealDisk),
            clock: Arc::new(SettableClock::at(NOW)),
            cell: None,
            passphrase: None,
            trust_new_memory: false,
            take_over: false,
        };
        let mut sequencer = open_unlocked(&home, opening).unwrap();
        let author = town.key("decider");
        let (before, seen) = (sequencer.chain().frontier.clone(), sequencer.chain().tip());
        let before_note = sequencer.checkpoint().to_owned();
        let groups: Vec<Group> =
            [101, 102].map(|thread| assessed(&sequencer, &author, thread)).into_iter().collect();
        let truth = sequencer.commit(groups.clone()).into_iter().map(|answer| Ok(answer.unwrap())).collect();
        let other = sequencer.receipts(&[3]).unwrap().remove(0);
        let own = Question::Own(public_key(&author));
        let reply = inquiry::answer(&mut sequencer, Asker::Home, own).ok().unwrap();
        let (origin, note) = (sequencer.chain().origin.clone(), sequencer.checkpoint().to_owned());
        let extends = sequencer.extension(seen.size).unwrap().unwrap();
        let said: Said = Arc::default();
        let bus = operator(&server);
        serve(&bus, &mut sequencer, &said);
        let checkpoint_key = signer::read(&RealDisk, &home.checkpoint_key(), None).unwrap();
        Self {
            town,
            server,
            said,
            author,
            checkpoint_key,
            origin,
            groups,
            truth,
            before,
            before_note,
            reply,
            note,
            other,
            seen,
            extends,
            _bus: bus,
        }
    }

    fn say(&self, what: Endpoint, body: Vec<u8>) {
        self.said.lock().unwrap().insert(what.name(), body);
    }

    /// What an author makes of these answers to the two groups.
    fn submit(&self, answers: &SubmitAnswers) -> Result<SubmitAnswers, ClientError> {
        self.say(Endpoint::Submit, encode_answers(answers));
        self.town.client(&self.server.url()).submit(nothing_seen(), &self.groups)
    }

    /// What an author who has seen a checkpoint makes of this answer to a question.
    fn ask(&self, seen: Seen, answer: &InquiryAnswer) -> Result<(), ClientError> {
        self.say(Endpoint::Prepare, encode_inquiry_answer(answer));
        let mut client = self.town.client(&self.server.url());
        client.ask(&self.author, &[seen], Question::Own(public_key(&self.author))).map(|_| ())
    }

    fn honest(&self) -> InquiryAnswer {
        let told = Ok(Told::Reply(self.reply.clone()));
        InquiryAnswer { note: self.note.clone(), extends: vec![Some(self.extends.clone())], told }
    }

    /// A note of this log over any tree.
    fn sign(&self, size: u64, root: Hash) -> String {
        Checkpoint::new(&self.origin, size, root).unwrap().sign(&self.checkpoint_key).unwrap().to_string()
    }

    fn first(&self) -> Receipt {
        self.truth[0].as_ref().unwrap()[0].clone()
    }

    /// The first statement in another history: it stands there a minute later, and the proof is right.
    fn in_a_fork(&self) -> Receipt {
        let first = self.first();
        let time = Second(first.time.0 + 60);
        let statement = &self.groups[0][0].statement;
        let hash = leaf_hash(&encode_record(first.record, time, &first.previous, statement));
        let (root, mut proofs) = prove_appended(&self.before, &[hash]);
        let checkpoint = self.sign(self.before.size() + 1, root).into();
        Receipt { time, hash, proof: proofs.remove(0), checkpoint, ..first }
    }

    /// The truth with another answer to the first group.
    fn with(&self, receipts: Vec<Receipt>) -> SubmitAnswers {
        vec![Ok(receipts), self.truth[1].clone()]
    }

    fn with_one(&self, change: impl FnOnce(&mut Receipt)) -> SubmitAnswers {
        let mut first = self.first();
        change(&mut first);
        self.with(vec![first])
    }
}

/// Answers for the key in truth, and otherwise with what is said, sealed as it should be.
fn serve(bus: &Bus, sequencer: &mut Sequencer, said: &Said) {
    let secret = Arc::new(IntakeSecret::generate());
    let signed = sequencer.announce(secret.public(), 3_600).unwrap();
    let records = sequencer.service_records().unwrap();
    let numbers: Vec<u64> = records.iter().map(|(number, _)| *number).collect();
    let (ledger, origin) = (sequencer.chain().ledger, sequencer.chain().origin.clone());
    let mut extensions = BTreeMap::new();
    let sizes: Vec<u64> = sequencer.chain().roots.iter().map(|(size, _)| *size).chain([0]).collect();
    for size in sizes {
        extensions.insert(size, sequencer.extension(size).unwrap().unwrap());
    }
    let answer = KeyAnswer {
        version: WIRE_VERSION,
        announcement: signed.bytes,
        by_service: signed.by_service,
        by_log: signed.by_log,
        records,
        paths: sequencer.audit_paths(&numbers).unwrap(),
        checkpoint: ConsistentCheckpoint { note: sequencer.checkpoint().to_owned(), extends: Vec::new() },
    };
    for what in Endpoint::ALL {
        let client = bus.client().clone();
        let mut requests = bus.block_on(client.subscribe(subject(&origin, what))).unwrap();
        let (said, secret, mut answer) = (Arc::clone(said), Arc::clone(&secret), answer.clone());
        let extensions = extensions.clone();
        bus.runtime().spawn(async move {
            while let Some(request) = requests.next().await {
                let Some(reply) = request.reply else { continue };
                let bytes = if what == Endpoint::Key {
                    let seen = KeyRequest::decode(&request.payload).unwrap().seen;
                    answer.checkpoint.extends = extensions.get(&seen).cloned().unwrap_or_default();
                    answer.encode()
                } else {
                    let Ok((_, key)) = open_request(&secret, &ledger, what, &request.payload) else {
                        continue;
                    };
                    let body = said.lock().unwrap().get(what.name()).cloned().unwrap();
                    key.seal(&body).unwrap()
                };
                client.publish(reply, bytes.into()).await.unwrap();
            }
        });
    }
    bus.flush().unwrap();
}

/// What a lie about the receipts is called, and what is answered.
fn about_receipts(liar: &Liar) -> Vec<(&'static str, SubmitAnswers)> {
    let (first, other) = (liar.first(), liar.other.clone());
    let [one, two] = [liar.truth[0].clone(), liar.truth[1].clone()];
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let tip: Checkpoint = vandel_ledger::wire::intake::checkpoint_of(&liar.note).unwrap();
    let by = |name: &str, key: &SigningKey| {
        Checkpoint::new(name, tip.size(), tip.root()).unwrap().sign(key).unwrap().to_string()
    };
    vec![
        ("the proof of another entry, which is right", liar.with(vec![other.clone()])),
        (
            "another entry's place under this record's number",
            liar.with_one(|it| {
                (it.proof, it.hash, it.previous) = (other.proof.clone(), other.hash, other.previous);
            }),
        ),
        ("the answers of two groups exchanged", vec![two.clone(), one.clone()]),
        ("one receipt for both", vec![one.clone(), one.clone()]),
        ("one answer too few", vec![one.clone()]),
        ("one answer too many", vec![one.clone(), two.clone(), one]),
        ("a group taken without a receipt", liar.with(Vec::new())),
        ("two receipts for one statement", liar.with(vec![first.clone(), other])),
        ("the next record's number", liar.with_one(|it| it.record += 1)),
        ("another second", liar.with_one(|it| it.time = Second(it.time.0 + 1))),
        ("another record before", liar.with_one(|it| it.previous = Hash([7; 32]))),
        ("a hash of something else", liar.with_one(|it| it.hash = Hash([7; 32]))),
        ("a path cut short", liar.with_one(|it| it.proof.truncate(it.proof.len() - 1))),
        ("a path with a step too many", liar.with_one(|it| it.proof.push(Hash([7; 32])))),
        ("a bit of the path", liar.with_one(|it| it.proof[0].0[5] ^= 4)),
        (
            "a stale checkpoint, from before",
            liar.with_one(|it| it.checkpoint = liar.before_note.as_str().into()),
        ),
        (
            "a tree that nobody has, signed",
            liar.with_one(|it| {
                it.checkpoint = liar.sign(tip.size(), Hash([7; 32])).into();
            }),
        ),
        (
            "a stranger's checkpoint in the log's name",
            liar.with_one(|it| {
                it.checkpoint = by(&liar.origin, &stranger).into();
            }),
        ),
        (
            "another log's checkpoint",
            liar.with_one(|it| it.checkpoint = by("other.example/log", &stranger).into()),
        ),
        (
            "another log's name under the log's key",
            liar.with_one(|it| {
                it.checkpoint = by("other.example/log", &liar.checkpoint_key).into();
            }),
        ),
    ]
}

/// What a lie about the ledger's history is called, and what is answered.
fn about_history(liar: &Liar) -> Vec<(&'static str, InquiryAnswer)> {
    let honest = liar.honest();
    let tip: Checkpoint = vandel_ledger::wire::intake::checkpoint_of(&liar.note).unwrap();
    let fork = liar.in_a_fork().checkpoint;
    let with = |note: &str, extends| InquiryAnswer { note: note.to_owned(), extends, ..liar.honest() };
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let strange = Checkpoint::new(&liar.origin, tip.size(), tip.root()).unwrap().sign(&stranger).unwrap();
    let mut bent = liar.extends.clone();
    bent[0].0[0] ^= 1;
    vec![
        (
            "a tree of other leaves with the right proof",
            with(&liar.sign(tip.size(), Hash([7; 32])), honest.extends.clone()),
        ),
        ("a fork with the right proof of the truth", with(&fork, honest.extends.clone())),
        ("a proof with one bit changed", with(&liar.note, vec![Some(bent)])),
        ("no proof", with(&liar.note, vec![Some(Vec::new())])),
        ("that there never was what was seen", with(&liar.note, vec![None])),
        ("a smaller tree than was seen", with(&liar.sign(2, Hash([7; 32])), vec![Some(Vec::new())])),
        ("a proof too few", with(&liar.note, Vec::new())),
        ("a stranger's checkpoint", with(&strange.to_string(), honest.extends.clone())),
    ]
}

#[test]
fn an_operator_who_lies_to_an_author_is_not_believed() {
    let liar = Liar::set_up();
    // What is true is believed, else nothing below would show anything.
    assert!(liar.submit(&liar.truth).is_ok_and(|answers| answers.iter().all(Result::is_ok)));
    liar.ask(liar.seen, &liar.honest()).unwrap();
    let refused = |error: &ClientError| {
        matches!(error, ClientError::Unbelievable(_) | ClientError::Intake(_) | ClientError::NeverSeen { .. })
    };
    let mut scripts = 0;
    for (what, answers) in about_receipts(&liar) {
        let made = liar.submit(&answers);
        assert!(made.as_ref().is_err_and(refused), "{what}: {:?}", made.map(|_| "believed"));
        scripts += 1;
    }
    for (what, answer) in about_history(&liar) {
        let made = liar.ask(liar.seen, &answer);
        assert!(made.as_ref().is_err_and(refused), "{what}: {made:?}");
        scripts += 1;
    }
    println!("deep: {scripts} lies of a service that holds the ledger's keys, none believed");
}

#[test]
fn two_histories_shown_to_two_authors_are_found_as_soon_as_either_is_asked_about() {
    let liar = Liar::set_up();
    // One author is shown the truth, the other a fork: alone, neither can know.
    let fork = liar.in_a_fork();
    assert!(liar.submit(&liar.truth).is_ok());
    liar.submit(&liar.with(vec![fork.clone()])).unwrap();
    // The one who was shown the fork is shown the truth at the next question.
    let shown = vandel_ledger::wire::intake::checkpoint_of(&fork.checkpoint).unwrap();
    let seen = Seen { size: shown.size(), root: shown.root() };
    let back = liar.ask(seen, &liar.honest());
    assert!(matches!(back, Err(ClientError::Intake(_) | ClientError::NeverSeen { .. })), "{back:?}");
    // Or the two compare what they hold.
    let files = [("one.note", liar.note.as_str()), ("two.note", &fork.checkpoint)].map(|(name, note)| {
        let file = liar.town.path(name);
        std::fs::write(&file, note).unwrap();
        file
    });
    let trust = liar.town.trust_file().to_string_lossy().into_owned();
    let output = liar.town.run(&["checkpoint", "compare", &files[0], &files[1], "--trust", &trust]);
    assert_eq!(output.status.code(), Some(4), "of two sizes, nothing without a proof: {}", told(&output));
    // Of one size they contradict each other outright.
    let tip = vandel_ledger::wire::intake::checkpoint_of(&liar.note).unwrap();
    std::fs::write(&files[1], liar.sign(tip.size(), Hash([7; 32]))).unwrap();
    let output = liar.town.run(&["checkpoint", "compare", &files[0], &files[1], "--trust", &trust]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    println!("deep: 2 split views found by a question and by comparison");
}
