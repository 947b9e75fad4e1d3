//! The walk through a script's syntax tree, in the order of its run.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use brush_parser::ast::{self, AndOr, Command, CompoundCommand, CompoundList};

use super::action::{ActionKind, Arm, Lookup};
use super::env::{Env, MAX_VALUE, size};
use super::follow::Following;
use super::library::Library;
use super::parse::parse;
use super::text::{Frame, FramePlace};
use super::words::Word;
use crate::gitlab::{ByName, PartialText, Shape};

/// How many commands a job's scripts may run, calls of functions included.
const MAX_COMMANDS: usize = 4_000;
/// How deep `bash -c`, substitutions and calls of functions may nest.
const MAX_DEPTH: usize = 6;
/// The same where files take part.
const MAX_DEPTH_OF_FILES: usize = 12;
/// How deep constructs may nest in all of these together.
const MAX_LEVELS: usize = 120;

/// An action with its place in the joined text.
pub(super) struct Found {
    pub kind: ActionKind,
    pub range: Range<usize>,
    pub command: Range<usize>,
    /// The last command of an item: that which runs a file.
    pub top: Range<usize>,
    pub path: Vec<Arm>,
}

/// A function's body and the text that it stands in.
pub(super) struct Function {
    frame: Rc<Frame>,
    body: CompoundCommand,
    is_called: bool,
}

/// The arguments of a function.
#[derive(Clone)]
pub(super) struct Arguments {
    pub words: Vec<Word>,
    /// The command that calls it.
    pub command: Range<usize>,
    /// How many branches are around the function's body.
    pub depth: usize,
}

/// The state of the walk.
pub(super) struct Walker<'a> {
    pub lookup: &'a dyn Lookup,
    pub env: Env,
    pub found: Vec<Found>,
    /// Places that were not read: a text that is no shell, or more than the bounds allow; each with the last command of an item.
    pub not_understood: Vec<(Range<usize>, Range<usize>)>,
    pub path: Vec<Arm>,
    pub functions: HashMap<String, Rc<RefCell<Function>>>,
    /// What `alias` was said to stand for something: whether a shell that is not interactive heeds it is another question.
    pub aliases: HashSet<String>,
    /// How many places there are where the scripts branch.
    pub forks: u32,
    pub depth: usize,
    levels: usize,
    commands: usize,
    /// How many words variables have been split into.
    pub splits: usize,
    /// The arguments of the function that is walked, and the command that calls it; `None` where they are not known.
    pub arguments: Option<Arguments>,
    looked_up: RefCell<ByName<String, PartialText>>,
    /// What is known of the repository's files.
    pub following: Following<'a>,
}

impl<'a> Walker<'a> {
    /// A walk through items of so many bytes. Places where scripts branch are counted on from `forks`.
    pub fn new(lookup: &'a dyn Lookup, library: &'a Library<'a>, items: usize, forks: u32) -> Self {
        Self {
            lookup,
            env: Env::default(),
            found: Vec::new(),
            not_understood: Vec::new(),
            path: Vec::new(),
            functions: HashMap::new(),
            aliases: HashSet::new(),
            forks,
            depth: 0,
            levels: 0,
            commands: 0,
            splits: 0,
            arguments: None,
            looked_up: RefCell::default(),
            following: Following::new(library, items),
        }
    }

    /// A variable's value at this moment.
    pub fn variable(&self, name: &str) -> PartialText {
        let look_up = || {
            let value = self.lookup.variable(name);
            if size(&value) > MAX_VALUE { PartialText::unknown(name, Shape::NotEmpty) } else { value }
        };
        match self.env.get(name) {
            Some(value) => value.clone(),
            None => {
                let known = self.looked_up.borrow().get(name).cloned();
                known.unwrap_or_else(|| {
                    let value = look_up();
                    self.looked_up.borrow_mut().insert(name.to_owned(), value.clone());
                    value
                })
            }
        }
    }

