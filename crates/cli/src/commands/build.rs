//! `build` and `builds`.

mod machine;

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;

use goldsmith_app::types::{
    Answer, BuildState, BuildStatus, Entry, Fact, LogFilter, LogLine, LogStream, Unit,
};
use goldsmith_app::wire::{
    AnswerBuild, BuildFacts, BuildLog, BuildSummary, CancelBuild, Nothing, PlanRequest, StartedBuild,
};
use goldsmith_app::{Core, ErrorKind, StreamMessage, WireError};
use serde::Serialize;

use crate::args;
use crate::commands::template::{open, options, refused};
use crate::output::{Output, Paint};
use crate::progress::Bar;
use crate::text::{Align, Table, ago, duration, size};

/// Facts and lines come from two files; those of the same moment are put in order before they are printed.
const SETTLE: Duration = Duration::from_millis(80);

/// The name of a test's only job.
const TEST: &str = "test";

/// The last line of `build --json`.
#[derive(Serialize)]
struct Ended<'a> {
    result: &'a BuildState,
}

/// A log line of `build --json`.
#[derive(Serialize)]
struct Logged<'a> {
    log: &'a LogLine,
}

/// Builds a template and shows what happens.
pub async fn build(core: &Core, output: &Output, args: args::Build) -> Result<u8, WireError> {
    let ask = args.options.on_error == args::OnError::Ask;
    if ask && !std::io::stdin().is_terminal() {
        return Err(WireError::input("no_terminal", "-on-error=ask needs a terminal to ask on")
            .hint("Use -on-error=cleanup or -on-error=abort."));
    }
    let mut options = options(&args.options);
    if args.debug {
        output.note("note: -debug stops nowhere here; the builds run one after another");
        options.parallel = 1;
    }
    let opened = open(core, args.template).await?;
    if let Some(code) = refused(core, output, &opened, &args.options).await? {
        return Ok(code);
    }
    let request = PlanRequest { session: opened.session, options };
    let started = core.start_build(request).await?;
    if args.detach {
        return detached(output, &started);
    }
    for warning in started.plan.warnings.iter().filter(|_| !output.json && !output.machine) {
        output.note(&format!("warning: {warning}"));
    }
    for skipped in started.plan.skipped.iter().filter(|_| !output.json && !output.machine) {
        output.note(&format!("skipped: {}: {}", skipped.job, skipped.reason));
    }
    let kinds = started.plan.jobs.iter().map(|job| (job.name.clone(), job.source_type.clone()));
    let follower = Follower::new(*output, args.timestamp_ui, ask, kinds.collect());
    follower.run(core, &started.build).await
}

/// Shows what happens in a test of an image until it is over; the exit code.
pub async fn follow(core: &Core, output: &Output, build: &str) -> Result<u8, WireError> {
    let kinds = HashMap::from([(TEST.to_owned(), TEST.to_owned())]);
    Follower::new(*output, false, false, kinds).run(core, build).await
}

fn detached(output: &Output, started: &StartedBuild) -> Result<u8, WireError> {
    #[derive(Serialize)]
    struct Started<'a> {
        build: &'a str,
    }
    if output.json {
        output.json_value(&Started { build: &started.build })?;
    } else {
        output.line(&format!("Build {} is running; `goldsmith builds` lists it.", started.build));
    }
    Ok(0)
}

/// Something that happened, to be put in order with the rest.
enum Happened {
    Fact(Entry),
    Line(LogLine),
}

/// Facts and log lines that were not printed yet, each in its own order.
#[derive(Default)]
struct Waiting {
    facts: VecDeque<Entry>,
    lines: VecDeque<LogLine>,
}

impl Waiting {
    /// The time of the newest of them.
    fn newest(&self) -> Option<i64> {
        let fact = self.facts.back().map(|entry| entry.at);
        fact.max(self.lines.back().map(|line| line.at))
    }

