//! The whole story of a demonstration, from a seed: what happens, on which day, to whom. Pure: the same
//! seed, number of cases and days give the same script.

use std::collections::{BTreeMap, HashMap, VecDeque};

use vandel_core::event::{Kind, Occasion};
use vandel_core::time::{Day, Period};

use super::act::{Act, Part, Planned};
use super::course::{steps, working_day};
use super::fate::{self, Fate, Outline, PROMISED, Trait};
use super::people::{People, Person};
use super::posts::{Post, posts};
use super::random::Random;

/// The fewest cases with which everything promised is shown.
pub const CASES_MIN: usize = PROMISED.len();
/// The most cases: so many people of the rarest role can be invented.
pub const CASES_MAX: usize = 20_000;
/// The day from which the amended laws apply (prop. 2025/26:61).
pub(super) const AMENDED: (i16, i8, i8) = (2026, 3, 1);

/// One case of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseScript {
    /// What was drawn.
    pub outline: Outline,
    /// About whom, as the case was opened.
    pub person: Person,
    /// The post, as an index into the script's posts.
    pub(super) post: usize,
    /// The earlier case that it relies on.
    pub(super) earlier: Option<usize>,
    /// Its steps, up to the story's last day.
    pub steps: Vec<Planned>,
}

/// What happens to the ledger itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Public {
    /// The amended laws come into force.
    AdoptAmendedPolicy,
    /// A disposal decision is adopted.
    AdoptDisposal,
    /// A handler gets a new key.
    RotateKey,
    /// A decider leaves, and another comes.
    ReplaceDecider,
}

/// Something on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    /// About the ledger.
    Public(Public),
    /// A step of a case: the case and the step, by index.
    Step(usize, usize),
    /// The auditor looks at the overview.
    Audit,
}

/// The story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// The cases, in the order in which they open.
    pub cases: Vec<CaseScript>,
    pub(super) posts: Vec<Post>,
    pub(super) scenes: BTreeMap<Day, Vec<Scene>>,
}

impl Script {
    /// The story of a seed over the two years before a day.
    #[must_use]
    pub fn new(seed: u64, cases: usize, last: Day) -> Self {
        let first = last.minus(Period::years(2));
        let mut random = Random::new(seed ^ 0x5EED_CA5E);
        let cases = cases.min(CASES_MAX);
        let mut outlines: Vec<Outline> = PROMISED.iter().copied().take(cases).collect();
        outlines.extend((outlines.len()..cases).map(|_| fate::draw(&mut random)));
        outlines.sort_by_key(|outline| outline.when);
        Self::of(outlines, seed, first, last)
    }

    /// The story of given outlines, in the order in which they open.
    #[must_use]
    pub fn of(outlines: Vec<Outline>, seed: u64, first: Day, last: Day) -> Self {
        let mut writer = Writer {
            random: Random::new(seed ^ 0xC0FF_EE00),
            crowd: Crowd { people: People::new(seed, last), waiting: HashMap::new() },
            posts: posts(),
            renewable: HashMap::new(),
            cases: Vec::new(),
            first,
            last,
        };
        for outline in outlines {
            writer.write(outline);
        }
        let Writer { cases, posts, .. } = writer;
        let scenes = scenes(&cases, first, last);
        Self { first, last, cases, posts, scenes }
    }

    /// Each case in a line: role, occasion, fate, and its steps with their days. What two runs of the
    /// same seed have in common.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |case: &CaseScript| {
            let Outline { role, occasion, fate, incident, .. } = case.outline;
            let steps: Vec<_> =
                case.steps.iter().map(|step| format!("{}:{}", step.day, step.act.kind().name())).collect();
            format!("{role} {} {fate:?} {incident:?} {}", occasion.name(), steps.join(" "))
        };
        self.cases.iter().map(line).collect()
    }
}

/// People, drawn by role and by what is particular about them.
struct Crowd {
    people: People,
    waiting: HashMap<&'static str, VecDeque<Person>>,
}

impl Crowd {
    /// Somebody; the last one again should nobody be left, which [`CASES_MAX`] rules out.
    fn draw(&mut self, role: &'static str, wanted: Trait) -> Person {
        let role = if role == "SCHOOL_HOME" { "SCHOOL" } else { role };
        let waiting = self.waiting.entry(role).or_default();
        if let Some(index) = waiting.iter().position(|person| wanted.fits(person))
            && let Some(person) = waiting.remove(index)
        {
            return person;
        }
        loop {
            let person = self.people.next().expect("fewer cases than people can be invented");
            if person.role == role && wanted.fits(&person) {
                return person;
            }
            self.waiting.entry(person.role).or_default().push_back(person);
        }
    }
}

/// Writes case after case.
struct Writer {
    random: Random,
    crowd: Crowd,
    posts: Vec<Post>,
    /// Cases with a note that a renewal can rely on, by role, with the day of the note.
    renewable: HashMap<&'static str, VecDeque<(usize, Day)>>,
    cases: Vec<CaseScript>,
    first: Day,
    last: Day,
}

