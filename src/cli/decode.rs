//! `kaslint decode`: what GitLab reads from a file, and what was dropped or changed on the way.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Exit, output};
use crate::agent_config::location::Location;
use crate::agent_config::{AgentConfig, RefusedAt};
use crate::analysis::{self, Subject};
use crate::diagnostic::{Finding, Selection, Severity, Topic};
use crate::outlet::{Outlet, Tone, quoted_for_a_line};
use crate::project::files::{Disk, Overlay, StandardInput, Texts};
use crate::project::paths::shown_path;
use crate::project::{Context, Input, InputContent, Loader, Options, Project, Surroundings, Unusable};
use crate::report::Human;
use crate::rules::{self, RULES};
use crate::schema::Stage;
use crate::source::{Source, Span, secrets};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status:
  0  GitLab accepts every file
  1  it refuses one
  2  the call cannot be used, or a file cannot be read

Examples:
  kaslint decode .gitlab/agents/prod/config.yaml
  kaslint decode --format json - < config.yaml")]
pub(super) struct Arguments {
    /// The files; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How to show it: human (YAML with remarks) or json (one object a line).
    #[arg(long, value_enum, default_value = "human", hide_possible_values = true, help_heading = "Report")]
    format: DecodeFormat,
    #[command(flatten)]
    options: Options,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum DecodeFormat {
    /// The configuration as YAML, with remarks.
    Human,
    /// One object a line.
    Json,
}

/// A file as GitLab reads it.
struct Decoded {
    path: String,
    refused_at: Option<&'static str>,
    config: Option<Json>,
    /// Where the keys and values stand that the refusing step objects to.
    causes: Vec<Span>,
    findings: Vec<Finding>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let surroundings = Surroundings::of_process();
    let loader = Loader::new(&Disk, &arguments.options, &surroundings, rules::TABLE)?;
    let mut exit = Exit::Fine;
    let mut remarks = BTreeSet::new();
    // In order, one at a time: a long list must not be held in memory.
    for (index, path) in arguments.files.iter().enumerate() {
        let decoded = match load_configuration(path, &loader, &arguments.options) {
            Ok((input, context)) => {
                remarks.extend(context.newer_release());
                decode(input, context)
            }
            Err(unusable) => {
                output::complain(&format!("error: {unusable}"));
                exit = exit.max(Exit::Unusable);
                continue;
            }
        };
        if decoded.refused_at.is_some() {
            exit = exit.max(Exit::Found);
        }
        match arguments.format {
            DecodeFormat::Json => output::to_stdout(&|out| write_json(&decoded, out))?,
            DecodeFormat::Human => output::to_stdout(&|out| {
                if index > 0 {
                    out.empty_line()?;
                }
                write_human(&decoded, out)
            })?,
        }
    }
    for remark in &remarks {
        output::complain(remark);
    }
    Ok(exit)
}

/// Reads a file, or standard input for `-`.
fn load(path: &Path, loader: &Loader<'_>, options: &Options) -> Result<(Input, Context), Unusable> {
    if path != Path::new("-") {
        return loader.load_file(path);
    }
    let limit = loader.limit_of(path)?;
    let bytes = match Disk::read_standard_input(limit)? {
        StandardInput::Bytes(bytes) => bytes,
        StandardInput::TooLarge(size) => {
            let empty = Arc::new(Source::new("-", ""));
            let input = Input::without_text(Location::Loose, empty, InputContent::TooLarge(size));
            return Ok((input, Context { max_file_size: limit, ..Context::default() }));
        }
    };
    let texts = Texts::from([("-".to_owned(), Arc::new(Source::from_bytes("-", &bytes)))]);
    let surroundings = Surroundings::of_process();
    Loader::new(&Overlay::new(&Disk, &texts), options, &surroundings, rules::TABLE)?.load_file(path)
}

/// Reads a file; a template is none that could be decoded.
fn load_configuration(path: &Path, loader: &Loader<'_>, options: &Options) -> Result<(Input, Context), Unusable> {
    let (input, context) = load(path, loader, options)?;
    match input.location.is_template() {
        false => Ok((input, context)),
        true => Err(Unusable::new(format!(
            "{} is an environment template and no agent's configuration; `kaslint check` says what is wrong with it",
            shown_path(path)
        ))),
    }
}

fn decode(input: Input, context: Context) -> Decoded {
    let path = input.source.path().to_owned();
    let decoded = input.decoded(&context);
    let refused_at = match &decoded {
        Some(file) => file.config.refused_at(),
        None => input.refused_unread(),
    };
    let causes = decoded.as_ref().map(|file| causes(&file.config)).unwrap_or_default();
    let config = decoded.and_then(|file| file.config.canonical());
    Decoded { path, refused_at: refused_at.map(RefusedAt::name), config, causes, findings: findings(input, context) }
}

/// The places of what the step that refuses the file objects to, where that step looks at keys and values.
fn causes(config: &AgentConfig) -> Vec<Span> {
    let stage = match config.refused_at() {
        Some(RefusedAt::Decode) => Stage::Decode,
        Some(RefusedAt::Validate) => Stage::Validate,
        _ => return Vec::new(),
    };
    config.problems.iter().filter(|problem| problem.stage == stage).map(|problem| problem.span).collect()
}

/// What the rules about reading say; who gets in is not decode's business, and neither is what somebody accepted in comments: GitLab
/// refuses the file all the same.
fn findings(input: Input, context: Context) -> Vec<Finding> {
    let about_reading =
        RULES.iter().map(|rule| rule.info()).filter(|info| matches!(info.topic, Topic::File | Topic::Keys));
    let only = about_reading.map(|info| info.name.to_owned()).collect();
    let selection = Selection { only, is_isolated: true, ..Selection::default() };
    let subject = Subject::new(Project::new(vec![input], context), selection);
    analysis::analyse(&[subject]).into_iter().flat_map(|analysis| analysis.findings).collect()
}

fn write_json(decoded: &Decoded, out: &mut Outlet<'_>) -> io::Result<()> {
    let is_cause = |finding: &&Finding| match decoded.refused_at {
        Some("yaml") => finding.rule.name == "invalid-yaml",
        // A lost key beside it is an error as well, and refuses nothing.
        Some("decode" | "validate") => {
            finding.rule.topic == Topic::Keys && decoded.causes.contains(&finding.place.span)
        }
        Some(_) => finding.severity == Severity::Error,
        None => false,
    };
    let error = decoded.findings.iter().find(is_cause).map(|finding| {
        let position = finding.place.source.position(finding.place.span.start);
        format!("{}:{}: {}", position.line, position.column, finding.message)
    });
    let line = json!({
        "path": secrets::mask(&decoded.path),
        "accepted": decoded.refused_at.is_none(),
        "stage": decoded.refused_at,
        "error": error,
        "config": decoded.config.as_ref().map(masked),
    });
    out.json_line(&line)
}

fn write_human(decoded: &Decoded, out: &mut Outlet<'_>) -> io::Result<()> {
    match (decoded.refused_at, &decoded.config) {
        (Some(stage), _) => {
            let step = match stage {
                "size" => "because of its size",
                "yaml" => "as YAML",
                "decode" => "when decoding it",
                "validate" => "in validation",
                _ => "when reading it",
            };
            out.parts(&[
                (Tone::Plain, &format!("# {}: ", decoded.path)),
                (Tone::Bad, "GitLab refuses this file"),
                (Tone::Plain, &format!(" {step}; what was configured before stays in force")),
            ])?;
        }
        (None, Some(config)) => {
            out.parts(&[
                (Tone::Plain, &format!("# {}: ", decoded.path)),
                (Tone::Good, "GitLab accepts this file"),
                (Tone::Plain, " and reads"),
            ])?;
            let text = as_yaml(masked(config))?;
            text.lines().try_for_each(|line| out.line(format_args!("{line}")))?;
        }
        (None, None) => {}
    }
    if !decoded.findings.is_empty() {
        out.empty_line()?;
        Human::new(output::width()).write_findings(&decoded.findings, out)?;
    }
    Ok(())
}

/// The configuration as YAML, in which every text is on one line and has escapes for what would act where it is shown.
///
/// serde_yaml lays texts out over lines and leaves such characters as they are; its users cannot choose. So these texts have others in
/// their place while it writes.
fn as_yaml(mut config: Json) -> io::Result<String> {
    let written = config.to_string();
    // Some number makes a word that stands nowhere in it.
    let word = (0_usize..).map(|number| format!("text{number}x")).find(|word| !written.contains(word.as_str()));
    let word = word.unwrap_or_default();
    let mut texts = Vec::new();
    put_words(&mut config, &word, &mut texts);
    let yaml = serde_yaml::to_string(&config).map_err(io::Error::other)?;
    let mut parts = yaml.split(&word);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // The number of the text ends with a point.
        let (number, behind) = part.split_once('.').unwrap_or_default();
        shown.push_str(number.parse().ok().and_then(|at: usize| texts.get(at)).map_or("", String::as_str));
        shown.push_str(behind);
    }
    Ok(shown)
}

/// Puts a word with a number in the place of each text that would not stay as it is; the text is kept as YAML has it between double quotes.
fn put_words(value: &mut Json, word: &str, texts: &mut Vec<String>) {
    let put = |text: &mut String, texts: &mut Vec<String>| {
        if let Some(quoted) = quoted_for_a_line(text) {
            texts.push(quoted);
            *text = format!("{word}{}.", texts.len() - 1);
        }
    };
    match value {
        Json::String(text) => put(text, texts),
        Json::Array(items) => items.iter_mut().for_each(|item| put_words(item, word, texts)),
        Json::Object(members) => {
            let taken = std::mem::take(members);
            for (mut key, mut value) in taken {
                put(&mut key, texts);
                put_words(&mut value, word, texts);
                members.insert(key, value);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// The configuration without secrets.
fn masked(config: &Json) -> Json {
    let mut masked = config.clone();
    secrets::mask_json(&mut masked);
    masked
}
