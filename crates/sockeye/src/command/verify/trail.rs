//! A trail: recomputed as a whole by the `trail` crate; here it is only told.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;

use super::{Args, Output};

#[derive(Serialize)]
struct Told<'a> {
    sound: bool,
    proved: Vec<String>,
    not_proved: Vec<String>,
    #[serde(flatten)]
    verification: &'a trail::Verification,
}

/// Checks the trail and tells the result.
pub fn run(dir: &Path, args: &Args) -> anyhow::Result<ExitCode> {
    let key =
        args.key.as_deref().map(str::parse).transpose().context("--key is no verifier key")?;
    let known = trail::Verify { key, witnesses: args.witness.clone() };
    let verification = trail::verify(dir, &known)
        .with_context(|| format!("cannot read the trail `{}`", dir.display()))?;
    let text = match args.output {
        Output::Text => text(&verification),
        Output::Json => {
            let told = Told {
                sound: verification.sound(),
                proved: verification.proved(),
                not_proved: verification.unproved(),
                verification: &verification,
            };
            serde_json::to_string_pretty(&told)? + "\n"
        }
    };
    anstream::print!("{text}");
    Ok(if verification.sound() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn text(verification: &trail::Verification) -> String {
    let mut text = format!(
        "Trail {}: {} entries in {} blocks, {} segments, {} bytes\n",
        verification.origin,
        verification.entries,
        verification.blocks,
        verification.segments,
        verification.bytes
    );
    if !verification.sound() {
        let count = verification.faults.len() as u64 + verification.faults_unnamed;
        let faults = if count == 1 { "fault" } else { "faults" };
        let _ = writeln!(text, "\nNOT AS IT WAS WRITTEN. {count} {faults}:");
        for fault in &verification.faults {
            let _ = writeln!(text, "  {}: {}", fault.place, fault.what);
        }
        if verification.faults_unnamed > 0 {
            let _ = writeln!(text, "  … and {} more", verification.faults_unnamed);
        }
        return text;
    }
    let _ = writeln!(text, "\nProved:");
    for sentence in verification.proved() {
        let _ = writeln!(text, "  {sentence}");
    }
    let _ = writeln!(text, "\nNot proved:");
    for sentence in verification.unproved() {
        let _ = writeln!(text, "  {sentence}");
    }
    if let Some(note) = &verification.checkpoint {
        let _ = writeln!(text, "\nCheckpoint:\n");
        for line in note.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}
