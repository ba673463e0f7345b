//! Lists the commands, so that each needs a permission: without the list, every local window could call
//! every command.

fn main() {
    let commands = tauri_build::AppManifest::new().commands(&[
        "call",
        "pick_model_file",
        "pick_folder",
        "pick_open_path",
        "pick_save_path",
        "save_text_file",
    ]);
    let attributes = tauri_build::Attributes::new().app_manifest(commands);
    tauri_build::try_build(attributes)
        .expect("the Tauri configuration is valid and its files exist");
}