    /// Walks a whole program.
    pub fn program(&mut self, frame: &Rc<Frame>, program: &ast::Program) {
        for list in &program.complete_commands {
            self.list(frame, list);
        }
    }

    /// Walks the functions that nothing has called.
    pub fn uncalled_functions(&mut self) {
        let mut functions: Vec<_> = self.functions.drain().collect();
        functions.sort_by(|left, right| left.0.cmp(&right.0));
        for (_, function) in functions {
            let (frame, body, is_called) = {
                let function = function.borrow();
                (Rc::clone(&function.frame), function.body.clone(), function.is_called)
            };
            // Of a library of functions, a job calls some and means no others.
            if !is_called && !self.decides(&frame) {
                let fork = self.fork();
                self.branch(fork, 0, |walker| walker.compound(&frame, &body));
            }
        }
    }

    /// Walks a text in a shell of its own: `$(…)`.
    pub fn subshell_text(&mut self, text: String, place: FramePlace) {
        let mark = self.env.mark();
        self.text(text, place);
        self.env.undo(mark);
    }

    /// Walks a text that is a script of its own: the one of `bash -c`.
    pub fn text(&mut self, text: String, place: FramePlace) {
        let frame = Rc::new(Frame::new(text, place));
        let whole = frame.global(&(0..frame.text.len()));
        if !self.is_within_depth() {
            return self.not_understood(whole);
        }
        match parse(&frame.text) {
            Some(program) => {
                self.depth += 1;
                self.program(&frame, &program);
                self.depth -= 1;
            }
            None => self.not_understood(whole),
        }
    }

    /// Walks the body of a function, if there is one of the name.
    pub fn call(&mut self, name: &str, arguments: &[Word], command: &Range<usize>) -> bool {
        let Some(function) = self.functions.get(name).cloned() else { return false };
        if !self.is_within_depth() {
            self.not_understood(command.clone());
            return true;
        }
        let (frame, body) = {
            let mut function = function.borrow_mut();
            function.is_called = true;
            (Rc::clone(&function.frame), function.body.clone())
        };
        let old: Vec<_> = (1..=9).map(|number: usize| self.variable(&number.to_string())).collect();
        for (number, argument) in (1..=9).zip(arguments) {
            self.env.set(&number.to_string(), argument.text().into_owned());
        }
        // What the function is not given, it does not take from around it.
        self.clear_arguments_behind(arguments);
        let given = Arguments { words: arguments.to_vec(), command: command.clone(), depth: self.path.len() };
        let outer = self.arguments.replace(given);
        self.depth += 1;
        self.compound(&frame, &body);
        self.depth -= 1;
        self.arguments = outer;
        for (number, value) in (1..).zip(old) {
            self.env.set(&i32::to_string(&number), value);
        }
        true
    }

    /// A place that is not read, with the last command of an item.
    pub fn not_understood(&mut self, place: Range<usize>) {
        let top = self.following.top.clone();
        self.not_understood.push((place, top));
    }

    /// Whether one more text or function may be walked within those that are.
    pub fn is_within_depth(&self) -> bool {
        let most = if self.following.files.is_empty() { MAX_DEPTH } else { MAX_DEPTH_OF_FILES };
        self.depth < most
    }

    /// Takes the first arguments off, as `shift` does. What a branch does of it is not known behind that.
    pub fn shift(&mut self, count: Option<usize>) {
        let is_branch = self.arguments.as_ref().is_some_and(|given| given.depth != self.path.len());
        let Some(mut given) = self.arguments.take() else {
            let numbers: Vec<String> = (1..=9).map(|number: usize| number.to_string()).collect();
            return if self.env.get("1").is_some() {
                self.env.forget(&numbers)
            };
        };
        let count = count.filter(|count| !is_branch && *count <= given.words.len());
        let numbers = (1..=9).map(|number: usize| number.to_string());
        match count {
            Some(count) => {
                given.words.drain(..count);
                for (at, number) in numbers.enumerate() {
                    let value = given.words.get(at).map(|word| word.text().into_owned()).unwrap_or_default();
                    self.env.set(&number, value);
                }
                self.arguments = Some(given);
            }
            None => self.env.forget(&numbers.collect::<Vec<_>>()),
        }
    }

