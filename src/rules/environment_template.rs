//! `environment-template`.

use super::findings::Findings;
use super::given::ProjectContext;
use super::rule::{Rule, rule};
use super::unknown_key::in_same_quotes;
use crate::agent_config::ENVIRONMENT_TEMPLATE;
use crate::agent_config::environment_template::{
    EnvironmentTemplate, FUNCTIONS, FaultKind, Form, KINDS, MAX_TEMPLATE_SIZE, ObjectKind, TemplateFault,
    TemplateObject, VARIABLES, variables,
};
use crate::agent_config::location::{Location, UnusedTemplate};
use crate::diagnostic::{Finding, Safety, Severity};
use crate::gitlab::{NEWEST, Version, releases};
use crate::project::{Input, InputContent};
use crate::schema::{self, Found, Kind, Problem, ProblemKind, Suggestion};
use crate::source::Span;
use crate::words::{YamlFault, brief, found as in_words, yaml_fault, yaml_surprise};
use crate::yaml;

rule! {
    /// An environment template has what GitLab knows nothing of, or lies where it is never used.
    ///
    /// With managed resources, GitLab makes Kubernetes objects for an environment from a template: its own, or
    /// `.gitlab/agents/<agent name>/environment_templates/default.yaml`, exact and case-sensitive, on the default branch. No other name is ever
    /// asked for. It takes Premium; a release before 17.9 uses no template at all, and that is told. A template that is faulty fails the job that needs the objects, and the job's log gives no reason (gitlab#513694).
    ///
    /// Told are keys, values, kinds of objects, variables and functions that there are none of, and `{{ … }}` that Go's `text/template` cannot
    /// read. Whether GitLab refuses a key that it does not know, or passes it over, is not known; it does not do what it says either way.
    ///
    /// Whether `{{ … }}` is filled in before the YAML is read is not known either. So a template that is no YAML until it is filled in is
    /// told as a note: quotes around the value make it good in both orders.
    ///
    /// Source: `doc/user/clusters/agent/managed_kubernetes_resources.md` of GitLab and `lib/gitlab/ci/build/prerequisite/managed_resource.rb`; Go's
    /// `text/template` for its syntax and its own functions.
    ///
    /// ## Bad
    ///
    /// ```yaml path=.gitlab/agents/prod/environment_templates/default.yaml
    /// objects:
    ///   - apiVersion: v1
    ///     kind: ConfigMap
    ///     metadata:
    ///       name: '{{ .environment.slug | upper }}-{{ .project_id }}'
    /// apply_resource: on_start
    /// ```
    ///
    /// ```yaml path=.gitlab/agents/prod/environment_templates/production.yaml
    /// objects: []
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml path=.gitlab/agents/prod/environment_templates/default.yaml gitlab-version=17.9
    /// objects:
    ///   - apiVersion: v1
    ///     kind: Namespace
    ///     metadata:
    ///       name: '{{ .environment.slug | lower }}-{{ .project.id }}'
    /// apply_resources: on_start
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write what the message proposes. The kinds, variables and functions that there are stand in GitLab's documentation of managed resources.
    ///
    /// ## When it stays silent
    ///
    /// On what is inside of objects, on `{{ … }}` in comments, and on what holds in one order of filling in and reading alone. Files in
    /// `environment_templates` that do not look like templates are passed over.
    EnvironmentTemplateRule = "environment-template", Warning in File
}

/// What becomes of jobs whose template GitLab cannot use.
const FAILS: &str = "the jobs that need it fail, and their log gives no reason";

impl Rule for EnvironmentTemplateRule {
    fn check_input(&self, input: &Input, cx: &ProjectContext<'_>, findings: &mut Findings) {
        if !input.location.is_template() {
            return;
        }
        let finding = |message: String| Finding::new(&INFO, &input.source, Span::default(), message);
        if let Some(message) = too_early(cx.gitlab.version) {
            findings.report(finding(message).help("upgrade GitLab first, or delete the file"));
            return;
        }
        findings.report_some(match (&input.content, &input.location) {
            (InputContent::Link(target), Location::UnusedTemplate(UnusedTemplate::FolderLink)) => {
                let message = format!(
                    "the link to {} is not followed by GitLab: the templates behind it are never used",
                    brief(target)
                );
                Some(finding(message).help("put the folder itself here"))
            }
            (_, Location::UnusedTemplate(why)) => {
                let (message, help) = unused(*why);
                let name = input.source.path().rsplit('/').next().unwrap_or_default();
                Some(finding(format!("{} is a template that GitLab never uses: {message}", brief(name))).help(help))
            }
            (InputContent::Link(target), _) => {
                let message = format!(
                    "the link to {} is not followed by GitLab: it reads this path as if it were the template",
                    brief(target)
                );
                Some(finding(message).help("put the file itself here"))
            }
            (InputContent::NoFile(what), _) => {
                let message = format!("this is {what}, and GitLab reads a file here");
                Some(finding(message).help("put the template into a file of this name"))
            }
            (InputContent::TooLarge(size), _) => {
                let message =
                    format!("the template has {size} bytes and was not looked at: kaslint reads {MAX_TEMPLATE_SIZE}");
                Some(finding(message).severity(Severity::Note).help("make fewer objects for each environment"))
            }
            (InputContent::Text, _) => None,
        });
    }

