//! The catalogue that comes with the program.

use super::CatalogueFile;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Returns the files of `controls/` as they were when the program was built.
pub fn embedded() -> Vec<CatalogueFile> {
    FILES
        .iter()
        .map(|(path, text)| CatalogueFile { path: (*path).to_owned(), text: (*text).into() })
        .collect()
}
