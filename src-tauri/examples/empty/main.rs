//! An empty window of the same size and renderer: what the window's benchmark measures Goldsmith's own part against.

#[path = "../../src/renderer.rs"]
mod renderer;

fn main() -> tauri::Result<()> {
    renderer::choose();
    tauri::Builder::default().run(tauri::generate_context!("examples/empty/tauri.conf.json"))
}
