//! Compiles the kernel programs with clang.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// Programs are compiled for the registers of these.
const ARCHITECTURES: &[&str] = &["x86_64"];

fn main() {
    println!("cargo::rerun-if-changed=bpf");
    println!("cargo::rerun-if-env-changed=CLANG");
    let architecture = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if !ARCHITECTURES.contains(&architecture.as_str()) {
        panic!("the sensor has no kernel programs for {architecture} yet, only for x86_64");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let clang = env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let done = Command::new(&clang)
        .args(["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror"])
        .args(["-Wno-unused-function", "-D__TARGET_ARCH_x86"])
        // Where Debian keeps the kernel's headers of this architecture.
        .arg("-I/usr/include/x86_64-linux-gnu")
        // No path of the machine that builds gets into the object.
        .args(["-fdebug-compilation-dir=.", "-c", "bpf/sensor.bpf.c", "-o"])
        .arg(out.join("sensor.bpf.o"))
        .status();
    match done {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("{} could not compile bpf/sensor.bpf.c: {status}", clang.display()),
        Err(error) => panic!(
            "{} cannot be run: {error}; install it (Debian: apt-get install clang), or name it in \
             CLANG",
            clang.display()
        ),
    }
    assert!(fs::exists(out.join("sensor.bpf.o")).unwrap_or(false), "clang wrote no object");
}
