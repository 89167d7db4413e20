//! Typing the boot command: `boot_wait`, `boot_command`, `boot_steps`.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_machine::Lifecycle as _;
use goldsmith_machine::typing::{Action, Item, Layout, actions, lookalikes, parse};
use goldsmith_template::options::BootOptions;
use goldsmith_template::{Job, Part, Place, Text};
use serde_json::json;

use crate::checkpoint::JobCheckpoints;
use crate::error::StepError;
use crate::journal::Unit;
use crate::names::Names;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::provision::meta::{pause, seconds};
use crate::provision::sentence;
use crate::steps::connect::died;
use crate::steps::fields::{fill_in, shown};
use crate::steps::machine::Running;
use crate::steps::typist::Typist;

/// Stands for what is known only later while the rest is checked.
const LATER: char = '\u{F0000}';

/// Types the boot command.
pub(crate) struct TypeBootCommand {
    wait: Duration,
    steps: Vec<BootStep>,
    interval: Option<Duration>,
    layout: &'static Layout,
    machine: Output<Running>,
    machine_name: String,
    names: Names,
    serves: bool,
    checkpoints: JobCheckpoints,
    warnings: Vec<String>,
}

struct BootStep {
    text: Text,
    description: Option<Text>,
}

impl TypeBootCommand {
    /// None when nothing is typed: then there is nothing to wait for either.
    pub(crate) fn new(
        job: &Job,
        boot: &BootOptions,
        names: &Names,
        machine: Output<Running>,
        machine_name: &str,
        serves: bool,
        checkpoints: JobCheckpoints,
    ) -> Result<Option<Self>, PlanError> {
        let place = &job.place;
        let mut steps = Vec::new();
        if !boot.boot_command.is_empty() {
            steps.push(BootStep { text: joined(&boot.boot_command), description: None });
        }
        for row in &boot.boot_steps {
            let Some(text) = row.first() else { continue };
            if row.len() > 2 {
                return Err(PlanError::new(
                    format!(
                        "A row of `boot_steps` has {} texts; it is what is typed and a description.",
                        row.len()
                    ),
                    place,
                ));
            }
            steps.push(BootStep { text: text.clone(), description: row.get(1).cloned() });
        }
        steps.retain(|step| !step.text.is_empty());
        if steps.is_empty() {
            return Ok(None);
        }
        let layout = Layout::named(&boot.boot_keyboard_layout).unwrap_or_else(Layout::us);
        let mut warnings = Vec::new();
        for step in &steps {
            check(&step.text, layout, place, &mut warnings)?;
        }
        Ok(Some(Self {
            wait: boot.boot_wait,
            steps,
            interval: boot.boot_key_interval.filter(|interval| !interval.is_zero()),
            layout,
            machine,
            machine_name: machine_name.to_owned(),
            names: names.clone(),
            serves,
            checkpoints,
            warnings,
        }))
    }

    fn actions(&self, text: &Text) -> Result<Vec<Action>, StepError> {
        let filled = fill_in(text, &self.names, &self.machine_name)?;
        let items = parse(&filled).map_err(|error| StepError::input(format!("boot_command: {error}.")))?;
        actions(&items, self.layout).map_err(|error| StepError::input(format!("boot_command: {error}.")))
    }
}

fn joined(texts: &[Text]) -> Text {
    let mut all = Text::default();
    for text in texts {
        all.sensitive |= text.sensitive;
        for part in &text.parts {
            match part {
                Part::Known(text) => all.push_str(text),
                Part::Hole(hole) => all.push_hole(hole.clone()),
            }
        }
    }
    all
}

