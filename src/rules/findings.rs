//! Where rules put what they find, and how findings about several jobs become one.
//!
//! Jobs share what stands in a template, in `default` or behind an anchor. What a rule says of such a place it says once, of all of these
//! jobs: a rule judges job by job, and findings that say the same of one place are put together here. So are those that say the same of
//! several places in one job, or in jobs that extend one template.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::committed_credential::INFO as COMMITTED_CREDENTIAL;
use crate::access::jobs::StartedBy;
use crate::diagnostic::{Fault, Finding, Fix, Related};
use crate::source::{Place, Span};
use crate::words;

/// Where rules put their findings.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Reported>,
    /// The job that the rule looks at: its name, and where that stands.
    job: Option<(Arc<str>, Place)>,
    /// The templates that it extends.
    templates: Vec<Arc<str>>,
    /// Where the job stands that starts the child pipeline which it is in, and words about that.
    started_by: Option<(Place, Arc<str>)>,
    /// Whether there is a finding about this job that speaks for all of the rule's.
    is_told: bool,
    /// The places of the findings about this job.
    places: HashSet<(usize, Span)>,
}

/// A finding as it was reported.
#[derive(Debug)]
struct Reported {
    finding: Finding,
    /// The jobs that it is about; none where it is about no job in particular.
    jobs: Vec<JobName>,
    wording: Option<Wording>,
    cause: Cause,
}

/// What makes several places one fault.
#[derive(Debug)]
enum Cause {
    /// The same is said of them, in one job or in jobs that extend one of these templates.
    JobOrTemplate(Vec<Arc<str>>),
    /// The same is said of them, in one job: each command has the fault by itself.
    Job,
    /// They are in the same jobs, and this is said of those behind the first.
    Rule(&'static str),
}

/// A job that a finding is about.
#[derive(Debug)]
struct JobName {
    name: Arc<str>,
    /// Where the name stands.
    place: Place,
    /// As it stands in the message.
    shown: String,
}

/// How a message is worded where it is about several jobs: what stands in front of their names, and behind them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wording {
    /// The job as it stands in the message, e.g. "`deploy`".
    pub job: String,
    /// What the message says in front of the jobs' names.
    pub before: String,
    /// What it says behind them.
    pub after: String,
    /// The label and the help, where those of one job do not fit several.
    pub instead: Option<(&'static str, &'static str)>,
}

/// How many places of the same fault, and how many offers, a finding has at most.
const MOST: usize = 10;

impl Findings {
    /// Adds a finding.
    pub fn report(&mut self, finding: Finding) {
        let cause = Cause::JobOrTemplate(self.templates.clone());
        self.push(finding, cause);
    }

    fn push(&mut self, finding: Finding, cause: Cause) {
        let jobs = self.jobs(words::excerpt);
        let finding = self.with_start(finding);
        self.list.push(Reported { finding, jobs, wording: None, cause });
    }

    /// A child's file does not show what starts it.
    fn with_start(&self, finding: Finding) -> Finding {
        match &self.started_by {
            Some((place, words)) => finding.related_at(place.clone(), &**words),
            None => finding,
        }
    }

    /// Adds a finding, if there is one.
    pub fn report_some(&mut self, finding: Option<Finding>) {
        finding.into_iter().for_each(|finding| self.report(finding));
    }

    /// Adds a finding whose message names the job.
    pub fn report_naming(&mut self, finding: Finding, wording: Wording) {
        let jobs = self.jobs(|_| wording.job.clone());
        let finding = self.with_start(finding);
        let cause = Cause::JobOrTemplate(self.templates.clone());
        self.list.push(Reported { finding, jobs, wording: Some(wording), cause });
    }

    /// Adds a finding, unless there is one about the same job: those behind the first have the same cause.
    pub fn report_once_a_job(&mut self, finding: Finding) {
        if !std::mem::replace(&mut self.is_told, true) {
            self.report(finding);
        }
    }

    /// Adds a finding, unless there is one at this place about the same job.
    pub fn report_once_a_place(&mut self, finding: Finding) {
        if self.is_new(&finding) {
            self.push(finding, Cause::Job);
        }
    }

    /// Adds one place of a fault, as a finding; where the rule has others about the same jobs, it becomes a further place of one, with
    /// these words.
    pub fn report_place(&mut self, finding: Finding, also: &'static str) {
        if self.is_new(&finding) {
            self.push(finding, Cause::Rule(also));
        }
    }

