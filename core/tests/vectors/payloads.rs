//! Commitments, headers, slots, parts and approvals: how a sealed record is opened, and how it is not.

use vandel_core::codec::encode_body;
use vandel_core::event::{Approval, BodySignature, Kind, Note, Process, Register, Spine, Step};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::LedgerId;
use vandel_core::payload::{Header, Part, Payload, Slot, approval_message};
use vandel_core::signature::sign;

use crate::fields::Fields;
use crate::file::{Case, Expected};
use crate::parts::{THREAD, identity, opening, spine};
use crate::world::{TODAY, day, filler, public, secret};

/// Fixed bytes in place of random ones.
pub(crate) fn fixed(name: &str) -> impl FnMut() -> [u8; 32] {
    let (name, mut count) = (name.to_owned(), 0);
    move || {
        count += 1;
        filler(&format!("{name} {count}"))
    }
}

/// The header's fields, and each part's, as `docs/format.md` has them.
fn fields(payload: &Payload) -> Fields {
    let commitment = payload.header.commitment();
    let mut fields = Fields::new()
        .raw("commitment", commitment.0, "SHA-256 over vandel/v1/commitment 00 and the header")
        .raw("header/salt", payload.header.salt, "random");
    for slot in Slot::ALL {
        let meaning = match &payload.parts[slot.index()] {
            Some(_) => "SHA-256 over vandel/v1/part 00, slot number, salt and content",
            None => "random: no part",
        };
        fields = fields.raw(
            &format!("header/slot {}", slot.index()),
            payload.header.slots[slot.index()].0,
            meaning,
        );
    }
    for slot in Slot::ALL {
        if let Some(part) = &payload.parts[slot.index()] {
            fields = fields.raw(&format!("part {}/salt", slot.index()), part.salt(), "random").raw(
                &format!("part {}/content", slot.index()),
                part.content(),
                format!("{slot:?}"),
            );
        }
    }
    fields
}

fn opened() -> Payload {
    let step = Step {
        identity: Some(identity()),
        process: Some(Process::CaseOpened(opening())),
        ..Step::new(spine())
    };
    Payload::from_step(&step, fixed("opened"))
}

fn shown(previous: Hash) -> Payload {
    let spine = Spine { thread: THREAD, number: 1, previous, kind: Kind::ExtractShown, day: day(TODAY) };
    let note = Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None };
    Payload::from_step(&Step { note: Some(note), ..Step::new(spine) }, fixed("shown"))
}

fn closed() -> Payload {
    let previous = Hash(filler("previous"));
    let spine = Spine { thread: THREAD, number: 2, previous, kind: Kind::CaseClosed, day: day(TODAY) };
    Payload::from_step(&Step { process: Some(Process::CaseClosed), ..Step::new(spine) }, fixed("closed"))
}

/// A release, which needs a second person's approval.
fn released(ledger: &LedgerId, approver: &str, domain: Domain) -> Payload {
    let previous = Hash(filler("previous"));
    let spine = Spine { thread: THREAD, number: 3, previous, kind: Kind::Released, day: day(TODAY) };
    let step = Step { process: Some(Process::Released { number: 2 }), ..Step::new(spine) };
    let mut payload = Payload::from_step(&step, fixed("released"));
    let message = approval_message(ledger, &public("carol"), &payload.header);
    let signature = BodySignature::from_bytes(&sign(&secret(approver), domain, &[&message]));
    let content = encode_body(&Approval { key: public("dora"), signature });
    payload.set(Slot::Approval, Part::new(filler("approval"), &content));
    payload
}

/// The commitments of the steps that stand in the accepted ledger.
pub(crate) fn commitments() -> [Hash; 3] {
    [opened(), shown(Hash(filler("previous"))), closed()].map(|payload| payload.header.commitment())
}

pub(crate) fn accepted() -> Vec<Case> {
    let mut rest = opened();
    rest.parts[Slot::Identity.index()] = None;
    vec![
        fields(&opened()).accept("case opened", "spine, identity and process; the commitment of record 7"),
        fields(&shown(Hash(filler("previous"))))
            .accept("extract shown", "spine and note; the commitment of record 8"),
        fields(&closed()).accept("case closed", "the commitment of record 16"),
        fields(&rest)
            .accept("identity erased", "a part that is gone leaves its slot, and the rest still verifies"),
    ]
}