/// What can be said of the command before the holes are filled.
fn check(text: &Text, layout: &Layout, place: &Place, warnings: &mut Vec<String>) -> Result<(), PlanError> {
    let known: String = text
        .parts
        .iter()
        .map(|part| match part {
            Part::Known(text) => text.clone(),
            Part::Hole(_) => LATER.to_string(),
        })
        .collect();
    let wrong = |error: String| PlanError::new(format!("boot_command: {error}."), place);
    let items = parse(&known).map_err(|error| wrong(error.to_string()))?;
    let items: Vec<Item> = items.into_iter().filter(|item| !matches!(item, Item::Char(LATER, _))).collect();
    actions(&items, layout).map_err(|error| {
        wrong(error.to_string()).hint("boot_keyboard_layout names the layout the guest assumes.")
    })?;
    if !text.sensitive {
        for piece in lookalikes(&known) {
            warnings
                .push(format!("boot_command: {piece} is not the name of a key; it is typed as it stands."));
        }
    }
    Ok(())
}

#[async_trait]
impl Step for TypeBootCommand {
    type Output = ();

    fn sketch(&self) -> Sketch {
        let mut sketch = Sketch::new("Type the boot command", StepKind::Wait);
        if !self.wait.is_zero() {
            sketch = sketch.command(format!("wait {}", seconds(self.wait)));
        }
        let mut typed = Vec::new();
        for step in &self.steps {
            let text = shown(&step.text, &self.names, &self.machine_name, self.serves);
            sketch = sketch.command(match &step.description {
                Some(description) => format!("type {text}  # {}", description.display()),
                None => format!("type {text}"),
            });
            typed.push(text);
        }
        for warning in &self.warnings {
            sketch = sketch.warning(warning.clone());
        }
        sketch.inputs(&json!({ "wait": self.wait, "typed": typed, "layout": self.layout.name(), "interval": self.interval }))
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        if self.checkpoints.guest().is_some() {
            cx.reused();
            return Ok(());
        }
        let running = self.machine.get()?;
        let all: Vec<Vec<Action>> =
            self.steps.iter().map(|step| self.actions(&step.text)).collect::<Result<_, _>>()?;
        if !self.wait.is_zero() {
            cx.waiting("boot_wait", format!("Waiting {} before typing (boot_wait).", seconds(self.wait)));
        }
        let typed = tokio::select! {
            typed = self.type_all(cx, &running, &all) => typed,
            ending = running.machine.wait_stopped(None) => return Err(died(ending)),
        };
        match typed {
            // The keyboard goes first, the process a moment later.
            Err(error) if !error.is_cancelled() => {
                match running.machine.wait_stopped(Some(Duration::from_secs(1))).await {
                    Some(ending) => Err(died(Some(ending))),
                    None => Err(error),
                }
            }
            other => other,
        }
    }

    /// A person may have typed it.
    fn without(&self) -> Option<()> {
        Some(())
    }

    fn skipped(&self) {
        self.checkpoints.stop();
    }
}

impl TypeBootCommand {
    async fn type_all(
        &self,
        cx: &StepContext,
        running: &Running,
        all: &[Vec<Action>],
    ) -> Result<(), StepError> {
        pause(cx, self.wait).await?;
        let began = Instant::now();
        let total = all.iter().map(Vec::len).sum::<usize>() as u64;
        let scratch = cx.runtime().join(format!("screen-{}", cx.fresh()));
        let mut typist = Typist::new(cx, &running.machine, self.interval, scratch);
        let mut done = 0;
        for (step, actions) in self.steps.iter().zip(all) {
            match &step.description {
                Some(text) => cx.waiting("typing", sentence(&format!("typing: {}", text.display()))),
                None => cx.waiting("typing", "Typing the boot command."),
            }
            for action in actions {
                typist.act(action).await?;
                done += 1;
                cx.progress(done, Some(total), Unit::Items);
            }
        }
        let keys = all.iter().flatten().filter(|action| matches!(action, Action::Keys { .. })).count();
        cx.say(format!(
            "Typed {keys} keys in {:.1} s; the screen confirmed {} of them.",
            began.elapsed().as_secs_f64(),
            typist.echoed()
        ));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_of_the_option_and_of_the_keyboard_are_the_same() {
        use goldsmith_template::options::Constraint;
        let option = BootOptions::OPTIONS.iter().find(|spec| spec.name == "boot_keyboard_layout");
        assert_eq!(option.map(|spec| spec.constraint), Some(Constraint::OneOf(Layout::NAMES)));
    }
}
