//! `kaslint decode`: what GitLab reads from a file, and what was dropped or changed on the way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Exit, output};
use crate::agent_config::location::Location;
use crate::agent_config::{AgentConfig, RefusedAt};
use crate::analysis::{self, Subject};
use crate::diagnostic::{Finding, Selection, Severity, Topic};
use crate::project::files::{Disk, Overlay, StandardInput, Texts};
use crate::project::{Context, Input, InputContent, Loader, Options, Project, Surroundings, Unusable};
use crate::report::Human;
use crate::rules::{self, RULES};
use crate::schema::Stage;
use crate::source::secrets;
use crate::source::{Source, Span};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How to show it.
    #[arg(long, value_enum, default_value = "human")]
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
    // In order, one at a time: a long list must not be held in memory.
    for (index, path) in arguments.files.iter().enumerate() {
        let decoded = match load(path, &loader, &arguments.options) {
            Ok((input, context)) => decode(input, context),
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
                    writeln!(out)?;
                }
                write_human(&decoded, out)
            })?,
        }
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

/// What the rules about reading say; who gets in is not decode's business.
fn findings(input: Input, context: Context) -> Vec<Finding> {
    let about_reading =
        RULES.iter().map(|rule| rule.info()).filter(|info| matches!(info.topic, Topic::File | Topic::Keys));
    let selection =
        Selection { only: about_reading.map(|info| info.name.to_owned()).collect(), ..Selection::default() };
    let subject = Subject::new(Project::new(vec![input], context), selection);
    analysis::analyse(&[subject]).into_iter().flat_map(|analysis| analysis.findings).collect()
}

fn write_json(decoded: &Decoded, out: &mut dyn io::Write) -> io::Result<()> {
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
        "path": decoded.path,
        "accepted": decoded.refused_at.is_none(),
        "stage": decoded.refused_at,
        "error": error,
        "config": decoded.config.as_ref().map(masked),
    });
    writeln!(out, "{line}")
}

fn write_human(decoded: &Decoded, out: &mut dyn io::Write) -> io::Result<()> {
    match (decoded.refused_at, &decoded.config) {
        (Some(stage), _) => {
            let step = match stage {
                "size" => "because of its size",
                "yaml" => "as YAML",
                "decode" => "when decoding it",
                "validate" => "in validation",
                _ => "when reading it",
            };
            writeln!(
                out,
                "# {}: GitLab refuses this file {step}; what was configured before stays in force",
                decoded.path
            )?;
        }
        (None, Some(config)) => {
            writeln!(out, "# {}: GitLab accepts this file and reads", decoded.path)?;
            let text = serde_yaml::to_string(&masked(config)).map_err(io::Error::other)?;
            out.write_all(text.as_bytes())?;
        }
        (None, None) => {}
    }
    if !decoded.findings.is_empty() {
        writeln!(out)?;
        Human { width: output::width() }.write_findings(&decoded.findings, out)?;
    }
    Ok(())
}

/// The configuration without secrets.
fn masked(config: &Json) -> Json {
    let mut masked = config.clone();
    secrets::mask_json(&mut masked);
    masked
}