pub(crate) fn approvals(ledger: &LedgerId) -> Vec<Case> {
    let case = |payload: &Payload| fields(payload);
    let author = public("carol");
    let sound = case(&released(ledger, "dora", Domain::Approval));
    let cases = vec![
        sound.accept("approved", "a release, approved by another key than its author's"),
        case(&released(ledger, "erik", Domain::Approval)).reject(
            "approved by another key",
            "the key named is not the key that signed",
            Expected::named("Mismatch"),
        ),
        case(&released(ledger, "dora", Domain::Statement)).reject(
            "approved under another domain",
            "a signature serves one purpose",
            Expected::named("Mismatch"),
        ),
        case(&released(&LedgerId([7; 32]), "dora", Domain::Approval)).reject(
            "approved for another ledger",
            "the message begins with the ledger's id",
            Expected::named("Mismatch"),
        ),
    ];
    let mut cases: Vec<Case> = cases.into_iter().map(|case| case.context("author", author)).collect();
    let other = case(&released(ledger, "dora", Domain::Approval));
    let other = other.reject(
        "approved for another author",
        "the message names the author's key",
        Expected::named("Mismatch"),
    );
    cases.push(other.context("author", public("erik")));
    cases.push(moved_approval(ledger).context("author", author));
    cases
}

/// An approval taken from one payload and put into another.
fn moved_approval(ledger: &LedgerId) -> Case {
    let approved = released(ledger, "dora", Domain::Approval);
    let approval = approved.parts[Slot::Approval.index()].clone().expect("it has one");
    let step = approved.open(&approved.header.commitment()).expect("it opens");
    let bare = Step { approval: None, ..step };
    let mut other = Payload::from_step(&bare, fixed("another"));
    other.set(Slot::Approval, approval);
    fields(&other).reject(
        "approval moved to another payload",
        "the same step under other salts: the message covers the header",
        Expected::named("Mismatch"),
    )
}

/// The payload with another part in a slot, committed to as if it were right.
fn recommitted(mut payload: Payload, slot: Slot, content: Vec<u8>) -> Fields {
    payload.set(slot, Part::new(filler("recommitted"), &content));
    fields(&payload)
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[0] ^= 1;
    flipped
}

pub(crate) fn rejected() -> Vec<Case> {
    let whole = || fields(&opened());
    let flip = |name: &str| {
        let fields = whole();
        let bytes = flipped(fields.get(name));
        fields.with(name, bytes, "one bit flipped")
    };
    let commitment = || Expected::named("Commitment");
    let part = |slot: usize| Expected::named("PartHash").what(format!("slot {slot}"));
    let mut cases = vec![
        flip("commitment").reject("commitment flipped", "one bit of the commitment", commitment()),
        flip("header/salt").reject("salt flipped", "one bit of the header's salt", commitment()),
        whole().with("commitment", fields(&closed()).get("commitment"), "another payload's").reject(
            "commitment of another payload",
            "a sound header under another commitment",
            commitment(),
        ),
    ];
    for slot in 0..8 {
        let name = format!("header/slot {slot}");
        cases.push(flip(&name).reject(
            &format!("slot {slot} flipped"),
            "used or not, every slot is committed to",
            commitment(),
        ));
    }
    for slot in [0, 1, 2] {
        for piece in ["salt", "content"] {
            let name = format!("part {slot}/{piece}");
            cases.push(flip(&name).reject(
                &format!("{name} flipped"),
                "a part is bound to its slot's hash",
                part(slot),
            ));
        }
    }
    cases.extend(misplaced(part));
    cases.extend(misshapen());
    cases
}

