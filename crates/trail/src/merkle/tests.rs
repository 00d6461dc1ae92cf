use proptest::prelude::*;

use super::*;

/// The eight leaves that the C2SP and Certificate Transparency test vectors use.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Roots of the trees of the first one to eight of them.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let mut frontier = Frontier::default();
    let mut leaves = Vec::new();
    for (text, expected) in LEAVES.into_iter().zip(ROOTS) {
        let hash = leaf(&[&unhex(text)]);
        frontier.push(hash);
        leaves.push(hash);
        assert_eq!(crate::hex::encode(&frontier.root()), expected);
        assert_eq!(root(&leaves), frontier.root());
    }
    assert_eq!(
        crate::hex::encode(&empty()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

fn some_leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| leaf(&[&number.to_le_bytes()])).collect()
}

#[test]
fn another_implementation_gives_the_same_roots_and_believes_our_proofs() {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
    use sha2::digest::Output;
    let mut oracle = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    let mut old: Vec<RootHash<sha2::Sha256>> = Vec::new();
    for size in 1..40_u64 {
        oracle.push((size - 1).to_le_bytes().to_vec());
        let leaves = some_leaves(size);
        let theirs = oracle.root();
        assert_eq!(theirs.as_bytes().as_slice(), root(&leaves));
        for index in 0..size {
            let Ok(path) = inclusion(&leaves[..], index, size);
            let path = path.iter().map(|hash| Output::<sha2::Sha256>::from(*hash));
            let proof =
                InclusionProof::<sha2::Sha256>::from_digests(path.collect::<Vec<_>>().iter());
            theirs.verify_inclusion(&index.to_le_bytes().to_vec(), index, &proof).unwrap();
        }
        for (at, old) in old.iter().enumerate() {
            let Ok(path) = consistency(&leaves[..], at as u64 + 1, size);
            let path = path.iter().map(|hash| Output::<sha2::Sha256>::from(*hash));
            let proof =
                ConsistencyProof::<sha2::Sha256>::from_digests(path.collect::<Vec<_>>().iter());
            theirs.verify_consistency(old, &proof).unwrap();
        }
        old.push(theirs);
    }
}

proptest! {
    #[test]
    fn a_proof_holds_for_its_leaf_and_place_only(
        size in 1_u64..300,
        at in 0_u64..300,
        flip in 0_usize..2400,
    ) {
        let leaves = some_leaves(size);
        let at = at % size;
        let Ok(path) = inclusion(&leaves[..], at, size);
        let expected = Some(root(&leaves));
        prop_assert_eq!(included(leaves[at as usize], at, size, &path), expected);
        if at + 1 < size {
            prop_assert_ne!(included(leaves[at as usize], at + 1, size, &path), expected);
        }
        let mut altered = path.clone();
        if let Some(count) = (path.len() * 256).checked_sub(1) {
            let bit = flip % (count + 1);
            altered[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(included(leaves[at as usize], at, size, &altered), expected);
        }
        altered.push([0; 32]);
        prop_assert_eq!(included(leaves[at as usize], at, size, &altered), None);
    }

    #[test]
    fn only_a_log_that_continues_the_old_one_is_consistent(
        old in 0_u64..200,
        more in 0_u64..200,
        change in 0_u64..200,
    ) {
        let size = old + more;
        let leaves = some_leaves(size);
        let (before, after) = (root(&leaves[..old as usize]), root(&leaves));
        let Ok(path) = consistency(&leaves[..], old, size);
        prop_assert!(consistent(old, &before, size, &after, &path));
        if old > 0 {
            let mut other = leaves.clone();
            other[(change % old) as usize] = [7; 32];
            let Ok(path) = consistency(&other[..], old, size);
            prop_assert!(!consistent(old, &before, size, &root(&other), &path));
        }
    }
}