    /// The job that the rule looks at, as it is to be shown.
    fn jobs(&self, shown: impl Fn(&str) -> String) -> Vec<JobName> {
        let name = |(name, place): &(Arc<str>, Place)| JobName {
            name: Arc::clone(name),
            place: place.clone(),
            shown: shown(name),
        };
        self.job.iter().map(name).collect()
    }

    fn is_new(&mut self, finding: &Finding) -> bool {
        self.places.insert((Arc::as_ptr(&finding.place.source).addr(), finding.place.span))
    }

    /// Says which job the rule looks at from here on, where its name stands, and which templates it extends.
    pub(crate) fn begin_job(&mut self, name: &Arc<str>, place: Place, templates: &[Arc<str>]) {
        self.job = Some((Arc::clone(name), place));
        self.templates.clear();
        self.templates.extend_from_slice(templates);
        self.started_by = None;
        self.is_told = false;
        self.places.clear();
    }

    /// Says what starts the child pipeline that the job is in.
    pub(crate) fn begin_child(&mut self, started_by: &StartedBy) {
        let words = started_by.said_once(|started_by| {
            let names: Vec<String> = started_by.jobs.iter().map(|(name, _)| words::excerpt(name)).collect();
            format!("{} this child pipeline", words::starts(&names))
        });
        self.started_by = started_by.jobs.first().map(|(_, place)| (place.clone(), words));
    }

    /// All findings, those together that say the same of one place.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        merged(self.list).into_iter().map(Reported::into_finding).collect()
    }
}

/// What makes findings about different jobs the same: the place and what is said.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    path: String,
    span: Span,
    key: String,
    said: (String, String),
}

/// Puts together what is the same for several jobs, at the position of the first.
fn merged(list: Vec<Reported>) -> Vec<Reported> {
    let mut merged: Vec<Reported> = Vec::with_capacity(list.len());
    let mut known: HashMap<Same, usize> = HashMap::new();
    for reported in list {
        if reported.jobs.is_empty() {
            merged.push(reported);
            continue;
        }
        let Finding { place, key, message, .. } = &reported.finding;
        let said = match &reported.wording {
            Some(wording) => (wording.before.clone(), wording.after.clone()),
            None => (message.clone(), String::new()),
        };
        let same = Same { path: place.source.path().to_owned(), span: place.span, key: key.clone(), said };
        let position = *known.entry(same).or_insert(merged.len());
        match merged.get_mut(position) {
            Some(first) => first.add(reported),
            None => merged.push(reported),
        }
    }
    // The jobs of a child pipeline come again where it is started with something else.
    for reported in merged.iter_mut().filter(|reported| reported.jobs.len() > 1) {
        let mut seen = HashSet::new();
        let key = |job: &JobName| (Arc::clone(&job.name), Arc::as_ptr(&job.place.source).addr(), job.place.span);
        reported.jobs.retain(|job| seen.insert(key(job)));
    }
    merged
}

