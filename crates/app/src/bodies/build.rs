//! Plans and builds.
use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;
use goldsmith_build::journal::LogWindow;
impl Core { pub(crate) fn count_running(&self) -> (u32, u32) { (0, 0) } }
pub(crate) async fn plan(_: &Core, _: PlanRequest) -> Result<Planned, WireError> { todo!() }
pub(crate) async fn start_build(_: &Core, _: PlanRequest) -> Result<StartedBuild, WireError> { todo!() }
pub(crate) async fn cancel_build(_: &Core, _: CancelBuild) -> Result<Done, WireError> { todo!() }
pub(crate) async fn answer_build(_: &Core, _: AnswerBuild) -> Result<Done, WireError> { todo!() }
pub(crate) async fn list_builds(_: &Core, _: Nothing) -> Result<BuildList, WireError> { todo!() }
pub(crate) async fn build_state(_: &Core, _: OfBuild) -> Result<FactList, WireError> { todo!() }
pub(crate) async fn build_facts(_: &Core, _: BuildFacts) -> Result<FactList, WireError> { todo!() }
pub(crate) async fn build_log(_: &Core, _: BuildLog) -> Result<LogWindow, WireError> { todo!() }
pub(crate) async fn serial_log(_: &Core, _: SerialLog) -> Result<SerialText, WireError> { todo!() }
pub(crate) async fn screen_picture(_: &Core, _: ScreenPicture) -> Result<Picture, WireError> { todo!() }
pub(crate) async fn delete_build(_: &Core, _: OfBuild) -> Result<Done, WireError> { todo!() }
