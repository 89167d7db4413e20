use tokio_util::sync::CancellationToken;

use crate::error::ConnectError;
use crate::session::Session;
use crate::target::{SshTarget, Stage};

/// Waits for the guest and logs in.
///
/// `on_stage` hears of every change of stage. Cancelling returns at once.
pub async fn connect(
    target: &SshTarget,
    cancel: &CancellationToken,
    on_stage: &mut (dyn FnMut(&Stage) + Send),
) -> Result<Session, ConnectError> {
    let _ = (target, cancel, on_stage);
    todo!()
}
