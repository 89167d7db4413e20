//! `breakpoint`: the build waits until somebody says to go on, with the machine running.

use async_trait::async_trait;
use goldsmith_template::options::BreakpointOptions;

use crate::error::{Failure, FailureKind, StepError};
use crate::holes::fill;
use crate::journal::{Answer, Fact};
use crate::plan::{Sketch, StepKind};
use crate::provision::{ProvisionContext, Provisioner};

/// A stop until somebody says to go on.
pub struct Breakpoint {
    options: BreakpointOptions,
}

impl Breakpoint {
    /// With these options.
    pub fn new(options: BreakpointOptions) -> Self {
        Self { options }
    }
}

#[async_trait]
impl Provisioner for Breakpoint {
    fn sketch(&self) -> Sketch {
        let title = if self.options.disable {
            "Breakpoint (switched off)"
        } else {
            "Wait until somebody says to go on"
        };
        Sketch::new(title, StepKind::Wait).inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let note = match &self.options.note {
            Some(note) => fill(note, &cx.names, &[])?,
            None => String::new(),
        };
        if self.options.disable {
            cx.step.say(format!("The breakpoint is switched off. {note}"));
            return Ok(());
        }
        let message = format!("Breakpoint reached: the machine runs and the build waits. {note}");
        cx.step.say(message.trim());
        let question = Failure {
            kind: FailureKind::Input,
            message: message.trim().to_owned(),
            causes: Vec::new(),
            hints: vec!["Answer \"retry\" to go on, anything else to stop the build.".to_owned()],
        };
        let (job, step) = (cx.step.job().to_owned(), cx.step.step().to_owned());
        cx.step.emit(Fact::Asked {
            job: job.clone(),
            step: step.clone(),
            failure: question.clone(),
            paused: true,
            can_skip: false,
            script: None,
        });
        let answer = tokio::select! {
            decision = cx.step.build().asking.ask(cx.step.job(), cx.step.step(), &question) => decision.answer,
            () = cx.step.cancel().cancelled() => return Err(StepError::cancelled()),
        };
        cx.step.emit(Fact::Answered { job, step, answer });
        match answer {
            Answer::Retry => Ok(()),
            _ => Err(StepError::input("The build was stopped at a breakpoint.")),
        }
    }
}
