//! `goldsmith worker`: carries out the order on its standard input.

use std::io::Read as _;

use goldsmith_app::{Core, WireError};

/// Runs it; its journal tells everything, its exit code only whether all went well.
pub async fn worker(core: &Core) -> Result<u8, WireError> {
    let order = tokio::task::spawn_blocking(|| {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    });
    let broken = |error: &(dyn std::error::Error + 'static)| {
        WireError::environment("no_order", "no work order came on standard input").because(error)
    };
    let order = order.await.map_err(|error| broken(&error))?.map_err(|error| broken(&error))?;
    core.work(order.as_slice()).await
}
