//! `docker run IMAGE kubectl …`: a command in a container of its own.

use std::ops::Range;

use super::super::walk::Walker;
use super::super::words::Word;
use super::paths::Named;
use crate::gitlab::{PartialText, Shape};

/// Options that stand alone (Docker's reference of `docker container run`).
const SWITCHES: [&str; 14] = [
    "--rm",
    "--init",
    "--privileged",
    "--tty",
    "--interactive",
    "--detach",
    "--read-only",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--publish-all",
    "--quiet",
    "--sig-proxy",
    "--disable-content-trust",
    "--use-api-socket",
];

/// Images that are called as the program that they start.
const PROGRAMS: [&str; 6] = ["kubectl", "helm", "helmfile", "kustomize", "flux", "skaffold"];

impl Walker<'_> {
    /// False where it is no `run`, or nothing is seen of what it runs.
    pub(super) fn container(&mut self, words: &[Word], whole: &Range<usize>, depth: usize) -> bool {
        let arguments = words.get(1..).unwrap_or_default();
        let arguments = match arguments.first() {
            Some(first) if first.is("container") => arguments.get(1..).unwrap_or_default(),
            _ => arguments,
        };
        if !arguments.first().is_some_and(|first| first.is("run")) {
            return false;
        }
        let mut rest = arguments.get(1..).unwrap_or_default();
        let (mut mounts, mut folder, mut entrypoint) = (Vec::new(), None, None);
        let mut has_kubeconfig = false;
        while let Some((word, behind)) = rest.split_first() {
            let start = word.start();
            if !start.starts_with('-') {
                break;
            }
            let name = start.split('=').next().unwrap_or_default().to_owned();
            let is_alone = start.contains('=')
                || SWITCHES.contains(&&*name)
                || (!start.starts_with("--") && start.chars().skip(1).all(|letter| "itdPq".contains(letter)));
            let value = match is_alone {
                true => word.after(name.len() + 1),
                false => behind.first().cloned().unwrap_or_default(),
            };
            has_kubeconfig |= value.text().to_string().contains("KUBECONFIG");
            match &*name {
                "-v" | "--volume" => mounts.push(value.text().into_owned()),
                "-w" | "--workdir" => folder = Some(value.text().into_owned()),
                "--entrypoint" => entrypoint = Some(value),
                _ => {}
            }
            rest = if is_alone { behind } else { behind.get(1..).unwrap_or_default() };
        }
        let Some((image, command)) = rest.split_first() else { return false };
        let image_name = image.text().to_string();
        let base = image_name.rsplit('/').next().unwrap_or_default();
        let base = base.split([':', '@']).next().unwrap_or_default();
        let starts = |program: &str| command.first().is_some_and(|first| first.is(program));
        let mut inner: Vec<Word> = Vec::new();
        match entrypoint {
            Some(program) => inner.push(program),
            // The image's own program takes what stands behind as its arguments.
            None if PROGRAMS.contains(&base) && !starts(base) && !starts("sh") && !starts("bash") => {
                let text = PartialText::known(base);
                let range = image.range();
                let piece = super::super::words::Piece { text, range, literal: false, quoted: true };
                inner.push(Word { pieces: smallvec::smallvec![piece], whole: image.whole.clone() });
            }
            None => {}
        }
        inner.extend(command.iter().cloned());
        if inner.is_empty() {
            return false;
        }
        let mark = self.env.mark();
        if !has_kubeconfig {
            // Whatever is found there is none of GitLab's.
            self.env.set("KUBECONFIG", PartialText::unknown("the container's KUBECONFIG", Shape::NotEmpty));
            self.export("KUBECONFIG");
        }
        let is_mounted = folder.is_some_and(|folder| {
            let folder = format!(":{folder}");
            mounts.iter().any(|mount| {
                let shown = mount.to_string();
                let source = shown.split_once(&folder).filter(|(_, rest)| rest.is_empty() || rest.starts_with(':'));
                source.is_some_and(|(source, _)| matches!(source, "." | "$PWD" | "$CI_PROJECT_DIR"))
            })
        });
        if !is_mounted {
            self.env.set("PWD", PartialText::unknown("PWD", Shape::NotEmpty));
        } else if matches!(self.folder(), Named::Unknown) {
            self.env.set("PWD", super::paths::from_top(""));
        }
        self.run(&inner, &[], whole, depth + 1);
        self.env.undo(mark);
        true
    }
}
