//! The API's description is committed, so that the console's client is built from it and a change
//! of the API is seen in review.

use std::path::Path;

#[test]
fn the_committed_description_is_the_api() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json");
    let description = server::api::openapi();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &description).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == description,
        "docs/reference/openapi.json is out of date: run \
         `UPDATE_EXPECT=1 cargo test -p server --test openapi` and commit it"
    );
}