/// Makes one finding of those that are places of one fault in the same jobs. It is done when ignores have taken out theirs: they are for
/// places.
pub(crate) fn one_a_fault(findings: Vec<Finding>) -> Vec<Finding> {
    if findings.iter().all(|finding| finding.fault.is_none()) {
        return findings;
    }
    let (mut places, mut all): (Vec<Finding>, Vec<Finding>) =
        findings.into_iter().partition(|finding| finding.fault.is_some());
    let count = |finding: &Finding| finding.fault.as_ref().map_or(0, |fault| fault.jobs.len());
    // What most jobs share goes first, so that as few findings as possible name as many jobs as possible.
    places.sort_by_key(|finding| std::cmp::Reverse(count(finding)));
    let mut faults: Vec<Told> = Vec::new();
    // By what is said of whom: a job, or a template.
    let mut said: HashMap<(&'static str, String), HashMap<JobOrTemplate, usize>> = HashMap::new();
    for mut finding in places {
        let Some(fault) = finding.fault.take() else { continue };
        let told = said.entry((finding.rule.name, fault.said.clone())).or_default();
        let of_job = |job: &Arc<str>| told.get(&(false, Arc::clone(job))).copied();
        let of_template = |template: &Arc<str>| told.get(&(true, Arc::clone(template))).copied();
        let by_jobs =
            fault.jobs.first().and_then(of_job).filter(|_| fault.jobs.iter().all(|job| of_job(job).is_some()));
        let at = by_jobs.or_else(|| fault.templates.iter().find_map(of_template));
        let are_new: Vec<bool> = fault.jobs.iter().map(|job| by_jobs.is_none() && of_job(job) != at).collect();
        let names = fault.jobs.iter().map(|job| (false, job)).chain(fault.templates.iter().map(|name| (true, name)));
        for (is_template, name) in names {
            told.entry((is_template, Arc::clone(name))).or_insert(at.unwrap_or(faults.len()));
        }
        match at.and_then(|at| faults.get_mut(at)) {
            Some(first) => {
                let message = match by_jobs {
                    Some(_) => fault.also.to_owned(),
                    None => format!("so it is in {}", one_or_jobs(&fault.names)),
                };
                add_offers(&mut first.finding.offers, finding.offers);
                first.further.push(Related { place: finding.place, message });
                let new = fault.jobs.into_iter().zip(fault.names).zip(are_new).filter(|(_, is_new)| *is_new);
                for ((job, name), _) in new {
                    first.fault.jobs.push(job);
                    first.fault.names.push(name);
                }
            }
            None => faults.push(Told { own: fault.jobs.len(), finding, fault, further: Vec::new() }),
        }
    }
    all.extend(faults.into_iter().map(Told::into_finding));
    all
}

/// Whether it is a template, and its name.
type JobOrTemplate = (bool, Arc<str>);

/// A finding that stands for all places of a fault.
struct Told {
    finding: Finding,
    fault: Fault,
    further: Vec<Related>,
    /// How many jobs have the fault at the finding's own place.
    own: usize,
}

impl Told {
    fn into_finding(self) -> Finding {
        let Self { mut finding, fault, further, own } = self;
        if fault.jobs.len() > own {
            if let Some((label, help)) = fault.of_several {
                finding = finding.label(label).help(help);
            }
            let (before, behind) = &fault.around_names;
            finding.message = format!("{before}{}{behind}", words::jobs(&fault.names));
        }
        // What may have places of whatever is said is a fault though it has one.
        finding.fault = Some(fault).filter(|fault| fault.said.is_empty() || !further.is_empty());
        relate(&mut finding, further, "more place");
        finding
    }
}

/// A job by its name, or several.
fn one_or_jobs<T: AsRef<str>>(names: &[T]) -> String {
    if let [name] = names { name.as_ref().to_owned() } else { words::jobs(names) }
}

/// Leaves out what has the same cause as a finding that speaks for its file.
pub(crate) fn one_for_the_file(findings: &mut Vec<Finding>) {
    let told: HashSet<String> = findings
        .iter()
        .filter(|finding| finding.is_for_the_file)
        .map(|finding| finding.place.source.path().to_owned())
        .collect();
    if !told.is_empty() {
        findings.retain(|finding| {
            let is_secret = finding.rule.name == COMMITTED_CREDENTIAL.name;
            finding.is_for_the_file || is_secret || !told.contains(finding.place.source.path())
        });
    }
}

/// Takes over offers of the same about another place or job.
fn add_offers(offers: &mut Vec<Fix>, others: Vec<Fix>) {
    for offer in others {
        if offers.len() < MOST && !offers.iter().any(|known| known.title == offer.title) {
            offers.push(offer);
        }
    }
}

/// Adds further places, and how many there are that are not told.
fn relate(finding: &mut Finding, mut places: Vec<Related>, noun: &str) {
    let more = places.len().saturating_sub(MOST);
    places.truncate(MOST);
    if let Some(last) = places.last_mut().filter(|_| more > 0) {
        last.message = format!("{}; there are {}", last.message, words::count(more, noun));
    }
    finding.related.extend(places);
}

impl Reported {
    /// Takes over the same of another job.
    fn add(&mut self, other: Self) {
        // Jobs are looked at one after the other.
        let is_last = |job: &JobName| self.jobs.last().is_some_and(|last| last.name == job.name);
        let others: Vec<JobName> = other.jobs.into_iter().filter(|job| !is_last(job)).collect();
        self.jobs.extend(others);
        add_offers(&mut self.finding.offers, other.finding.offers);
        if let (Cause::JobOrTemplate(templates), Cause::JobOrTemplate(others)) = (&mut self.cause, other.cause) {
            let others = others.into_iter().filter(|other| !templates.contains(other)).take(MOST);
            templates.extend(others.collect::<Vec<_>>());
            templates.truncate(MOST);
        }
    }

    fn into_finding(self) -> Finding {
        let fault = self.fault();
        let Self { mut finding, jobs, wording, .. } = self;
        finding.fault = fault;
        finding.jobs = jobs.iter().map(|job| job.shown.clone()).collect();
        let count = jobs.len();
        if count < 2 {
            return finding;
        }
        let shown: Vec<&str> = jobs.iter().map(|job| &*job.shown).collect();
        let names = words::jobs(&shown);
        finding.message = match wording {
            None => format!("{} ({names})", finding.message),
            Some(Wording { job: _, before, after, instead }) => {
                if let Some((label, help)) = instead {
                    finding = finding.label(label).help(help);
                }
                format!("{before}{names}{after}")
            }
        };
        // Those that the message counts only.
        let others = jobs.into_iter().skip(words::named_jobs(count));
        let others = others.map(|job| Related { place: job.place, message: format!("so it is in {}", job.shown) });
        relate(&mut finding, others.collect(), "more job");
        finding
    }

    /// What it is a place of, where it is about jobs. What is to be mended at its place is told by itself.
    fn fault(&self) -> Option<Fault> {
        if self.jobs.is_empty() || self.finding.fix.is_some() {
            return None;
        }
        let Finding { severity, message, label, help, key, .. } = &self.finding;
        let said = || {
            let message = match &self.wording {
                Some(wording) => format!("{}\0{}", wording.before, wording.after),
                None => message.clone(),
            };
            [severity.name(), &message, label, help.as_deref().unwrap_or_default(), key].join("\0")
        };
        let names = self.jobs.iter().map(|job| job.shown.clone()).collect();
        let around_names = match &self.wording {
            Some(wording) => (wording.before.clone(), wording.after.clone()),
            None => (format!("{message} ("), ")".to_owned()),
        };
        let of_several = self.wording.as_ref().and_then(|wording| wording.instead);
        let (templates, said, also) = match &self.cause {
            Cause::JobOrTemplate(templates) => (templates.clone(), said(), "so it is here"),
            Cause::Job => (Vec::new(), said(), "so it is here"),
            Cause::Rule(also) => (Vec::new(), String::new(), *also),
        };
        let jobs = self.jobs.iter().map(|job| Arc::clone(&job.name)).collect();
        Some(Fault { jobs, templates, said, also, names, around_names, of_several })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{RuleInfo, Safety, Severity, Topic};
    use crate::source::Source;

    static INFO: RuleInfo = RuleInfo {
        name: "rule",
        severity: Severity::Warning,
        topic: Topic::Jobs,
        needs: &[],
        is_off: false,
        tag: None,
        doc: "",
    };

    fn name_place(source: &Arc<Source>) -> Place {
        Place { source: Arc::clone(source), span: Span::new(9, 10) }
    }

    /// Reports for jobs in turn, and gives the places and messages of what comes of it.
    fn told(report: impl Fn(&str, &mut Findings, &dyn Fn(usize, &str) -> Finding), jobs: &[&str]) -> Vec<String> {
        let source = Arc::new(Source::new("ci.yml", "0123456789"));
        let at = |place: usize, message: &str| Finding::new(&INFO, &source, Span::new(place, place + 1), message);
        let mut findings = Findings::default();
        for job in jobs {
            findings.begin_job(&Arc::from(*job), name_place(&source), &[]);
            report(job, &mut findings, &at);
        }
        let line = |finding: Finding| {
            let related: Vec<String> =
                finding.related.iter().map(|also| format!("{} {}", also.place.span.start, also.message)).collect();
            format!("{} {} [{}]", finding.place.span.start, finding.message, related.join("; "))
        };
        one_a_fault(findings.into_vec()).into_iter().map(line).collect()
    }

    #[test]
    fn a_shared_place_is_told_once_with_all_jobs() {
        let same =
            |_: &str, findings: &mut Findings, at: &dyn Fn(usize, &str) -> Finding| findings.report(at(3, "bad"));
        assert_eq!(told(same, &["a"]), ["3 bad []"]);
        assert_eq!(told(same, &["a", "b"]), ["3 bad (jobs `a` and `b`) []"]);
        assert_eq!(
            told(same, &["a", "b", "c", "d", "e", "f", "g"]),
            ["3 bad (`a`, `b`, `c`, `d`, `e` and 2 more jobs) [9 so it is in `f`; 9 so it is in `g`]"]
        );
    }

    #[test]
    fn what_differs_is_told_apart() {
        let own = |job: &str, findings: &mut Findings, at: &dyn Fn(usize, &str) -> Finding| {
            findings.report(at(3, &format!("bad for {job}")));
            findings.report(at(if job == "a" { 1 } else { 2 }, "bad"));
        };
        assert_eq!(told(own, &["a", "b"]), ["3 bad for a []", "1 bad []", "3 bad for b []", "2 bad []"]);
    }

    #[test]
    fn the_same_in_one_job_or_by_one_template_is_told_once() {
        let source = Arc::new(Source::new("ci.yml", "0123456789"));
        let at = |place: usize, message: &str| Finding::new(&INFO, &source, Span::new(place, place + 1), message);
        let mut findings = Findings::default();
        let templates = [Arc::from(".a"), Arc::from(".b")];
        for (job, templates, place) in [("a", &templates[..1], 0), ("b", &templates[1..], 2), ("c", &templates[..], 4)]
        {
            findings.begin_job(&Arc::from(job), name_place(&source), templates);
            findings.report(at(place, "bad"));
            findings.report(at(place + 1, "bad"));
            findings.report(at(place + 1, "worse").fix(Safety::Safe, "Mend it", Span::new(place, place + 1), ""));
            findings.report_once_a_place(at(place, "broken"));
        }
        let line = |finding: Finding| {
            let related = finding.related.iter().map(|also| format!("; {} {}", also.place.span.start, also.message));
            format!("{} {}{}", finding.place.span.start, finding.message, related.collect::<String>())
        };
        assert_eq!(
            one_a_fault(findings.into_vec()).into_iter().map(line).collect::<Vec<String>>(),
            [
                "1 worse",
                "3 worse",
                "5 worse",
                "0 bad (jobs `a` and `c`); 1 so it is here; 4 so it is in `c`; 5 so it is here",
                "0 broken",
                "2 bad; 3 so it is here",
                "2 broken",
                "4 broken",
            ]
        );
    }

    #[test]
    fn long_names_that_look_alike_are_several_jobs() {
        let (one, other) = (format!("{}1", "x".repeat(90)), format!("{}2", "x".repeat(90)));
        let same =
            |_: &str, findings: &mut Findings, at: &dyn Fn(usize, &str) -> Finding| findings.report(at(3, "bad"));
        assert!(told(same, &[&one, &other])[0].contains("(jobs `x"));
    }

    #[test]
    fn a_message_with_names_has_its_plural() {
        let named = |job: &str, findings: &mut Findings, at: &dyn Fn(usize, &str) -> Finding| {
            let wording =
                Wording { job: format!("`{job}` (x)"), before: "see ".into(), after: " fail".into(), instead: None };
            findings.report_naming(at(3, &format!("see `{job}` fails")), wording);
        };
        assert_eq!(told(named, &["a"]), ["3 see `a` fails []"]);
        assert_eq!(told(named, &["a", "b"]), ["3 see jobs `a` (x) and `b` (x) fail []"]);
    }

    #[test]
    fn further_places_of_a_job_go_to_its_finding() {
        // `a` and `b` share 0; `a` has 1 and 2 besides, `b` has 3, and `c` has 4 alone.
        let places = |job: &str, findings: &mut Findings, at: &dyn Fn(usize, &str) -> Finding| {
            let places: &[usize] = match job {
                "a" => &[1, 0, 2, 1],
                "b" => &[3, 0],
                _ => &[4],
            };
            places.iter().for_each(|place| findings.report_place(at(*place, "bad"), "here too"));
        };
        assert_eq!(
            told(places, &["a", "b", "c"]),
            ["0 bad (jobs `a` and `b`) [1 here too; 2 here too; 3 here too]", "4 bad []"]
        );
    }

    #[test]
    fn very_many_places_are_counted() {
        let source = Arc::new(Source::new("ci.yml", "x".repeat(50)));
        let mut findings = Findings::default();
        findings.begin_job(&Arc::from("a"), name_place(&source), &[]);
        for place in 0..40 {
            let span = Span::new(place, place + 1);
            findings.report_place(Finding::new(&INFO, &source, span, "bad"), "here too");
        }
        let all = one_a_fault(findings.into_vec());
        assert_eq!((all.len(), all[0].related.len()), (1, MOST));
        assert_eq!(all[0].related[MOST - 1].message, "here too; there are 29 more places");
    }

    #[test]
    fn one_finding_speaks_for_a_job() {
        let first = |_: &str, findings: &mut Findings, at: &dyn Fn(usize, &str) -> Finding| {
            findings.report_once_a_job(at(1, "bad"));
            findings.report_once_a_job(at(2, "worse"));
        };
        assert_eq!(told(first, &["a", "b"]), ["1 bad (jobs `a` and `b`) []"]);
    }
}
