//! The text that greets whoever opens a package.

use crate::model::{Input, NOTICE, Report};
use crate::words;

/// Returns README.txt.
pub fn package(input: &Input<'_>, report: &Report<'_>) -> String {
    let evidence: String = report
        .evidence
        .iter()
        .map(|one| {
            let name = one.kind.name();
            format!("  {name:<15} {:>9} of {}\n", one.included, one.needed)
        })
        .collect();
    format!(
        "{system}\n{line}\n\n{NOTICE}\n\n\
What lies here
  report.html      for reading; needs nothing else and asks no network
  package.json     the same for programs
  figures/         a folder for each figure: rows, formula, SQL, spreadsheet formula, answer
  populations/     every item of every population, with what testing gave, as CSV
  evidence/        raw records, each with its proof up to the signed checkpoint; index.csv lists them
  catalogue/       criteria and controls as they were judged by
  trail/           the signed checkpoint and the public key
  manifest.json    every file with its SHA-256
  SHA256SUMS       the same for stock tools

How to check it without us
  sha256sum -c SHA256SUMS                               every file is as it was made
  cd figures/rules-in-force && sqlite3 :memory: < query.sql    a figure; compare with expected.txt
  sockeye-verify .                                      all of it: hashes, proofs, signature, figures,
                                                        and every result judged again from the records

Raw records (included of those the results rest on)
{evidence}
Trail `{origin}`: {blocks} blocks under the checkpoint, {entries} entries read.
Public key: {key}
Compare the key, and the hash of manifest.json, with what you were told by another way. A key that
only we hold shows that nothing was changed by others; it does not show that we changed nothing.
",
        system = input.scope.system,
        line = "=".repeat(input.scope.system.chars().count()),
        origin = input.trail.origin,
        blocks = words::number(input.trail.blocks),
        entries = words::number(input.trail.entries),
        key = input.trail.key,
    )
}
