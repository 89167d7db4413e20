//! Throw-away copies of images.
use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;
pub(crate) async fn run_image(_: &Core, _: RunImage) -> Result<RunState, WireError> { todo!() }
pub(crate) async fn run_state(_: &Core, _: OfRun) -> Result<RunState, WireError> { todo!() }
pub(crate) async fn list_runs(_: &Core, _: Nothing) -> Result<RunList, WireError> { todo!() }
pub(crate) async fn stop_run(_: &Core, _: StopRun) -> Result<Done, WireError> { todo!() }
