//! The worker process.

use std::sync::Arc;

use goldsmith_process::Launch;

use crate::id::{Clock, Random};
use crate::work::WorkOrder;

/// What a worker needs from outside.
#[derive(Clone)]
pub struct WorkerEnv {
    /// The door to other programs.
    pub launch: Arc<dyn Launch>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub random: Arc<dyn Random>,
}

/// Carries out an order; the exit code of the process: 0 when everything succeeded, 1 otherwise.
pub async fn worker_main(_order: WorkOrder, _env: WorkerEnv) -> u8 {
    todo!("the next change")
}
