//! `sockeye-verify`: checks a report package without server, network or any key of ours. Uses
//! nothing but `trail` and `control`.

#[path = "../package/check/mod.rs"]
#[expect(dead_code, reason = "`sockeye verify` also renders what is worked out again here")]
mod check;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Check a report package offline.
///
/// Exit code 0: nothing is wrong; 1: something was changed, and is named; 2: could not look.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Args {
    /// The folder that `sockeye report` wrote
    dir: PathBuf,
    /// The verifier key as you were given it by another way
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if !args.dir.join(control::package::MANIFEST).is_file() {
        anstream::eprintln!("error: `{}` is no report package", args.dir.display());
        return ExitCode::from(2);
    }
    let (mut checked, _) = check::check(&args.dir, args.key.as_deref());
    checked.rests.push(
        "The words of the page were not compared; `sockeye verify` renders it again and does."
            .to_owned(),
    );
    let mut out = std::io::stdout().lock();
    let printed = match args.output {
        Output::Text => check::print(&checked, &mut out),
        Output::Json => serde_json::to_writer_pretty(&mut out, &checked)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out)),
    };
    match printed {
        Ok(()) if checked.is_sound() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::from(1),
        Err(_) => ExitCode::from(2),
    }
}
