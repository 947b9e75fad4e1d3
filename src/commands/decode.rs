//! `kaslint decode`: what GitLab reads from a file, and what was dropped or changed on the way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Exit, output};
use crate::agent_config::{AgentConfig, RefusedAt};
use crate::analysis::{self, Project, Selection};
use crate::disk::knowledge::{Knowledge, Options};
use crate::disk::{Unusable, discover};
use crate::finding::{Finding, Severity};
use crate::layout::Location;
use crate::report::Human;
use crate::rules::{Context, Input, InputContent, RULES, Topic};
use crate::secrets;
use crate::source::Source;

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
    findings: Vec<Finding>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let knowledge = Knowledge::new(&arguments.options, &output::complain)?;
    let mut exit = Exit::Fine;
    // In order, one at a time: a long list must not be held in memory.
    for (index, path) in arguments.files.iter().enumerate() {
        let context = knowledge.context_for(path.parent().unwrap_or(Path::new("")), None, false)?.context;
        let decoded = match decode(path, &context) {
            Ok(decoded) => decoded,
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

fn decode(path: &Path, context: &Context) -> Result<Decoded, Unusable> {
    let shown = discover::shown_path(path);
    let content = if path == Path::new("-") {
        discover::read_stdin(context.max_file_size)?
    } else {
        discover::read_file(path, context.max_file_size)?
    };
    let refused = |stage: &'static str, content: InputContent, source: Source| {
        let input = Input::without_text(Location::Loose, Arc::new(source), content);
        Decoded { path: shown.clone(), refused_at: Some(stage), config: None, findings: findings(input, context) }
    };
    Ok(match content {
        discover::Content::Text(bytes) => {
            let source = Arc::new(Source::from_bytes(shown.clone(), &bytes));
            let config = AgentConfig::read(&source, context.version);
            let canonical = config.canonical();
            let refused_at = config.refused_at().map(RefusedAt::name);
            let input = Input::text(Location::Loose, source);
            Decoded { path: shown, refused_at, config: canonical, findings: findings(input, context) }
        }
        discover::Content::TooLarge(size) => {
            refused(RefusedAt::Size.name(), InputContent::TooLarge(size), Source::new(shown.clone(), ""))
        }
        discover::Content::NoFile(what) => refused("read", InputContent::NoFile(what), Source::new(shown.clone(), "")),
    })
}

/// What the rules about reading say; who gets in is not decode's business.
fn findings(input: Input, context: &Context) -> Vec<Finding> {
    let about_reading =
        RULES.iter().map(|rule| rule.info()).filter(|info| matches!(info.topic, Topic::File | Topic::Keys));
    let selection =
        Selection { only: about_reading.map(|info| info.name.to_owned()).collect(), ..Selection::default() };
    let project = Project::new(vec![input], context.clone(), selection);
    analysis::analyse(&[project]).into_iter().flat_map(|analysis| analysis.findings).collect()
}

fn write_json(decoded: &Decoded, out: &mut dyn io::Write) -> io::Result<()> {
    let is_cause = |finding: &&Finding| match decoded.refused_at {
        Some("yaml") => finding.rule.name == "invalid-yaml",
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
