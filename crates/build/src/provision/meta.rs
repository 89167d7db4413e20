//! Meta-arguments around a provisioner (Packer: innermost the provisioner, then `pause_before` or else `timeout`,
//! then the retries, then `continue_on_error`).

use std::time::Duration;

use goldsmith_template::config::Meta;
use tokio_util::sync::CancellationToken;

use crate::error::StepError;
use crate::pipeline::StepContext;
use crate::provision::{ProvisionContext, Provisioner};

/// Runs the provisioner as its meta-arguments say.
pub async fn run(provisioner: &dyn Provisioner, meta: &Meta, cx: &ProvisionContext) -> Result<(), StepError> {
    let mut first = None;
    for attempt in 0..=meta.max_retries {
        if attempt > 0 {
            cx.step.say(format!("Trying again ({attempt} of {}).", meta.max_retries));
        }
        match once(provisioner, meta, cx).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => {
                if meta.max_retries > 0 {
                    cx.step.say(error.full());
                }
                // The error finally told is the first one.
                first.get_or_insert(error);
            }
        }
    }
    let Some(error) = first else { return Ok(()) };
    if meta.continue_on_error {
        cx.step.warn(format!("{} The build goes on, as continue_on_error is set.", error.full()));
        return Ok(());
    }
    Err(error)
}

async fn once(provisioner: &dyn Provisioner, meta: &Meta, cx: &ProvisionContext) -> Result<(), StepError> {
    if !meta.pause_before.is_zero() {
        cx.step.waiting("pause_before", format!("Pausing {} before it.", seconds(meta.pause_before)));
        pause(&cx.step, meta.pause_before).await?;
        return provisioner.run(cx).await;
    }
    let Some(limit) = meta.timeout else { return provisioner.run(cx).await };
    let token = cx.step.cancel().child_token();
    let limited = ProvisionContext { step: cx.step.with_cancel(token.clone()), ..cx.clone() };
    let late = || {
        StepError::guest(format!("It did not finish within its timeout of {}.", seconds(limit)))
            .hint("Raise `timeout` if it only needs longer.")
    };
    tokio::select! {
        result = provisioner.run(&limited) => match result {
            Err(error) if error.is_cancelled() && !cx.step.cancel().is_cancelled() => Err(late()),
            other => other,
        },
        () = expire(token, limit) => Err(late()),
    }
}

/// Fires the token when the time is up, then gives what runs a moment to stop by itself.
async fn expire(token: CancellationToken, limit: Duration) {
    tokio::time::sleep(limit).await;
    token.cancel();
    tokio::time::sleep(Duration::from_secs(10)).await;
}

/// Waits, unless cancelled.
pub(crate) async fn pause(cx: &StepContext, time: Duration) -> Result<(), StepError> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        () = cx.cancel().cancelled() => Err(StepError::cancelled()),
    }
}

/// `90s` as people say it.
pub(crate) fn seconds(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0 => format!("{} ms", time.as_millis()),
        1..=119 => format!("{s} s"),
        _ if s.is_multiple_of(60) => format!("{} min", s / 60),
        _ => format!("{} min {} s", s / 60, s % 60),
    }
}
