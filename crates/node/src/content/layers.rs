//! What a container's image holds at a path: the layers below its writable one, read from the node
//! as overlayfs shows them together. No link leads out of them.
//!
//! A layer may hide a whole folder of those below, and says so only to whoever may administer the
//! machine, which an agent may not. So what is found below another layer counts only if a neighbour
//! of it is seen in the container, which nothing above has.

use std::collections::HashSet;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use control::evidence::Held;
use event::Time;
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, StatxFlags, fstat, open, openat, readlinkat, statx,
};
use rustix::io::Errno;

use super::measure::{self, Root};
use super::mounts::Mounts;

/// Links that are followed.
const LINKS_MAX: u32 = 16;
/// Neighbours that are looked at.
const NEIGHBOURS_MAX: usize = 256;

/// The layers of one container's image.
#[derive(Debug)]
pub struct Layers {
    /// The writable layer, and below it those of the image, top first.
    layers: Vec<OwnedFd>,
    /// What the container sees.
    seen: Root,
    /// Where something else is mounted.
    points: HashSet<String>,
}

/// What a layer has at a path.
enum Found {
    /// It does not even have the first folder on the way.
    Unsaid,
    /// It has a folder on the way, and nothing at the path.
    Short,
    /// It says that there is nothing.
    Nothing,
    Folder,
    Link(String),
    File(File),
    Other,
}