    /// The next one, when it happened at `until` or before. Of the same moment, a line comes first when its step
    /// is known to have begun.
    fn next(&mut self, until: i64, begun: impl Fn(&LogLine) -> bool) -> Option<Happened> {
        let line_first = match (self.facts.front(), self.lines.front()) {
            (Some(fact), Some(line)) => line.at < fact.at || line.at == fact.at && begun(line),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if line_first {
            let ready = self.lines.front().is_some_and(|line| line.at <= until);
            return if ready { self.lines.pop_front().map(Happened::Line) } else { None };
        }
        let ready = self.facts.front().is_some_and(|entry| entry.at <= until);
        if ready { self.facts.pop_front().map(Happened::Fact) } else { None }
    }
}

struct Follower {
    output: Output,
    timestamps: bool,
    ask: bool,
    bar: Bar,
    waiting: Waiting,
    titles: HashMap<(String, String), String>,
    /// The type of each job's source.
    kinds: HashMap<String, String>,
    /// What each job last said it waits for.
    waits: HashMap<String, String>,
    /// Number of the last log line printed.
    printed: u64,
    /// Time of the newest thing at the last look, when nothing was old enough then.
    quiet: Option<i64>,
}

impl Follower {
    fn new(output: Output, timestamps: bool, ask: bool, kinds: HashMap<String, String>) -> Self {
        Follower {
            output,
            timestamps,
            ask,
            bar: Bar::new(output),
            waiting: Waiting::default(),
            titles: HashMap::new(),
            kinds,
            waits: HashMap::new(),
            printed: 0,
            quiet: None,
        }
    }

    async fn run(mut self, core: &Core, build: &str) -> Result<u8, WireError> {
        let mut facts = core.subscribe(&format!("build/{build}"), 0)?;
        let mut log = core.subscribe(&format!("log/{build}"), 0)?;
        let mut interrupts = 0;
        let mut state = BuildState::default();
        let mut flush = tokio::time::interval(SETTLE);
        let mut facts_over = false;
        let mut log_over = false;
        while !(facts_over && log_over) {
            tokio::select! {
                message = facts.next(), if !facts_over => match message {
                    Some(StreamMessage::Facts { entries, state: now }) => {
                        state = *now;
                        self.answer(core, build, &entries).await?;
                        self.waiting.facts.extend(entries);
                        // What is left of the log is read below; nobody waits for a stream that looks now and then.
                        facts_over = state.status.is_over();
                        log_over |= facts_over;
                    }
                    Some(_) => {}
                    None => facts_over = true,
                },
                message = log.next(), if !log_over => match message {
                    Some(StreamMessage::Log { lines, .. }) => self.waiting.lines.extend(lines),
                    Some(_) => {}
                    None => log_over = true,
                },
                _ = flush.tick() => self.flush(false)?,
                pressed = tokio::signal::ctrl_c() => {
                    pressed.map_err(|error| WireError::environment("signals", "cannot wait for Ctrl-C").because(&error))?;
                    interrupts += 1;
                    self.interrupted(core, build, interrupts).await;
                }
            }
        }
        drop(log);
        self.rest_of_log(core, build).await?;
        self.flush(true)?;
        self.bar.clear();
        self.finish(core, build, &state).await
    }

    /// Reads the lines that had not come when the last fact did.
    async fn rest_of_log(&mut self, core: &Core, build: &str) -> Result<(), WireError> {
        let mut next = self.waiting.lines.back().map_or(self.printed, |line| line.n) + 1;
        loop {
            let (build, filter) = (build.to_owned(), LogFilter::default());
            let request = BuildLog { build, from: next, count: 5000, filter };
            let window = core.build_log(request).await?;
            let Some(last) = window.lines.last() else { return Ok(()) };
            next = last.n + 1;
            self.waiting.lines.extend(window.lines);
        }
    }