    fn check_template(&self, template: &EnvironmentTemplate, cx: &ProjectContext<'_>, findings: &mut Findings) {
        let version = cx.gitlab.version;
        if too_early(version).is_some() {
            return;
        }
        findings.report_some(form(template));
        let is_manifest = manifest(template);
        findings.report_some(is_manifest.map(|span| {
            let message = "an object alone is no environment template: GitLab looks for its objects in `objects`";
            Finding::new(&INFO, &template.source, span, message)
                .label("an object of Kubernetes")
                .help("write `objects:` and put this below it, behind a dash")
        }));
        for problem in &template.problems {
            if is_manifest.is_some() && problem.route.split('.').count() == 1 {
                continue;
            }
            findings.report_some(key_or_value(problem, template, version));
        }
        for object in &template.objects {
            findings.report_some(kind(object, template, version));
        }
        for fault in &template.faults {
            findings.report(action(fault, template, version));
        }
    }
}

/// What is said of any template in a release that has none.
fn too_early(version: Version) -> Option<String> {
    let first = releases::MANAGED_RESOURCES;
    (version < first).then(|| format!("GitLab {version} never uses environment templates, which came with {first}"))
}

fn unused(why: UnusedTemplate) -> (&'static str, &'static str) {
    const RIGHT: &str = "move it to `.gitlab/agents/<agent name>/environment_templates/default.yaml`";
    match why {
        UnusedTemplate::FileName => (
            "the only name that it asks for is `default.yaml`",
            "put its objects into `default.yaml` of this folder, or delete it",
        ),
        UnusedTemplate::TooDeep => ("it looks directly in `environment_templates`", RIGHT),
        UnusedTemplate::Folder => {
            ("the folder is `environment_templates`, exactly so, and the file `default.yaml`", RIGHT)
        }
        UnusedTemplate::NoAgentFolder => ("`environment_templates` belongs in an agent's folder", RIGHT),
        UnusedTemplate::Directory => ("it looks only in `.gitlab/agents`, exactly so", RIGHT),
        UnusedTemplate::FolderLink => ("this was a symbolic link, which it does not follow", "run kaslint again"),
    }
}

/// What is said of a template that is no YAML, or none yet.
fn form(template: &EnvironmentTemplate) -> Option<Finding> {
    match &template.form {
        Form::Yaml | Form::Unclear => None,
        Form::Never(problem) => {
            let YamlFault { what, help, .. } = yaml_fault(problem, &template.source, Some(&template.document));
            let finding = Finding::new(&INFO, &template.source, problem.span, format!("{what}: {FAILS}"));
            Some(finding.key("no YAML").help(help))
        }
        Form::OnlyRendered(problems) => {
            let message =
                "this is YAML only once `{{ … }}` is filled in, and whether GitLab reads it before is not known";
            let first = value_in_braces(template, problems.first()?);
            let finding = Finding::new(&INFO, &template.source, first, message).severity(Severity::Note);
            let written = template.source.slice(first);
            let help = match written.starts_with("{{") && !written.contains(['\'', '\n']) {
                true => format!("quote it: '{written}'"),
                false => "put values that hold `{{ … }}` into quotes".to_owned(),
            };
            Some(finding.label("no YAML as it is written").key("no YAML").help(help))
        }
    }
}

/// The value around a problem that starts with `{{`, up to the end of its line or the comment there; else the place of the problem.
fn value_in_braces(template: &EnvironmentTemplate, problem: &yaml::Problem) -> Span {
    let source = &template.source;
    let line = source.line_span(source.line_index(problem.span.start));
    let text = source.slice(line);
    let at = problem.span.start - line.start;
    let value = || {
        let start = text
            .get(..=at)?
            .rfind(": ")
            .map(|colon| colon + 2)
            .or_else(|| text.get(..=at)?.rfind("- ").map(|dash| dash + 2))?;
        let value = text.get(start..)?;
        let value = value.split(" #").next()?.trim_end();
        let indent = value.len() - value.trim_start().len();
        value
            .trim_start()
            .starts_with("{{")
            .then(|| Span::new(line.start + start + indent, line.start + start + value.len()))
    };
    value().unwrap_or(problem.span)
}