impl Writer {
    fn write(&mut self, mut outline: Outline) {
        let opened = self.opening_day(outline.when);
        let amended = Day::from_ymd(AMENDED.0, AMENDED.1, AMENDED.2).unwrap_or(Day::MAX);
        if outline.role == "HOME_CARE" && opened < amended {
            outline.role = "SCHOOL"; // the law on work in the home is not in force yet
        }
        let earlier = if outline.fate == Fate::Exempted { self.earlier(outline.role, opened) } else { None };
        if earlier.is_some() && outline.incident == fate::Incident::Reassigned {
            // The right person would be somebody else than the earlier note is about.
            outline.incident = fate::Incident::None;
        }
        if outline.fate == Fate::Exempted && earlier.is_none() {
            (outline.fate, outline.occasion) = (Fate::Clear, Occasion::NewEmployment);
        }
        let person = match earlier {
            Some(index) => self.cases[index].person.clone(),
            None => self.crowd.draw(outline.role, outline.person),
        };
        let post = match earlier {
            Some(index) => self.cases[index].post,
            None => self.post(outline.role),
        };
        // Municipal clerks need no check; they lend their names and numbers.
        let other = self.crowd.draw("NONE", Trait::Any);
        let other =
            if other.identity.number().is_some() { other } else { self.crowd.draw("NONE", Trait::Any) };
        let mut steps = steps(&mut self.random, outline, opened, &person, &other);
        steps.retain(|step| step.day <= self.last);
        let noted = steps.iter().find(|step| step.act.kind() == Kind::ExtractShown);
        if let Some(noted) = noted
            && outline.fate == Fate::Clear
            && outline.incident == fate::Incident::None
            && !person.protected
        {
            self.renewable.entry(outline.role).or_default().push_back((self.cases.len(), noted.day));
        }
        self.cases.push(CaseScript { outline, person, post, earlier, steps });
    }

    /// The first week founds the ledger and assesses the posts.
    fn opening_day(&self, when: u32) -> Day {
        let span = self.last.days_after(self.first) - 10;
        let after = 10 + span * i32::try_from(when).unwrap_or(0) / 1_000;
        let day = Day::from_days_since_epoch(self.first.days_since_epoch() + after).unwrap_or(self.last);
        working_day(day).min(self.last)
    }

    fn post(&mut self, role: &str) -> usize {
        let fitting: Vec<usize> =
            (0..self.posts.len()).filter(|index| self.posts[*index].role == role).collect();
        self.random.pick(&fitting)
    }

    /// A case of the role whose note is at least three weeks old and young enough to be relied on.
    fn earlier(&mut self, role: &'static str, opened: Day) -> Option<usize> {
        let within = if role == "HVB" { Period::months(5) } else { Period::months(11) };
        let waiting = self.renewable.get_mut(role)?;
        while waiting.front().is_some_and(|(_, noted)| *noted < opened.minus(within)) {
            waiting.pop_front();
        }
        let old_enough = waiting.front().is_some_and(|(_, noted)| *noted < opened.minus(Period::days(21)));
        if old_enough { waiting.pop_front().map(|(index, _)| index) } else { None }
    }
}

fn scenes(cases: &[CaseScript], first: Day, last: Day) -> BTreeMap<Day, Vec<Scene>> {
    let mut scenes: BTreeMap<Day, Vec<Scene>> = BTreeMap::new();
    let span = last.days_after(first);
    let part = |thousandths: i32| {
        let days = first.days_since_epoch() + span * thousandths / 1_000;
        working_day(Day::from_days_since_epoch(days).unwrap_or(last)).min(last)
    };
    for (day, public) in [
        (part(50), Public::AdoptDisposal),
        (part(410), Public::RotateKey),
        (part(710), Public::ReplaceDecider),
    ] {
        scenes.entry(day).or_default().push(Scene::Public(public));
    }
    let amended = Day::from_ymd(AMENDED.0, AMENDED.1, AMENDED.2).unwrap_or(Day::MAX);
    if first < amended && amended <= last {
        let adopted = working_day(amended.minus(Period::days(14)).max(first)).min(amended);
        scenes.entry(adopted).or_default().push(Scene::Public(Public::AdoptAmendedPolicy));
    }
    for thousandths in [250, 500, 750, 1_000] {
        scenes.entry(part(thousandths)).or_default().push(Scene::Audit);
    }
    for (case, script) in cases.iter().enumerate() {
        for (index, step) in script.steps.iter().enumerate() {
            scenes.entry(step.day).or_default().push(Scene::Step(case, index));
        }
    }
    scenes
}

/// Who must approve a step besides its author.
pub(super) fn approver(act: &Act) -> Option<Part> {
    matches!(act, Act::Release { .. }).then_some(Part::Delegate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_one_story_and_another_seed_another() {
        let last: Day = "2026-11-23".parse().expect("a day");
        assert_eq!(Script::new(7, 60, last), Script::new(7, 60, last));
        assert_ne!(Script::new(7, 60, last).lines(), Script::new(8, 60, last).lines());
    }

    #[test]
    fn the_amended_law_is_adopted_before_a_case_rests_on_it() {
        for last in ["2026-03-01", "2026-11-23", "2028-02-28", "2028-02-29"] {
            let script = Script::new(11, 80, last.parse().expect("a day"));
            let adopts = |scenes: &Vec<Scene>| scenes.contains(&Scene::Public(Public::AdoptAmendedPolicy));
            let adopted = script.scenes.iter().find(|(_, scenes)| adopts(scenes)).map(|(day, _)| *day);
            let rests = |case: &&CaseScript| case.outline.role == "HOME_CARE";
            let first = script.cases.iter().find(rests).map(|case| case.steps[0].day);
            assert!(adopted.is_some() && first.is_none_or(|first| adopted < Some(first)), "{last}");
        }
    }

    #[test]
    fn no_step_comes_before_the_one_before_it() {
        let script = Script::new(3, 500, "2026-11-23".parse().expect("a day"));
        for case in &script.cases {
            assert!(case.steps.is_sorted_by_key(|step| step.day));
            assert_eq!(case.steps[0].act, Act::Open);
        }
    }
}
