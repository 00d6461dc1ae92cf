use std::fs;

use super::*;

const PAGE_LEN: usize = 4096;

/// What a test puts under a key.
pub enum Put<'p> {
    /// A value.
    Text(&'p str),
    /// A bucket that begins with a page.
    Tree(u64),
    /// A bucket within its element.
    Inline(&'p [(&'p str, Put<'p>)]),
}

/// Returns a file with these entries.
pub fn file(entries: &[(&str, Put<'_>)]) -> Vec<u8> {
    [meta_page(2, 1), meta_page(2, 2), leaf(2, entries)].map(padded).concat()
}

fn padded(mut page: Vec<u8>) -> Vec<u8> {
    page.resize(PAGE_LEN, 0);
    page
}

fn page(number: u64, kind: u16, elements: &[(Vec<u8>, [u8; ELEMENT_LEN])]) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.extend(kind.to_le_bytes());
    bytes.extend((elements.len() as u16).to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    elements.iter().for_each(|(_, element)| bytes.extend(element));
    elements.iter().for_each(|(data, _)| bytes.extend(data));
    bytes
}

/// Places are counted from where each element begins.
fn starts(lens: &[usize]) -> Vec<u32> {
    let all = lens.len() * ELEMENT_LEN;
    let before = |at: usize| lens[..at].iter().sum::<usize>();
    (0..lens.len()).map(|at| (all + before(at) - at * ELEMENT_LEN) as u32).collect()
}

fn leaf(number: u64, entries: &[(&str, Put<'_>)]) -> Vec<u8> {
    let values: Vec<(u32, Vec<u8>)> = entries
        .iter()
        .map(|(_, put)| match put {
            Put::Text(text) => (0, text.as_bytes().to_vec()),
            Put::Tree(root) => (BUCKET, [root.to_le_bytes(), [0; 8]].concat()),
            Put::Inline(inner) => (BUCKET, [vec![0; BUCKET_HEAD_LEN], leaf(0, inner)].concat()),
        })
        .collect();
    let lens: Vec<usize> =
        entries.iter().zip(&values).map(|((key, _), (_, value))| key.len() + value.len()).collect();
    let element = |at: usize, start: u32| {
        let (flags, value) = &values[at];
        let lens = [entries[at].0.len() as u32, value.len() as u32];
        let words = [*flags, start, lens[0], lens[1]].map(u32::to_le_bytes).concat();
        let data = [entries[at].0.as_bytes(), value].concat();
        (data, words.try_into().unwrap())
    };
    let elements: Vec<_> =
        starts(&lens).into_iter().enumerate().map(|(at, start)| element(at, start)).collect();
    page(number, LEAF, &elements)
}

fn branch(number: u64, below: &[(&str, u64)]) -> Vec<u8> {
    let lens: Vec<usize> = below.iter().map(|(key, _)| key.len()).collect();
    let elements: Vec<_> = starts(&lens)
        .into_iter()
        .zip(below)
        .map(|(start, (key, number))| {
            let words = [start.to_le_bytes(), (key.len() as u32).to_le_bytes()].concat();
            let element = [words, number.to_le_bytes().to_vec()].concat();
            (key.as_bytes().to_vec(), element.try_into().unwrap())
        })
        .collect();
    page(number, BRANCH, &elements)
}

fn meta_page(root: u64, transaction: u64) -> Vec<u8> {
    let mut bytes = [MAGIC, VERSION, PAGE_LEN as u32, 0].map(u32::to_le_bytes).concat();
    for number in [root, 0, 0, 9, transaction] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(checksum(&bytes).to_le_bytes());
    [vec![0; PAGE_HEAD_LEN], bytes].concat()
}

fn sample() -> Vec<u8> {
    let labels = [("app", Put::Text("web")), ("tier", Put::Text("front"))];
    let pages = [
        meta_page(2, 7),
        meta_page(3, 6),
        leaf(2, &[("v1", Put::Tree(4)), ("version", Put::Text("6"))]),
        leaf(3, &[("version", Put::Text("5"))]),
        branch(4, &[("a", 5), ("m", 6)]),
        leaf(5, &[("alpha", Put::Text("1")), ("beta", Put::Text("2"))]),
        leaf(6, &[("web", Put::Inline(&labels)), ("zulu", Put::Text("3"))]),
    ];
    pages.map(padded).concat()
}

fn opened(bytes: &[u8]) -> (tempfile::NamedTempFile, Option<Bolt>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let bolt = Bolt::open(file.path());
    (file, bolt)
}

fn get(bolt: &Bolt, path: &[&str], key: &str) -> Option<String> {
    let value = bolt.value(&bolt.bucket(path)?, key)?;
    Some(String::from_utf8(value).unwrap())
}

#[test]
fn values_are_found_through_branches_and_inline_buckets() {
    let (_file, bolt) = opened(&sample());
    let bolt = bolt.unwrap();
    assert_eq!(get(&bolt, &[], "version").as_deref(), Some("6"));
    assert_eq!(get(&bolt, &["v1"], "beta").as_deref(), Some("2"));
    assert_eq!(get(&bolt, &["v1"], "zulu").as_deref(), Some("3"));
    assert_eq!(get(&bolt, &["v1", "web"], "tier").as_deref(), Some("front"));
    assert_eq!(get(&bolt, &["v1"], "web"), None);
    assert_eq!(get(&bolt, &["v1", "zulu"], "tier"), None);
    assert_eq!(get(&bolt, &["v2"], "beta"), None);
    let mut texts = bolt.texts(&bolt.bucket(&["v1"]).unwrap());
    texts.sort();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(texts, [pair("alpha", "1"), pair("beta", "2"), pair("zulu", "3")]);
}

#[test]
fn a_half_written_head_leaves_the_state_before_it() {
    let mut bytes = sample();
    bytes[PAGE_HEAD_LEN + 20] ^= 1;
    let (_file, bolt) = opened(&bytes);
    assert_eq!(get(&bolt.unwrap(), &[], "version").as_deref(), Some("5"));
}

#[test]
fn a_transaction_in_the_meantime_is_noticed() {
    let mut bytes = sample();
    let (file, bolt) = opened(&bytes);
    let bolt = bolt.unwrap();
    assert!(bolt.is_current());
    bytes[PAGE_LEN..PAGE_LEN * 2].fill(0);
    bytes[PAGE_LEN..PAGE_LEN + meta_page(3, 8).len()].copy_from_slice(&meta_page(3, 8));
    fs::write(file.path(), &bytes).unwrap();
    assert!(!bolt.is_current());
}

/// Whatever stands in the file, an answer comes, and in bounds.
#[test]
fn no_byte_of_a_file_is_trusted() {
    let whole = sample();
    let (file, _) = opened(&whole);
    let opened_to_write = fs::OpenOptions::new().write(true).open(file.path()).unwrap();
    let write = |at: usize, byte: u8| opened_to_write.write_all_at(&[byte], at as u64).unwrap();
    for at in (0..whole.len()).filter(|at| at % PAGE_LEN < 160) {
        for value in [0, 0xff, whole[at] ^ 1] {
            write(at, value);
            if let Some(bolt) = Bolt::open(file.path()) {
                let bucket = bolt.bucket(&["v1"]);
                let texts = bucket.map(|bucket| bolt.texts(&bucket)).unwrap_or_default();
                assert!(texts.len() <= ENTRY_COUNT_MAX);
                let web = bolt.bucket(&["v1", "web"]);
                web.and_then(|bucket| bolt.value(&bucket, "tier"));
            }
        }
        write(at, whole[at]);
    }
    let (_file, bolt) = opened(&whole[..PAGE_LEN]);
    assert!(bolt.is_none_or(|bolt| bolt.bucket(&["v1"]).is_none()));
}
