//! Reads a bbolt file, the form in which containerd and podman keep what they know, while its
//! owner goes on writing it: no lock, no copy, a few pages for an answer.
//!
//! The owner never changes a page in place. What one transaction gives up, the second one after it
//! may use again; so what was read is whole when no transaction ended in the meantime.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
const PAGE_HEAD_LEN: usize = 16;
const ELEMENT_LEN: usize = 16;
const META_LEN: usize = 64;
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
/// Mark of an element that is a bucket.
const BUCKET: u32 = 0x01;
const BUCKET_HEAD_LEN: usize = 16;

/// Longest page with what overflows it.
const PAGE_LEN_MAX: u64 = 4 << 20;
/// Levels of a tree.
const DEPTH_MAX: u32 = 16;
/// Entries of one bucket that are listed, and pages that are read for it.
const ENTRY_COUNT_MAX: usize = 1024;
const PAGE_COUNT_MAX: usize = 256;

/// An open file at the state of its last transaction.
pub struct Bolt {
    file: File,
    meta: Meta,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Meta {
    page_len: u64,
    root: u64,
    transaction: u64,
}

/// A bucket: a tree of its own, or a page within the element that holds it.
pub enum Bucket {
    /// Number of the page that its tree begins with.
    Page(u64),
    /// Its only page.
    Inline(Vec<u8>),
}

/// What stands under a key.
enum Entry {
    Bucket(Bucket),
    Value(Vec<u8>),
}

impl Bolt {
    /// Opens a file; nothing where it is no such file.
    pub fn open(path: &Path) -> Option<Bolt> {
        let file = File::open(path).ok()?;
        let meta = meta(&file)?;
        Some(Bolt { file, meta })
    }

    /// Says whether everything that was read belongs together.
    pub fn is_current(&self) -> bool {
        meta(&self.file) == Some(self.meta)
    }

    /// Returns the bucket at a path of names.
    pub fn bucket(&self, path: &[&str]) -> Option<Bucket> {
        let mut bucket = Bucket::Page(self.meta.root);
        for name in path {
            bucket = match self.get(&bucket, name.as_bytes())? {
                Entry::Bucket(inner) => inner,
                Entry::Value(_) => return None,
            };
        }
        Some(bucket)
    }

    /// Returns the value of a key in a bucket.
    pub fn value(&self, bucket: &Bucket, key: &str) -> Option<Vec<u8>> {
        match self.get(bucket, key.as_bytes())? {
            Entry::Value(value) => Some(value),
            Entry::Bucket(_) => None,
        }
    }

    /// Returns all keys and values of a bucket, in no particular order.
    pub fn texts(&self, bucket: &Bucket) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        let mut pages: Vec<Vec<u8>> = self.first(bucket).into_iter().collect();
        let mut read = 0;
        while let Some(bytes) = pages.pop() {
            let page = Page(&bytes);
            for at in 0..page.count() {
                if read >= PAGE_COUNT_MAX || texts.len() >= ENTRY_COUNT_MAX {
                    return texts;
                }
                if let Some((_, number)) = page.branch(at) {
                    read += 1;
                    pages.extend(self.page(number));
                } else if let Some((key, Entry::Value(value))) = page.leaf(at) {
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    texts.push((text(key), text(&value)));
                }
            }
        }
        texts
    }

    fn first(&self, bucket: &Bucket) -> Option<Vec<u8>> {
        match bucket {
            Bucket::Page(number) => self.page(*number),
            Bucket::Inline(page) => Some(page.clone()),
        }
    }

    fn get(&self, bucket: &Bucket, wanted: &[u8]) -> Option<Entry> {
        let mut bytes = self.first(bucket)?;
        for _ in 0..DEPTH_MAX {
            let page = Page(&bytes);
            if page.kind() == LEAF {
                let mut all = (0..page.count()).filter_map(|at| page.leaf(at));
                return all.find(|(key, _)| *key == wanted).map(|(_, entry)| entry);
            }
            // A branch names the first key of each page below it.
            let mut below = (0..page.count()).map_while(|at| page.branch(at)).enumerate();
            let last =
                below.by_ref().take_while(|(at, (key, _))| *at == 0 || *key <= wanted).last();
            bytes = self.page(last?.1.1)?;
        }
        None
    }

