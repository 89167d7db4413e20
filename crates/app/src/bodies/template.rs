//! Open templates.
use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;
pub(crate) async fn list_templates(_: &Core, _: Nothing) -> Result<TemplateList, WireError> { todo!() }
pub(crate) async fn create_template(_: &Core, _: CreateTemplate) -> Result<CreatedTemplate, WireError> { todo!() }
pub(crate) async fn open_template(_: &Core, _: OpenTemplate) -> Result<OpenedTemplate, WireError> { todo!() }
pub(crate) async fn template_state(_: &Core, _: OfSession) -> Result<TemplateState, WireError> { todo!() }
pub(crate) async fn close_template(_: &Core, _: OfSession) -> Result<Done, WireError> { todo!() }
pub(crate) async fn template_form(_: &Core, _: TemplateForm) -> Result<FormAnswer, WireError> { todo!() }
pub(crate) async fn apply_edit(_: &Core, _: ApplyEdit) -> Result<Changed, WireError> { todo!() }
pub(crate) async fn undo(_: &Core, _: OfSession) -> Result<Changed, WireError> { todo!() }
pub(crate) async fn redo(_: &Core, _: OfSession) -> Result<Changed, WireError> { todo!() }
pub(crate) async fn set_inputs(_: &Core, _: SetInputs) -> Result<TemplateState, WireError> { todo!() }
pub(crate) async fn save(_: &Core, _: Save) -> Result<Saved, WireError> { todo!() }
pub(crate) async fn reload(_: &Core, _: OfSession) -> Result<TemplateState, WireError> { todo!() }
pub(crate) async fn validate(_: &Core, _: OfSession) -> Result<Validation, WireError> { todo!() }
pub(crate) async fn inspect(_: &Core, _: OfSession) -> Result<Inspection, WireError> { todo!() }
