//! What happens to the ledger itself in the story: policies, keys, a disposal decision.

use vandel_core::event::{DisposalDecision, KeyRevoked, KeyRotated, OpenEvent, PolicyAdopted, Revocation};
use vandel_core::signature::public_key;
use vandel_core::time::{Day, Period};
use vandel_ledger::vault::{Name, NameKind};
use zeroize::Zeroizing;

use super::DemoError;
use super::act::Part;
use super::cast::{Cast, possession};
use super::posts::BOARDS;
use super::script::{AMENDED, Public};
use super::stage::Stage;

/// The default pack: the law as known in November 2026.
const PACK: &str = include_str!("../../../schemas/policy/se-2026.toml");
/// The administrator who signs second.
const SECOND: (usize, Part) = (0, Part::SecondAdministrator);
/// The board whose handler gets a new key.
const ROTATES: usize = 3;
/// The board whose decider leaves.
const REPLACES: usize = 1;

/// The pack as it was before the amendments: without what came into force on that day or later. It is
/// made from the default pack, so that the two differ in the law alone.
fn pack_before_amendments() -> Result<String, DemoError> {
    let amended = Day::from_ymd(AMENDED.0, AMENDED.1, AMENDED.2).unwrap_or(Day::MAX);
    let day = |role: &toml::Value, key: &str| -> Option<Day> { role.get(key)?.as_str()?.parse().ok() };
    let mut pack: toml::Table = toml::from_str(PACK).map_err(|_| DemoError::Story("the pack is no TOML"))?;
    if let Some(roles) = pack.get_mut("role").and_then(toml::Value::as_array_mut) {
        roles.retain(|role| day(role, "in_force_from").is_none_or(|from| from < amended));
        for role in roles.iter_mut().filter_map(toml::Value::as_table_mut) {
            role.remove("in_force_until"); // nobody knew yet that this wording would end
        }
    }
    pack.insert("name".to_owned(), "se-2024".into());
    toml::to_string(&pack).map_err(|_| DemoError::Story("the pack cannot be written"))
}

impl Stage<'_> {
    /// The first day: names, people, the law, the posts. Returns how many people were enrolled.
    pub(super) fn prepare(&mut self) -> Result<usize, DemoError> {
        self.store_names()?;
        let amended = Day::from_ymd(AMENDED.0, AMENDED.1, AMENDED.2).unwrap_or(Day::MAX);
        let pack = if self.today < amended { pack_before_amendments()? } else { PACK.to_owned() };
        self.adopt(pack, self.today)?;
        let ledger = self.sequencer().chain().ledger;
        let enrol = |member| self.cast.enrolment(member, &ledger, &self.controllers, self.today);
        let enrolments: Vec<_> =
            self.cast.members().iter().filter(|member| !Cast::is_founder(member)).map(enrol).collect();
        let count = enrolments.len() + 2;
        for enrolment in enrolments {
            self.say(OpenEvent::KeyEnrolled(enrolment), SECOND)?;
        }
        self.assess_posts()?;
        Ok(count)
    }

    /// Something about the ledger itself.
    pub(super) fn proclaim(&mut self, public: Public) -> Result<(), DemoError> {
        match public {
            Public::AdoptAmendedPolicy => {
                let from = Day::from_ymd(AMENDED.0, AMENDED.1, AMENDED.2).unwrap_or(Day::MAX);
                self.adopt(PACK.to_owned(), from)
            }
            Public::AdoptDisposal => self.adopt_disposal(),
            Public::RotateKey => self.rotate_key(),
            Public::ReplaceDecider => self.replace_decider(),
        }
    }

    fn adopt(&mut self, pack: String, from: Day) -> Result<(), DemoError> {
        let confirmed_by = "Kommunjuristen, yttrande KS 2024/117-4 (påhittat)".to_owned();
        let adopted = PolicyAdopted { pack, from, confirmed_by };
        self.say(OpenEvent::PolicyAdopted(adopted), SECOND).map(|_| ())
    }

    fn adopt_disposal(&mut self) -> Result<(), DemoError> {
        let classes = ["identity", "case", "note", "copy_hired", "copy_not_hired", "assessment", "reads"];
        let decision = DisposalDecision {
            body: "Kommunstyrelsen".to_owned(),
            number: "KS 2024/131 § 12".to_owned(),
            decided: self.today,
            classes: classes.map(str::to_owned).to_vec(),
            from: self.today,
            until: Some(self.today.plus(Period::years(5))),
        };
        self.say(OpenEvent::DisposalAdopted(decision), SECOND).map(|_| ())
    }

    fn rotate_key(&mut self) -> Result<(), DemoError> {
        let old = self.cast.renew_key(ROTATES, Part::Handler)?;
        let ledger = self.sequencer().chain().ledger;
        let member = self.cast.member(ROTATES, Part::Handler);
        let rotated = KeyRotated {
            old: public_key(&old),
            new: public_key(&member.key),
            expires: None,
            possession: possession(&ledger, member.actor, &member.key),
        };
        self.say(OpenEvent::KeyRotated(rotated), SECOND).map(|_| ())
    }

    fn replace_decider(&mut self) -> Result<(), DemoError> {
        let old = self.cast.replace(REPLACES, Part::Decider)?;
        let revoked =
            KeyRevoked { key: public_key(&old), reason: Revocation::DutiesEnded, suspect_since: None };
        self.say(OpenEvent::KeyRevoked(revoked), SECOND)?;
        let ledger = self.sequencer().chain().ledger;
        let member = self.cast.member(REPLACES, Part::Decider);
        let enrolment = self.cast.enrolment(member, &ledger, &self.controllers, self.today);
        let name = name(NameKind::Actor, member.actor.0, None, &member.name);
        self.say(OpenEvent::KeyEnrolled(enrolment), SECOND)?;
        Ok(self.sequencer().vault_mut().put_name(&name)?)
    }

    /// Names lie in the vault; the chain knows ids.
    fn store_names(&mut self) -> Result<(), DemoError> {
        let actors = self.cast.members().iter();
        let mut names: Vec<Name> =
            actors.map(|member| name(NameKind::Actor, member.actor.0, None, &member.name)).collect();
        for (controller, board) in self.controllers.iter().zip(BOARDS) {
            names.push(name(NameKind::Controller, controller.0, None, board.name));
        }
        for (unit, post) in self.units.iter().zip(&self.script.posts) {
            names.push(name(NameKind::Unit, unit.0, Some(self.controllers[post.board].0), post.unit));
        }
        for name in &names {
            self.sequencer().vault_mut().put_name(name)?;
        }
        Ok(())
    }
}

fn name(kind: NameKind, id: [u8; 16], parent: Option<[u8; 16]>, text: &str) -> Name {
    Name { kind, id, parent, text: Zeroizing::new(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vandel_core::policy::PolicyPack;

    #[test]
    fn the_earlier_pack_can_be_adopted_and_knows_no_later_law() {
        let pack = PolicyPack::parse_for_adoption(&pack_before_amendments().expect("a pack"));
        let pack = pack.expect("an adoptable pack");
        let late: Day = "2026-11-23".parse().expect("a day");
        assert_eq!(pack.role_on("CHILD", late).expect("CHILD").registers.len(), 1);
        assert!(pack.role_on("HOME_CARE", late).is_err());
    }
}