    /// Counts a command; false once there are too many.
    pub fn counts(&mut self, command: &Range<usize>) -> bool {
        self.commands += 1;
        if self.following.is_in_file(command.start) {
            if !self.following.library.counts() {
                self.commands = self.commands.max(MAX_COMMANDS);
            }
        } else if !command.is_empty() {
            self.following.top = command.clone();
        }
        if self.commands == MAX_COMMANDS {
            self.not_understood(command.clone());
        }
        !self.is_spent()
    }

    /// Whether there were as many commands as are walked.
    fn is_spent(&self) -> bool {
        self.commands >= MAX_COMMANDS
    }

    fn fork(&mut self) -> u32 {
        self.forks += 1;
        self.forks
    }

    /// Walks what may not run. What it sets is not known afterwards.
    pub fn branch(&mut self, fork: u32, arm: u32, walk: impl FnOnce(&mut Self)) {
        let touched = self.arm(fork, arm, walk);
        self.env.forget(&touched);
    }

    fn arm(&mut self, fork: u32, arm: u32, walk: impl FnOnce(&mut Self)) -> Vec<String> {
        let mark = self.env.mark();
        self.path.push(Arm { fork, arm });
        walk(self);
        self.path.pop();
        self.env.undo(mark)
    }

    fn list(&mut self, frame: &Rc<Frame>, list: &CompoundList) {
        for item in &list.0 {
            // What comes then would be worked out, and not be looked at.
            if self.is_spent() {
                return;
            }
            self.and_or(frame, &item.0);
        }
    }

    /// `a && b || c`. What follows `&&` counts as certain unless what precedes it asks a question: scripts that chain
    /// steps mean all of them.
    fn and_or(&mut self, frame: &Rc<Frame>, list: &ast::AndOrList) {
        if !list.additional.is_empty()
            && self.decides(frame)
            && let Some(holds) = self.outcome_of(frame, &list.first)
        {
            return self.and_or_after(frame, holds, &list.additional);
        }
        self.pipeline(frame, &list.first);
        let mut asked = is_question(&list.first);
        // What follows `[ … ] &&` up to the next `||` is one branch.
        let mut then: Vec<&ast::Pipeline> = Vec::new();
        for next in &list.additional {
            match next {
                AndOr::And(pipeline) if asked || !then.is_empty() => then.push(pipeline),
                AndOr::And(pipeline) => {
                    self.pipeline(frame, pipeline);
                    asked = is_question(pipeline);
                }
                AndOr::Or(pipeline) => {
                    self.chain(frame, &std::mem::take(&mut then));
                    self.chain(frame, &[pipeline]);
                    asked = false;
                }
            }
        }
        self.chain(frame, &then);
    }

    /// What follows a test of which the outcome is known: `[ … ] && b || c`.
    fn and_or_after(&mut self, frame: &Rc<Frame>, mut holds: bool, rest: &[AndOr]) {
        let mut rest = rest;
        while let Some((next, behind)) = rest.split_first() {
            rest = behind;
            let (pipeline, runs) = match next {
                AndOr::And(pipeline) => (pipeline, holds),
                AndOr::Or(pipeline) => (pipeline, !holds),
            };
            if !runs {
                continue;
            }
            match self.outcome_of(frame, pipeline) {
                Some(outcome) => holds = outcome,
                // Steps are taken to succeed.
                None => {
                    self.pipeline(frame, pipeline);
                    holds = true;
                }
            }
        }
    }