/// Where an object of Kubernetes stands in the place of the template.
fn manifest(template: &EnvironmentTemplate) -> Option<Span> {
    let key = |wanted: &str| {
        template.problems.iter().find(|problem| {
            matches!(&problem.kind, ProblemKind::UnknownKey { key, .. } | ProblemKind::PerhapsNewKey(key) if key == wanted)
        })
    };
    let (version, kind) = (key("apiVersion")?, key("kind")?);
    Some(if version.span.start < kind.span.start { version.span } else { kind.span })
}

/// What is said of a key or a value of the template's own.
fn key_or_value(problem: &Problem, template: &EnvironmentTemplate, version: Version) -> Option<Finding> {
    let finding = |message: String| Finding::new(&INFO, &template.source, problem.span, message).route(&problem.route);
    Some(match &problem.kind {
        ProblemKind::UnknownKey { key, suggestion, .. } => {
            let keys: Vec<&str> =
                ENVIRONMENT_TEMPLATE.keys.iter().filter(|key| key.is_known(version)).map(|key| &*key.name).collect();
            let known = schema::listed_and(&keys);
            // `on` is read as `true`, and nobody would find that.
            let written = template.source.slice(problem.span).trim_matches(['\'', '"']);
            let shown = brief(if written.is_empty() { key } else { written });
            let found = finding(format!("{shown} is no key of an environment template: GitLab knows {known}"));
            match suggestion {
                Some(Suggestion::Rename { key: known, certain }) => {
                    let safety = if *certain { Safety::Safe } else { Safety::Unsafe };
                    let text = in_same_quotes(template.source.slice(problem.span), &known.name);
                    found.label(format!("did you mean `{}`?", known.name)).help(format!("write `{}`", known.name)).fix(
                        safety,
                        format!("Write `{}`", known.name),
                        problem.span,
                        text,
                    )
                }
                _ => found.label("unknown").help("remove it; objects belong below `objects`"),
            }
        }
        ProblemKind::PerhapsNewKey(key) => finding(format!(
            "{} may be unknown to GitLab {version} in an environment template: no release up to {NEWEST} knows it",
            brief(key)
        ))
        .severity(Severity::Note)
        .help("see what the documentation of that release says"),
        ProblemKind::TooNewKey(key) => {
            finding(format!("`{}` came with {}; what {version} makes of it is not known", key.name, key.since))
                .severity(Severity::Note)
                .label(format!("unknown to GitLab {version}"))
                .help("remove the key, or upgrade GitLab first")
        }
        ProblemKind::UnknownName { names, found } => {
            let severity = if version.is_newer_than_known() { Severity::Note } else { Severity::Warning };
            let known = names.in_words("and");
            let told = finding(format!("{} is no value of `{}`: GitLab knows {known}", brief(found), problem.name))
                .severity(severity);
            let all = names.all();
            let near = nearest_value(found, &all);
            match near {
                Some(near) => replaced(told, template, problem.span, found, near),
                None => told.help(format!("write {}", names.in_words("or"))),
            }
        }
        ProblemKind::WrongType { kind, found } => {
            let expected = match kind {
                Kind::Enum(names) => schema::listed(&names.all()),
                kind => kind.in_words(),
            };
            wrong_type(&finding, problem, &expected, found)
        }
        _ => return None,
    })
}

fn nearest_value<'n>(found: &str, names: &[&'n str]) -> Option<&'n str> {
    let plain = found.to_ascii_lowercase().replace(['-', ' '], "_");
    let same = names.iter().copied().find(|name| *name == plain);
    same.or_else(|| schema::nearest(found, names.iter().copied()))
}

fn wrong_type(finding: &dyn Fn(String) -> Finding, problem: &Problem, expected: &str, found: &Found) -> Finding {
    let is_item = problem.route.ends_with(']');
    let subject = match &*problem.name {
        "" => "the template".to_owned(),
        name if is_item => format!("an item of `{name}`"),
        name => format!("`{name}`"),
    };
    let told = finding(format!("{subject} is {}, and GitLab takes {expected}", in_words(found)));
    let told = match yaml_surprise(found) {
        Some(surprise) => told.label(surprise),
        None => told,
    };
    told.help(match (&*problem.name, is_item, found) {
        ("", ..) => "a template starts with `objects:`, and its objects stand in a list below",
        ("objects", false, Found::Mapping(_)) => "put a dash in front of each object",
        ("objects", ..) => "write an object, with `apiVersion`, `kind` and `metadata`",
        _ => "write the value as it stands here, without quotes or brackets",
    })
}

