//! Names of files as programs write them: made absolute and cleaned without asking the file
//! system, so that a symbolic link keeps its own name.

/// Returns `path` as seen from the directory `base`, without `.`, `..` and doubled slashes. Of an
/// unknown base only the path itself is left.
pub fn lexical(base: &[u8], path: &[u8]) -> Vec<u8> {
    let absolute = path.first() == Some(&b'/');
    let base = if absolute { b"" } else { base };
    let rooted = absolute || base.first() == Some(&b'/');
    let mut name = Vec::with_capacity(base.len() + path.len() + 1);
    for part in base.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => name.truncate(name.iter().rposition(|byte| *byte == b'/').unwrap_or(0)),
            _ => {
                if rooted || !name.is_empty() {
                    name.push(b'/');
                }
                name.extend_from_slice(part);
            }
        }
    }
    let last = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let open_ended = !path.is_empty() && matches!(last, b"" | b"." | b"..");
    if (open_ended && !name.is_empty()) || (rooted && name.is_empty()) {
        name.push(b'/');
    }
    name
}

/// Returns the directory of a file's name: `/` for one in the root or without any.
pub fn directory(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'/') {
        Some(at) if at > 0 && at + 1 < name.len() => &name[..at],
        Some(at) if at > 0 => name,
        _ => b"/",
    }
}

/// Returns the last part of a file's name.
pub fn last(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'/') {
        Some(at) if at + 1 < name.len() => &name[at + 1..],
        Some(_) => name,
        None => b"/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, path: &str, expected: &str) {
        let name = lexical(base.as_bytes(), path.as_bytes());
        assert_eq!(String::from_utf8(name).unwrap(), expected, "{base} {path}");
    }

    #[test]
    fn a_name_is_made_absolute_and_cleaned() {
        check("/etc", "shadow", "/etc/shadow");
        check("/etc/", "/bin//sh", "/bin/sh");
        check("/a/b", "../../../c", "/c");
        check("/a", "./b/../c/", "/a/c/");
        check("/", "..", "/");
        check("/a", ".", "/a/");
        check("", "b/../c", "c");
        check("/tmp", "", "/tmp");
    }

    #[test]
    fn a_name_has_a_directory_and_a_last_part() {
        let parts = |name: &'static str| {
            (directory(name.as_bytes()).to_owned(), last(name.as_bytes()).to_owned())
        };
        assert_eq!(parts("/etc/shadow"), (b"/etc".to_vec(), b"shadow".to_vec()));
        assert_eq!(parts("/vmlinuz"), (b"/".to_vec(), b"vmlinuz".to_vec()));
        assert_eq!(parts("name"), (b"/".to_vec(), b"/".to_vec()));
    }
}