    fn page(&self, number: u64) -> Option<Vec<u8>> {
        let start = number.checked_mul(self.meta.page_len)?;
        let mut bytes = vec![0; self.meta.page_len as usize];
        self.file.read_exact_at(&mut bytes, start).ok()?;
        let overflow = u64::from(u32_at(&bytes, 12)?);
        let len = overflow.checked_add(1)?.checked_mul(self.meta.page_len)?;
        if u64_at(&bytes, 0)? != number || len > PAGE_LEN_MAX {
            return None;
        }
        let read = bytes.len();
        bytes.resize(len as usize, 0);
        self.file.read_exact_at(&mut bytes[read..], start + self.meta.page_len).ok()?;
        Some(bytes)
    }
}

/// A page with its head.
struct Page<'p>(&'p [u8]);

impl<'p> Page<'p> {
    fn kind(&self) -> u16 {
        u16_at(self.0, 8).unwrap_or(0) & (BRANCH | LEAF)
    }

    fn count(&self) -> usize {
        u16_at(self.0, 10).map_or(0, usize::from)
    }

    /// Returns the first key below an element and the page it leads to.
    fn branch(&self, at: usize) -> Option<(&'p [u8], u64)> {
        let element = self.element(at, BRANCH)?;
        let key = part(element, u32_at(element, 0)?, u32_at(element, 4)?)?;
        Some((key, u64_at(element, 8)?))
    }

    fn leaf(&self, at: usize) -> Option<(&'p [u8], Entry)> {
        let element = self.element(at, LEAF)?;
        let (start, key_len) = (u32_at(element, 4)?, u32_at(element, 8)?);
        let key = part(element, start, key_len)?;
        let value = part(element, start.checked_add(key_len)?, u32_at(element, 12)?)?;
        if u32_at(element, 0)? & BUCKET == 0 {
            return Some((key, Entry::Value(value.to_vec())));
        }
        let bucket = match u64_at(value, 0)? {
            0 => Bucket::Inline(value.get(BUCKET_HEAD_LEN..)?.to_vec()),
            root => Bucket::Page(root),
        };
        Some((key, Entry::Bucket(bucket)))
    }

    /// Places are counted from where the element begins.
    fn element(&self, at: usize, kind: u16) -> Option<&'p [u8]> {
        (self.kind() == kind).then(|| self.0.get(PAGE_HEAD_LEN + at * ELEMENT_LEN..))?
    }
}

/// Returns what the last whole transaction left.
fn meta(file: &File) -> Option<Meta> {
    let first = head(file)?;
    let page_len = u64::from(u32_at(&first, 8)?);
    let both = [meta_at(file, 0), meta_at(file, page_len)];
    both.into_iter().flatten().max_by_key(|meta| meta.transaction)
}

/// The page's length is the same in both heads, even in one that is half written.
fn head(file: &File) -> Option<[u8; META_LEN]> {
    let mut bytes = [0; META_LEN];
    file.read_exact_at(&mut bytes, PAGE_HEAD_LEN as u64).ok()?;
    Some(bytes)
}

fn meta_at(file: &File, start: u64) -> Option<Meta> {
    let mut bytes = [0; META_LEN];
    file.read_exact_at(&mut bytes, start + PAGE_HEAD_LEN as u64).ok()?;
    let page_len = u64::from(u32_at(&bytes, 8)?);
    let (told, sum) = (u64_at(&bytes, META_LEN - 8)?, checksum(&bytes[..META_LEN - 8]));
    let valid = u32_at(&bytes, 0)? == MAGIC && u32_at(&bytes, 4)? == VERSION && told == sum;
    let sane = page_len.is_power_of_two() && (512..=65_536).contains(&page_len);
    (valid && sane).then_some(())?;
    Some(Meta { page_len, root: u64_at(&bytes, 16)?, transaction: u64_at(&bytes, 48)? })
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(START, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(PRIME))
}

fn part(bytes: &[u8], start: u32, len: u32) -> Option<&[u8]> {
    let start = start as usize;
    bytes.get(start..start.checked_add(len as usize)?)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
pub mod tests;