    fn chain(&mut self, frame: &Rc<Frame>, pipelines: &[&ast::Pipeline]) {
        if pipelines.is_empty() {
            return;
        }
        let fork = self.fork();
        self.branch(fork, 0, |walker| {
            for pipeline in pipelines {
                walker.pipeline(frame, pipeline);
            }
        });
    }

    fn pipeline(&mut self, frame: &Rc<Frame>, pipeline: &ast::Pipeline) {
        if let [command] = &pipeline.seq[..] {
            return self.command(frame, command);
        }
        for command in &pipeline.seq {
            let mark = self.env.mark();
            self.command(frame, command);
            self.env.undo(mark);
        }
    }

    fn command(&mut self, frame: &Rc<Frame>, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(frame, simple),
            Command::Compound(compound, redirects) => {
                self.compound(frame, compound);
                for redirect in redirects.iter().flat_map(|list| &list.0) {
                    self.redirect(frame, redirect);
                }
            }
            Command::Function(definition) => {
                let function = Function { frame: Rc::clone(frame), body: definition.body.0.clone(), is_called: false };
                self.functions.insert(definition.fname.value.clone(), Rc::new(function.into()));
            }
            Command::ExtendedTest(test) => self.substitutions_of_test(frame, &test.expr, 0),
        }
    }

    /// Walks what a word runs to come to its value, where the value itself is of no interest.
    fn substitutions_of(&mut self, frame: &Frame, word: &ast::Word) {
        if word.value.contains("$(") || word.value.contains('`') {
            self.word(frame, word);
        }
    }

    /// The same of `[[ … ]]`.
    fn substitutions_of_test(&mut self, frame: &Frame, test: &ast::ExtendedTestExpr, depth: usize) {
        if depth > MAX_LEVELS {
            return;
        }
        match test {
            ast::ExtendedTestExpr::And(left, right) | ast::ExtendedTestExpr::Or(left, right) => {
                self.substitutions_of_test(frame, left, depth + 1);
                self.substitutions_of_test(frame, right, depth + 1);
            }
            ast::ExtendedTestExpr::Not(inner) | ast::ExtendedTestExpr::Parenthesized(inner) => {
                self.substitutions_of_test(frame, inner, depth + 1);
            }
            ast::ExtendedTestExpr::UnaryTest(_, word) => self.substitutions_of(frame, word),
            ast::ExtendedTestExpr::BinaryTest(_, left, right) => {
                self.substitutions_of(frame, left);
                self.substitutions_of(frame, right);
            }
        }
    }

    /// The same of what a command reads: `< <(…)`, `<<< "$(…)"`, a here-document.
    pub(super) fn substitutions_of_input(&mut self, frame: &Rc<Frame>, redirect: &ast::IoRedirect) {
        match redirect {
            ast::IoRedirect::File(_, _, ast::IoFileRedirectTarget::ProcessSubstitution(_, subshell)) => {
                self.compound(frame, &CompoundCommand::Subshell(subshell.clone()));
            }
            ast::IoRedirect::HereString(_, word) => self.substitutions_of(frame, word),
            ast::IoRedirect::HereDocument(_, document) if document.requires_expansion => {
                self.substitutions_of(frame, &document.doc);
            }
            _ => {}
        }
    }

    pub(super) fn compound(&mut self, frame: &Rc<Frame>, command: &CompoundCommand) {
        if self.levels >= MAX_LEVELS {
            let place = frame.global(&(0..0));
            return self.not_understood(place);
        }
        self.levels += 1;
        self.compound_within(frame, command);
        self.levels -= 1;
    }

    fn compound_within(&mut self, frame: &Rc<Frame>, command: &CompoundCommand) {
        match command {
            CompoundCommand::BraceGroup(group) => self.list(frame, &group.list),
            CompoundCommand::Subshell(subshell) => {
                let mark = self.env.mark();
                self.list(frame, &subshell.list);
                self.env.undo(mark);
            }
            CompoundCommand::IfClause(clause) => self.if_clause(frame, clause),
            CompoundCommand::CaseClause(case) => {
                if let Some(taken) = self.arm_of(frame, case) {
                    let list = taken.and_then(|number| case.cases.get(number)?.cmd.as_ref());
                    return list.into_iter().for_each(|list| self.list(frame, list));
                }
                self.substitutions_of(frame, &case.value);
                let fork = self.fork();
                let mut touched = Vec::new();
                for (arm, list) in (0..).zip(case.cases.iter().filter_map(|case| case.cmd.as_ref())) {
                    touched.extend(self.arm(fork, arm, |walker| walker.list(frame, list)));
                }
                self.env.forget(&touched);
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                self.list(frame, &clause.0);
                let fork = self.fork();
                self.branch(fork, 0, |walker| walker.list(frame, &clause.1.list));
            }
            CompoundCommand::ForClause(clause) => {
                for value in clause.values.iter().flatten() {
                    self.substitutions_of(frame, value);
                }
                let fork = self.fork();
                self.branch(fork, 0, |walker| {
                    walker.env.forget(std::slice::from_ref(&clause.variable_name));
                    walker.list(frame, &clause.body.list);
                });
            }
            CompoundCommand::ArithmeticForClause(clause) => {
                let fork = self.fork();
                self.branch(fork, 0, |walker| walker.list(frame, &clause.body.list));
            }
            CompoundCommand::Arithmetic(arithmetic) => {
                let word = ast::Word { value: arithmetic.expr.value.clone(), loc: None };
                self.substitutions_of(frame, &word);
            }
        }
    }

    fn if_clause(&mut self, frame: &Rc<Frame>, clause: &ast::IfClauseCommand) {
        if let Some(holds) = self.outcome(frame, &clause.condition) {
            return match holds {
                true => self.list(frame, &clause.then),
                false => self.elses(frame, clause.elses.as_deref().unwrap_or_default()),
            };
        }
        self.list(frame, &clause.condition);
        let fork = self.fork();
        let mut touched = self.arm(fork, 0, |walker| walker.list(frame, &clause.then));
        for (arm, other) in (1..).zip(clause.elses.iter().flatten()) {
            touched.extend(self.arm(fork, arm, |walker| {
                if let Some(condition) = &other.condition {
                    walker.list(frame, condition);
                }
                walker.list(frame, &other.body);
            }));
        }
        self.env.forget(&touched);
    }

    /// The rest of an `if` of which the first conditions do not hold.
    fn elses(&mut self, frame: &Rc<Frame>, elses: &[ast::ElseClause]) {
        let Some((first, behind)) = elses.split_first() else { return };
        let holds = match &first.condition {
            None => Some(true),
            Some(condition) => self.outcome(frame, condition),
        };
        match holds {
            Some(true) => self.list(frame, &first.body),
            Some(false) => self.elses(frame, behind),
            None => {
                let fork = self.fork();
                let mut touched = Vec::new();
                for (arm, other) in (0..).zip(elses) {
                    touched.extend(self.arm(fork, arm, |walker| {
                        if let Some(condition) = &other.condition {
                            walker.list(frame, condition);
                        }
                        walker.list(frame, &other.body);
                    }));
                }
                self.env.forget(&touched);
            }
        }
    }
}

/// Whether a command is there to ask a question: what follows its `&&` may well not run.
fn is_question(pipeline: &ast::Pipeline) -> bool {
    const QUESTIONS: [&str; 9] = ["[", "test", "grep", "command", "which", "type", "hash", "false", "diff"];
    pipeline.bang
        || match pipeline.seq.last() {
            Some(Command::ExtendedTest(_) | Command::Compound(CompoundCommand::Arithmetic(_), _)) => true,
            Some(Command::Simple(simple)) => {
                simple.word_or_name.as_ref().is_some_and(|name| QUESTIONS.contains(&name.value.as_str()))
            }
            _ => false,
        }
}
