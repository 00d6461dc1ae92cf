//! Makes the folder of the built console exist, so that cargo can watch it: a missing path would
//! rebuild this crate every time. Building Rust never needs node.

use std::path::Path;

fn main() {
    let console = Path::new("../../web/dist");
    if let Err(error) = std::fs::create_dir_all(console) {
        println!("cargo::warning=cannot make web/dist, the console will be missing: {error}");
    }
    println!("cargo::rerun-if-changed={}", console.display());
    println!("cargo::rerun-if-changed=build.rs");
}
