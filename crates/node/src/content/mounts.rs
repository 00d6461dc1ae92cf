//! How a container's root is put together, as its processes' list of mounts says.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// Bytes of the longest list that is read.
const LIST_BYTES_MAX: u64 = 1 << 20;
/// Layers of one container.
const LAYERS_MAX: usize = 512;

/// What a list of mounts says of a root that is an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounts {
    /// The writable layer.
    pub upper: PathBuf,
    /// Those below it, top first.
    pub lower: Vec<PathBuf>,
    /// Where something is mounted, as the container names it.
    pub points: HashSet<String>,
}

impl Mounts {
    /// Reads the list of a process; says why it tells nothing of layers.
    pub fn of(pid: u32) -> Result<Mounts, String> {
        let ended = |_| "the container has ended".to_owned();
        let file = File::open(format!("/proc/{pid}/mountinfo")).map_err(ended)?;
        let mut text = Vec::new();
        file.take(LIST_BYTES_MAX + 1).read_to_end(&mut text).map_err(ended)?;
        if text.len() as u64 > LIST_BYTES_MAX {
            return Err("the container has too many mounts".to_owned());
        }
        Mounts::read(&String::from_utf8_lossy(&text))
    }

    fn read(text: &str) -> Result<Mounts, String> {
        let point = |line: &str| line.split(' ').nth(4).map(plain);
        let root = text.lines().rfind(|line| point(line).as_deref() == Some("/"));
        let no_overlay = || "the root of the container is no overlay".to_owned();
        let (_, about) =
            root.and_then(|line| line.split_once(" - overlay ")).ok_or_else(no_overlay)?;
        let options = about.rsplit(' ').next().unwrap_or_default();
        let (mut upper, mut lower) = (None, Vec::new());
        for option in options.split(',') {
            match option.split_once('=') {
                Some(("upperdir", path)) => upper = Some(PathBuf::from(plain(path))),
                Some(("lowerdir", paths)) => lower.extend(split(&plain(paths))),
                Some(("lowerdir+", path)) => lower.push(PathBuf::from(plain(path))),
                _ => {}
            }
        }
        let upper = upper.ok_or_else(|| "the container has no layer to write to".to_owned())?;
        let whole = |path: &PathBuf| path.is_absolute();
        if lower.is_empty() || lower.len() > LAYERS_MAX || !lower.iter().all(whole) {
            return Err("where the layers of the image are is not told whole".to_owned());
        }
        let points = text.lines().filter_map(point).filter(|point| point != "/").collect();
        Ok(Mounts { upper, lower, points })
    }
}

/// Splits a list of folders, in which `\:` is a colon of a name.
fn split(paths: &str) -> Vec<PathBuf> {
    let mut all = vec![String::new()];
    let mut letters = paths.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => all.push(String::new()),
            '\\' => all.last_mut().into_iter().for_each(|path| path.extend(letters.next())),
            letter => all.last_mut().into_iter().for_each(|path| path.push(letter)),
        }
    }
    all.into_iter().map(PathBuf::from).collect()
}

/// Writes out what the kernel wrote as `\` and three octal digits.
fn plain(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).filter(|_| *first == b'\\');
        let octal = octal.and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "1 2 0:3 / /proc rw - proc proc rw\n";

    fn check(root: &str) -> String {
        match Mounts::read(&format!("{BEFORE}3 2 0:4 / / rw - {root}\n")) {
            Err(reason) => reason,
            Ok(Mounts { upper, lower, points }) => {
                let lower: Vec<String> =
                    lower.iter().map(|path| path.display().to_string()).collect();
                format!("{} over {}; {points:?}", upper.display(), lower.join(", "))
            }
        }
    }

    #[test]
    fn layers_are_read_as_kernels_tell_them() {
        assert_eq!(
            check("overlay overlay rw,lowerdir=/s/2/fs:/s/1/fs,upperdir=/s/3/fs,workdir=/s/3/work"),
            r#"/s/3/fs over /s/2/fs, /s/1/fs; {"/proc"}"#
        );
        assert_eq!(
            check(r"overlay none ro,lowerdir+=/a\040b,lowerdir+=/c,upperdir=/u\054v"),
            r#"/u,v over /a b, /c; {"/proc"}"#
        );
        assert_eq!(
            check(r"overlay none rw,lowerdir=/a\134:b:/c,upperdir=/u"),
            r#"/u over /a:b, /c; {"/proc"}"#
        );
    }

    #[test]
    fn what_tells_of_no_layers_is_said() {
        for (root, reason) in [
            ("ext4 /dev/vda rw", "the root of the container is no overlay"),
            ("overlay overlay ro,lowerdir=/a:/b", "the container has no layer to write to"),
            (
                "overlay overlay rw,lowerdir=l/A:l/B,upperdir=x/diff",
                "where the layers of the image are is not told whole",
            ),
        ] {
            assert_eq!(check(root), reason);
        }
    }
}