impl Layers {
    /// Opens those of the container that a process is in, if it was made after `since`; says why
    /// they cannot be read.
    pub fn of(pid: u32, container: &str, since: Time) -> Result<Layers, String> {
        let root = || Root::of(pid, container).map_err(|_| "the container has ended".to_owned());
        root()?;
        let mounts = Mounts::of(pid)?;
        // Only if it is still in this container, these were of it.
        let seen = root()?;
        match made(&mounts.upper) {
            Some(made) if made >= since => {}
            Some(_) => return Err("the container is older than this watch".to_owned()),
            None => return Err("nobody says when the container was made".to_owned()),
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let all = std::iter::once(&mounts.upper).chain(&mounts.lower);
        let layers: Result<Vec<OwnedFd>, Errno> =
            all.map(|path| open(path, flags, Mode::empty())).collect();
        let layers = layers.map_err(|error| {
            format!("the layers of the image are not here: {}", std::io::Error::from(error))
        })?;
        Ok(Layers { layers, seen, points: mounts.points })
    }

    /// Says what the image holds at an absolute path.
    pub fn held(&self, path: &str) -> Held {
        self.look(path).unwrap_or_else(Held::Unknown)
    }

    /// Goes along a path, folder by folder, as all layers of the image have it together.
    fn look(&self, path: &str) -> Result<Held, String> {
        let ordinary = || "no ordinary file".to_owned();
        let (mut done, mut links): (Vec<String>, u32) = (Vec::new(), 0);
        let mut rest = parts(path);
        while let Some(part) = rest.pop() {
            if part == ".." {
                done.pop();
                continue;
            }
            done.push(part);
            if self.points.contains(&format!("/{}", done.join("/"))) {
                return Err("it lies on a mount of its own".to_owned());
            }
            match self.find(&done)? {
                Found::Folder if rest.is_empty() => return Err(ordinary()),
                Found::Folder => {}
                Found::Link(_) if links == LINKS_MAX => return Err("too many links".to_owned()),
                Found::Link(target) => {
                    links += 1;
                    done.pop();
                    if target.starts_with('/') {
                        done.clear();
                    }
                    rest.extend(parts(&target));
                }
                Found::File(file) if rest.is_empty() => {
                    let found = measure::read(&file);
                    return found.map(|found| found.held).map_err(|error| error.to_string());
                }
                Found::Other if rest.is_empty() => return Err(ordinary()),
                _ => return Ok(Held::Absent),
            }
        }
        Err(ordinary())
    }

    /// Finds what the image has at a path whose folders it has.
    fn find(&self, path: &[String]) -> Result<Found, String> {
        let mut above = false;
        for at in 1..self.layers.len() {
            match in_layer(&self.layers[at], path).map_err(|error| error.to_string())? {
                Found::Unsaid => {}
                Found::Short => above = true,
                sure @ (Found::Folder | Found::Nothing) => return Ok(sure),
                found if !above || self.shows(at, path) => return Ok(found),
                _ => return Err("a layer of the image may hide it".to_owned()),
            }
        }
        Ok(Found::Nothing)
    }

    /// Tells whether the container sees something that only this layer has beside the path, so that
    /// nothing above hides the folder.
    fn shows(&self, at: usize, path: &[String]) -> bool {
        let Some((own, folder)) = path.split_last() else { return false };
        let Ok(names) = names(&self.layers[at], folder) else { return false };
        names.into_iter().filter(|name| name != own).any(|name| {
            let beside = [folder, &[name]].concat();
            let has_none =
                |layer| matches!(in_layer(layer, &beside), Ok(Found::Unsaid | Found::Short));
            self.layers[..at].iter().all(has_none)
                && self.seen.has(&format!("/{}", beside.join("/")))
        })
    }
}

/// Returns when a folder was made.
fn made(folder: &Path) -> Option<Time> {
    let found = statx(CWD, folder, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BTIME).ok()?;
    let born = found.stx_btime;
    let known = found.stx_mask & StatxFlags::BTIME.bits() != 0;
    known.then(|| Time(born.tv_sec * Time::SECOND + i64::from(born.tv_nsec)))
}

/// Splits a path into its parts, the first one last.
fn parts(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    let mut parts: Vec<String> = parts.map(str::to_owned).collect();
    parts.reverse();
    parts
}

/// Says what one layer has at a path.
fn in_layer(layer: &OwnedFd, path: &[String]) -> Result<Found, Errno> {
    let Some((last, folders)) = path.split_last() else { return Ok(Found::Folder) };
    let mut folder = None;
    for part in folders {
        let parent = folder.as_ref().unwrap_or(layer);
        match open_folder(parent, part) {
            Ok(opened) => folder = Some(opened),
            Err(Errno::NOENT) if folder.is_none() => return Ok(Found::Unsaid),
            Err(Errno::NOENT) => return Ok(Found::Short),
            // A white-out, or a file: either hides the folder of those below.
            Err(Errno::NOTDIR | Errno::LOOP) => return Ok(Found::Nothing),
            Err(error) => return Err(error),
        }
    }
    match folder {
        None => Ok(found(layer, last)?.unwrap_or(Found::Unsaid)),
        Some(folder) => Ok(found(&folder, last)?.unwrap_or(Found::Short)),
    }
}

/// Says what lies in a folder of a layer; nothing if nothing does.
fn found(folder: &OwnedFd, name: &str) -> Result<Option<Found>, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let state = match openat(folder, name, flags, Mode::empty()) {
        Ok(opened) => fstat(opened)?,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(match FileType::from_raw_mode(state.st_mode) {
        FileType::CharacterDevice if state.st_rdev == 0 => Found::Nothing,
        FileType::Directory => Found::Folder,
        FileType::Symlink => {
            let target = readlinkat(folder, name, Vec::new())?;
            Found::Link(target.to_string_lossy().into_owned())
        }
        FileType::RegularFile => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            Found::File(openat(folder, name, flags, Mode::empty())?.into())
        }
        _ => Found::Other,
    }))
}

fn open_folder(parent: impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

/// Lists what a layer has in a folder, as far as is looked at.
fn names(layer: &OwnedFd, folder: &[String]) -> Result<Vec<String>, Errno> {
    let mut opened = open_folder(layer, ".")?;
    for part in folder {
        opened = open_folder(&opened, part)?;
    }
    let entries = Dir::read_from(opened)?.filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
    Ok(names.filter(|name| name != "." && name != "..").take(NEIGHBOURS_MAX).collect())
}

#[cfg(test)]
mod tests;