    async fn interrupted(&mut self, core: &Core, build: &str, times: u32) {
        self.bar.clear();
        let kill = times > 1;
        self.output.note(if kill {
            "Stopping at once."
        } else {
            "Stopping; what was made is removed. Ctrl-C again stops at once."
        });
        let request = CancelBuild { build: build.to_owned(), kill };
        // When it ended in the same moment there is nothing to stop.
        if let Err(error) = core.cancel_build(request).await
            && error.code != "build_over"
        {
            self.output.failure(&error);
        }
    }

    /// Prints what is old enough that nothing earlier can still come.
    fn flush(&mut self, all: bool) -> Result<(), WireError> {
        let Some(newest) = self.waiting.newest() else { return Ok(()) };
        // Without news between two looks the newest is old enough as well.
        let quiet = self.quiet.replace(newest) == Some(newest);
        let settle = i64::try_from(SETTLE.as_millis()).unwrap_or(0);
        let until = if all || quiet { newest } else { newest - settle };
        loop {
            let titles = &self.titles;
            let begun = |line: &LogLine| titles.contains_key(&(line.job.clone(), line.step.clone()));
            let Some(one) = self.waiting.next(until, begun) else { return Ok(()) };
            self.show(&one)?;
        }
    }

    fn show(&mut self, one: &Happened) -> Result<(), WireError> {
        if let Happened::Line(line) = one {
            self.printed = line.n;
        }
        if let Happened::Fact(Entry { fact: Fact::StepStarted { job, step, title, .. }, .. }) = one {
            self.titles.insert((job.clone(), step.clone()), title.clone());
        }
        if self.output.json {
            return match one {
                Happened::Fact(entry) => self.output.json_line(entry),
                Happened::Line(line) => self.output.json_line(&Logged { log: line }),
            };
        }
        if self.output.machine {
            match one {
                Happened::Line(line) => machine::line(&self.output, line),
                Happened::Fact(entry) => machine::fact(&self.output, entry, &self.titles),
            }
            return Ok(());
        }
        match one {
            Happened::Line(line) => {
                let paint = match line.stream {
                    LogStream::Stderr => Some(Paint::Bad),
                    LogStream::Note => Some(Paint::Faint),
                    LogStream::Stdout => None,
                };
                self.print(line.at, &line.job, &line.text, "    ", paint);
            }
            Happened::Fact(entry) => self.fact(entry),
        }
        Ok(())
    }

    fn print(&mut self, at: i64, job: &str, text: &str, lead: &str, paint: Option<Paint>) {
        self.bar.clear();
        // As Packer writes it: the time, a colon, the line.
        let stamp = if self.timestamps { format!("{}: ", time(at)) } else { String::new() };
        let head = if job.is_empty() { lead.to_owned() } else { format!("{lead}{job}: ") };
        let line = format!("{stamp}{head}{text}");
        self.output.line(&paint.map_or(line.clone(), |paint| self.output.paint(&line, paint)));
    }

