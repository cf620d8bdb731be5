//! Our own pages on a listener of their own.

use std::sync::Arc;

use crate::proxy::serve::{Route, serve};
use crate::proxy::shared::{Device, Shared};
use crate::proxy::wire::Wire;

/// Serves the pages over plain HTTP. There is nothing secret on them, and a device that came for the
/// certificate does not trust it yet.
pub(in crate::proxy) async fn admin(shared: Arc<Shared>, device: Arc<Device>, wire: Wire) {
    serve(shared, device, Route::Pages { tunnelled: false }, wire, None).await;
}