fn kind(object: &TemplateObject, template: &EnvironmentTemplate, version: Version) -> Option<Finding> {
    let finding = |message: String| {
        Finding::new(&INFO, &template.source, object.span, message).route(format!("objects[{}].kind", object.index))
    };
    match &object.kind {
        ObjectKind::Written(kind) if KINDS.contains(&&**kind) => None,
        ObjectKind::Written(kind) => {
            let told = match version.is_newer_than_known() {
                true => finding(format!(
                    "{} may be nothing that GitLab {version} makes from a template: no release up to {NEWEST} does",
                    brief(kind)
                ))
                .severity(Severity::Note),
                false => finding(format!("{} is nothing that GitLab makes from a template", brief(kind))),
            };
            let near = schema::nearest(kind, KINDS.into_iter());
            Some(match near {
                Some(near) => replaced(told, template, object.span, kind, near),
                None => told.help(format!("it makes {}", kinds())),
            })
        }
        ObjectKind::Missing => {
            let message = "this object has no `kind`, without which it is no object of Kubernetes".to_owned();
            Some(finding(message).key("no kind").help(format!("add `kind: …`: GitLab makes {}", kinds())))
        }
        ObjectKind::Unclear => None,
    }
}

fn kinds() -> String {
    let (own, flux) = KINDS.split_at(3);
    format!("{}, and of Flux {}", own.join(", "), schema::listed_and(flux).replace('`', ""))
}

fn action(fault: &TemplateFault, template: &EnvironmentTemplate, version: Version) -> Finding {
    let source = &template.source;
    let finding = |message: String| Finding::new(&INFO, source, fault.span, message);
    let is_newer = version.is_newer_than_known();
    match &fault.kind {
        FaultKind::Variable(written, meant) => {
            let told = if is_newer {
                let message = format!(
                    "{} may be no variable of GitLab {version} for templates: no release up to {NEWEST} has it",
                    brief(written)
                );
                finding(message).severity(Severity::Note)
            } else {
                finding(format!("{} is no variable that GitLab has for environment templates", brief(written)))
            };
            let told = told.key(format!("variable {written}"));
            let rooted =
                meant.as_ref().map(|meant| if written.starts_with('$') { format!("${meant}") } else { meant.clone() });
            match rooted {
                Some(meant) => replaced(told, template, fault.span, written, &meant),
                None => told.help(known_variables(written)),
            }
        }
        FaultKind::Function(written, meant) => {
            let told = if is_newer && meant.is_none() {
                let message = format!(
                    "{} may be no function of GitLab {version} for templates: no release up to {NEWEST} has it",
                    brief(written)
                );
                finding(message).severity(Severity::Note)
            } else {
                finding(format!("{} is no function of environment templates: {FAILS}", brief(written)))
            };
            let told = told.key(format!("function {written}"));
            match meant {
                Some(meant) => replaced(told, template, fault.span, written, meant),
                None => {
                    let own = schema::listed_and(&FUNCTIONS);
                    told.help(format!("there are {own}, and those of Go's `text/template`"))
                }
            }
        }
        FaultKind::Undeclared(written) => {
            finding(format!("{} is declared nowhere in this template: {FAILS}", brief(written)))
                .key(format!("undeclared {written}"))
                .help(format!("variables of CI/CD do not reach a template; there are {}", some_variables()))
        }
        FaultKind::Syntax(what) => finding(format!("this is no template: {what}; {FAILS}"))
            .key("syntax")
            .help("write it as Go's `text/template` reads it, such as `{{ .environment.slug | lower }}`"),
    }
}

fn known_variables(written: &str) -> String {
    let first = written.trim_start_matches(['$', '.']).split('.').next().unwrap_or_default();
    match VARIABLES.iter().find(|(name, _)| *name == first) {
        Some((_, [])) => format!("`.{first}` is a text, and nothing is below it"),
        Some((_, below)) => format!("`.{first}` has {}", schema::listed_and(below)),
        None => format!("there are {}", some_variables()),
    }
}

fn some_variables() -> String {
    schema::listed_and(&variables())
}

/// With a change to what was probably meant.
fn replaced(finding: Finding, template: &EnvironmentTemplate, span: Span, written: &str, meant: &str) -> Finding {
    let finding = finding.label(format!("did you mean `{meant}`?")).help(format!("write `{meant}`"));
    let there = template.source.slice(span);
    // Where the very place is not known, it is the whole value that stands there.
    match there.trim_matches(['\'', '"']) == written {
        true => finding.fix(Safety::Unsafe, format!("Write `{meant}`"), span, in_same_quotes(there, meant)),
        false => finding,
    }
}