    fn fact(&mut self, entry: &Entry) {
        let at = entry.at;
        match &entry.fact {
            Fact::StepStarted { job, title, .. } => self.print(at, job, title, "==> ", Some(Paint::Strong)),
            Fact::StepFinished { job, step, duration_ms, failure, .. } => {
                self.waits.remove(job);
                let title =
                    self.titles.get(&(job.clone(), step.clone())).cloned().unwrap_or_else(|| step.clone());
                match failure {
                    Some(failure) => {
                        let text =
                            format!("{title} failed after {}: {}", duration(*duration_ms), failure.full());
                        self.print(at, job, &text, "==> ", Some(Paint::Bad));
                    }
                    None if *duration_ms >= 1000 => {
                        self.print(
                            at,
                            job,
                            &format!("done in {}", duration(*duration_ms)),
                            "    ",
                            Some(Paint::Faint),
                        );
                    }
                    None => {}
                }
            }
            Fact::StepReused { job, .. } => self.print(at, job, "cached", "    ", Some(Paint::Faint)),
            // The same wait is told once, however often it is tried.
            Fact::Waiting { job, explanation, .. }
                if self.waits.insert(job.clone(), explanation.clone()).as_ref() != Some(explanation) =>
            {
                self.print(at, job, explanation, "    ", Some(Paint::Faint));
            }
            Fact::Warned { job, text, .. } => {
                self.print(at, job, &format!("warning: {text}"), "    ", Some(Paint::Warn))
            }
            Fact::Progress { job, step, done, total, unit } => {
                let unit = match unit {
                    Unit::Bytes => "bytes",
                    Unit::Percent => "percent",
                    Unit::Items => "items",
                };
                let title =
                    self.titles.get(&(job.clone(), step.clone())).map_or(step.as_str(), String::as_str);
                let title = format!("    {job}: {title}");
                let total = if unit == "percent" { Some(total.unwrap_or(100)) } else { *total };
                self.bar.draw(&title, *done, total, unit);
            }
            Fact::ArtifactProduced { job, files, .. } => {
                for file in files {
                    self.print(at, job, &format!("{} ({})", file.path, size(file.size)), "    ", None);
                }
            }
            Fact::VersionAdded { job, image, version, .. } => {
                self.print(
                    at,
                    job,
                    &format!("in the library as {image}@{version}"),
                    "    ",
                    Some(Paint::Good),
                );
            }
            Fact::CancelRequested { .. } => self.print(at, "", "cancelling", "==> ", Some(Paint::Warn)),
            _ => {}
        }
    }

    /// Asks on the terminal what to do about a failed step, as Packer does.
    async fn answer(&mut self, core: &Core, build: &str, entries: &[Entry]) -> Result<(), WireError> {
        for entry in entries {
            let Fact::Asked { job, step, failure, paused, can_skip, .. } = &entry.fact else { continue };
            if !self.ask {
                continue;
            }
            self.flush(true)?;
            self.bar.clear();
            let what = if *paused { "waits" } else { "failed" };
            self.output.note(&format!("==> {job}: step {step} {what}: {}", failure.full()));
            let (output, can_skip) = (self.output, *can_skip);
            let answer = tokio::task::spawn_blocking(move || read_answer(&output, can_skip)).await.map_err(
                |error| WireError::internal("thread_ended", "nobody could be asked").because(&error),
            )?;
            core.answer_build(AnswerBuild {
                build: build.to_owned(),
                job: job.clone(),
                answer,
                inline: None,
            })
            .await?;
        }
        Ok(())
    }

    async fn finish(&mut self, core: &Core, build: &str, state: &BuildState) -> Result<u8, WireError> {
        let took = match (state.started_at, state.finished_at) {
            (Some(start), Some(end)) => u64::try_from(end - start).unwrap_or(0),
            _ => 0,
        };
        if self.output.json {
            self.output.json_line(&Ended { result: state })?;
        }
        if self.output.machine {
            machine::end(&self.output, state, took, &self.kinds);
        }
        match state.status {
            BuildStatus::Succeeded => {
                if !self.output.json && !self.output.machine {
                    self.succeeded(state, took);
                }
                Ok(0)
            }
            status => {
                let error = self.failed(core, build, state, status).await;
                if !self.output.json && !self.output.machine {
                    self.output.note("");
                    self.output.failure(&error);
                }
                Ok(error.exit_code())
            }
        }
    }

    fn succeeded(&self, state: &BuildState, took: u64) {
        if self.kinds.contains_key(TEST) {
            return;
        }
        let partial = if state.partial { ", without the sources that were skipped" } else { "" };
        let mut text = format!("\nBuild finished after {}{partial}. Artifacts:\n", duration(took));
        for job in &state.jobs {
            for file in job.artifact.iter().chain(&job.files) {
                text.push_str(&format!("--> {}: {} ({})\n", job.name, file.path, size(file.size)));
            }
            if let Some(version) = &job.version {
                let name = format!("{}@{}", version.image, version.number);
                text.push_str(&format!(
                    "--> {}: image {} in the library\n",
                    job.name,
                    self.output.paint(&name, Paint::Good)
                ));
            }
        }
        self.output.text(&text);
    }