/// Parts in the wrong slots.
fn misplaced(part: impl Fn(usize) -> Expected) -> Vec<Case> {
    let mut swapped = opened();
    swapped.parts.swap(1, 2);
    let mut extra = opened();
    extra.parts[3] = shown(Hash::ZERO).parts[3].clone();
    let mut moved = opened();
    moved.header.slots.swap(1, 2);
    moved.parts.swap(1, 2);
    vec![
        fields(&swapped).reject("parts swapped", "each part is hashed with its slot's number", part(1)),
        fields(&extra).reject("part in an unused slot", "the filler is no part's hash", part(3)),
        fields(&moved).reject(
            "slots and parts swapped",
            "committed to, but hashed for another slot",
            part(1),
        ),
    ]
}

/// Parts that are committed to and do not fit.
fn misshapen() -> Vec<Case> {
    let body = |name: &str| Expected::named(format!("Part.{name}")).what("part content");
    let shape = |name: &str| Expected::named(format!("Shape.{name}"));
    let content = |payload: &Payload, slot: Slot| {
        payload.parts[slot.index()].clone().expect("there").content().to_vec()
    };
    let mut spineless = opened();
    spineless.parts[Slot::Spine.index()] = None;
    let note = content(&shown(Hash::ZERO), Slot::Note);
    let trailing = [content(&closed(), Slot::Process), vec![0]].concat();
    let approval = content(&released(&LedgerId([7; 32]), "dora", Domain::Approval), Slot::Approval);
    let long = Note::Shown {
        issued: None,
        law: None,
        registers: None,
        authenticity: None,
        remark: Some("x".repeat(8 * 1024 + 1)),
    };
    let crowded = Note::Shown {
        issued: None,
        law: None,
        registers: Some(vec![Register::Foreign; 65]),
        authenticity: None,
        remark: None,
    };
    vec![
        fields(&spineless).reject("no spine", "nothing says what the step was", Expected::named("NoSpine")),
        recommitted(opened(), Slot::Spine, vec![0; 3]).reject(
            "spine of three bytes",
            "committed to, but no spine",
            body("BadBody"),
        ),
        recommitted(closed(), Slot::Process, vec![0x91, 0x00]).reject(
            "process not canonical",
            "17 in two bytes",
            body("NotCanonical"),
        ),
        recommitted(closed(), Slot::Process, trailing).reject(
            "process with more",
            "a byte follows",
            body("Trailing"),
        ),
        recommitted(closed(), Slot::Process, vec![14]).reject(
            "process of another kind",
            "the spine says closed, the process says started",
            shape("Unexpected"),
        ),
        recommitted(closed(), Slot::Note, note).reject(
            "note beside a closing",
            "a closing has no note",
            shape("Unexpected"),
        ),
        recommitted(closed(), Slot::Approval, approval).reject(
            "approval without need",
            "a closing needs none",
            shape("Approval"),
        ),
        recommitted(shown(Hash::ZERO), Slot::Note, encode_body(&crowded)).reject(
            "65 registers",
            "a list has at most 64 entries",
            shape("TooLong"),
        ),
        recommitted(shown(Hash::ZERO), Slot::Note, encode_body(&long)).reject(
            "remark too long",
            "8,193 bytes",
            shape("TooLong"),
        ),
    ]
}

fn header_fields(header: &Header) -> Fields {
    let mut fields = Fields::new().raw("salt", header.salt, "random");
    for (index, slot) in header.slots.iter().enumerate() {
        fields = fields.raw(&format!("slot {index}"), slot.0, "a part's hash, or random bytes");
    }
    fields
}

pub(crate) fn headers() -> (Vec<Case>, Vec<Case>) {
    let sound = || header_fields(&opened().header);
    assert_eq!(sound().bytes(), opened().header.encode());
    let accepted = vec![sound().accept("header", "288 bytes, whatever the payload")];
    let rejected = vec![
        sound().cut("slot 7").reject(
            "header cut",
            "287 bytes",
            Expected::named("Truncated").what("payload slot"),
        ),
        sound().cut("salt").reject("salt cut", "31 bytes", Expected::named("Truncated").what("payload salt")),
        sound().raw("slot 8", filler("ninth"), "a ninth slot").reject(
            "nine slots",
            "a header has eight",
            Expected::named("TooLong").what("payload header"),
        ),
    ];
    (accepted, rejected)
}
