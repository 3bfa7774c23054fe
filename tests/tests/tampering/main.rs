//! The tampering matrix: what was changed, how often it was tried, and which inner check or anchor found it, by
//! three verifiers that share no code. `docs/tampering.md` is held against it.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod bits;
mod ed25519;
mod evidence;
mod history;
mod keys;
mod matrix;
mod records;
mod three;

use matrix::Matrix;
use three::Three;

#[test]
fn nothing_passes_and_the_document_says_what_finds_it() {
    let mut matrix = Matrix::default();
    let mut small = Three::on(three::ledger(64));
    bits::blocks(&mut small, &mut matrix);
    bits::checkpoint(&mut small, &mut matrix);
    bits::proof(&mut small, &mut matrix);
    keys::collide(&mut small, &mut matrix);
    let mut large = Three::on(three::ledger(200));
    records::moved_everywhere(&mut large, &mut matrix);
    records::moved_and_sealed_again(&mut large, &mut matrix);
    records::times(&mut large, &mut matrix);
    history::rewritten(&mut large, &mut matrix);
    history::scripts(&mut large, &mut matrix);
    keys::not_in_force(&mut large, &mut matrix);
    keys::witness_to_itself(&mut large, &mut matrix);
    ed25519::edges(&mut large, &mut matrix);
    evidence::dossiers(&mut matrix);
    evidence::certificates(&mut matrix);
    matrix.compare_with_the_document();
}
