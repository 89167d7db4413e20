//! Open templates.
#[derive(Default)]
pub(crate) struct Sessions {}