    async fn failed(&self, core: &Core, build: &str, state: &BuildState, status: BuildStatus) -> WireError {
        let mut error = match (&state.failure, status) {
            (Some(failure), _) => WireError::from(failure),
            (None, BuildStatus::Interrupted) => {
                let error = WireError::environment("interrupted", "the build's worker ended unexpectedly");
                if state.left.is_empty() {
                    error.hint("What it had made was removed. Was it killed, or out of memory?")
                } else {
                    state.left.iter().fold(error, |error, left| error.hint(format!("Still there: {left}")))
                }
            }
            _ => WireError::new(ErrorKind::Cancelled, "cancelled", "the build was cancelled"),
        };
        if error.kind != ErrorKind::Cancelled {
            let total = core.build_facts(BuildFacts { build: build.to_owned(), since: u64::MAX }).await;
            let failed_step = total.ok().and_then(|list| {
                let jobs = list.state.jobs.into_iter();
                jobs.flat_map(|job| job.steps.into_iter().map(move |step| (job.name.clone(), step)))
                    .find(|(_, step)| step.failure.is_some())
            });
            if let Some((job, step)) = failed_step {
                error.causes.push(format!("step \"{}\" of {job}", step.title));
            }
            error = error.hint(format!("The whole log: {}", log_path(core, build)));
        }
        error
    }
}

fn log_path(core: &Core, build: &str) -> String {
    core.setup().dirs.builds().join(build).join("log/lines.jsonl").display().to_string()
}

/// Reads until one of Packer's letters comes; the end of input cleans up.
fn read_answer(output: &Output, can_skip: bool) -> Answer {
    let mut lines = std::io::stdin().lock().lines();
    let skip = if can_skip { ", [s] go on without the step" } else { "" };
    loop {
        output.note(&format!(
            "[c] clean up and exit, [a] abort and leave everything, [r] retry the step{skip}?"
        ));
        match lines.next() {
            Some(Ok(line)) => match line.trim() {
                "c" => return Answer::CleanUp,
                "a" => return Answer::Abort,
                "r" => return Answer::Retry,
                "s" if can_skip => return Answer::Skip,
                _ => {}
            },
            _ => return Answer::CleanUp,
        }
    }
}

/// RFC 3339 in UTC, as Packer's `-timestamp-ui`.
fn time(at: i64) -> String {
    goldsmith_app::types::timestamp(at)
}

/// Lists builds.
pub async fn builds(core: &Core, output: &Output) -> Result<u8, WireError> {
    let list = core.list_builds(Nothing {}).await?;
    if output.json {
        output.json_value(&list)?;
        return Ok(0);
    }
    if list.builds.is_empty() {
        output.line("Nothing was built here yet.");
        return Ok(0);
    }
    let mut table = Table::new(&[
        ("BUILD", Align::Left),
        ("TEMPLATE", Align::Left),
        ("STATUS", Align::Left),
        ("STEPS", Align::Right),
        ("STARTED", Align::Left),
        ("TOOK", Align::Right),
        ("RESULT", Align::Left),
    ]);
    for build in list.builds {
        table.row(row(core, build));
    }
    output.text(&table.text());
    Ok(0)
}

fn row(core: &Core, build: BuildSummary) -> Vec<String> {
    let status = serde_json::to_value(build.status).ok();
    let status = status.as_ref().and_then(|value| value.as_str()).unwrap_or("unknown").to_owned();
    let result = match build.failure {
        Some(failure) => failure.chars().take(60).collect(),
        None => build.versions.join(", "),
    };
    vec![
        build.build,
        build.template,
        status,
        format!("{}/{}", build.steps_done, build.steps_total),
        ago(build.started_at, core.setup().clock.now_ms()),
        build.duration_ms.map(duration).unwrap_or_default(),
        result,
    ]
}
