use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use rustix::fs::mknodat;
use tempfile::TempDir;

use super::*;

const ONE: &str = "sha256:2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";
const TWO: &str = "sha256:27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a";

/// A writable layer, two of an image, and what a container sees of them.
struct Image(TempDir);

impl Image {
    fn new() -> Image {
        let image = Image(TempDir::new().unwrap());
        for layer in ["upper", "top", "base", "seen"] {
            fs::create_dir(image.at(layer)).unwrap();
        }
        image
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> &Image {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        fs::write(self.at(name), text).unwrap();
        self
    }

    fn white_out(&self, name: &str) {
        let (kind, mode) = (FileType::CharacterDevice, Mode::from_raw_mode(0));
        mknodat(CWD, self.at(name), kind, mode, 0).unwrap();
    }

    fn held(&self, path: &str) -> String {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let layers = ["upper", "top", "base"];
        let layers = layers.map(|name| open(self.at(name), flags, Mode::empty()).unwrap());
        let seen = Root::at(&self.at("seen")).unwrap();
        let points = HashSet::from(["/etc/hosts".to_owned()]);
        Layers { layers: layers.into(), seen, points }.held(path).to_string()
    }
}

#[test]
fn a_file_is_found_in_the_topmost_layer_that_has_it() {
    let image = Image::new();
    image.write("base/etc/passwd", "one\n").write("base/etc/group", "one\n");
    image.write("top/etc/passwd", "two\n");
    // What the container itself wrote is not the image's.
    image.write("upper/etc/passwd", "three\n").write("upper/etc/new", "three\n");
    assert_eq!(image.held("/etc/passwd"), TWO);
    assert_eq!(image.held("/etc/new"), "no file");
    // Below a layer that has the folder too, a neighbour must show that it hides nothing.
    assert_eq!(image.held("/etc/group"), "not known: a layer of the image may hide it");
    image.write("base/etc/issue", "").write("seen/etc/issue", "");
    assert_eq!(image.held("/etc/group"), ONE);
    image.write("upper/etc/issue", "");
    assert_eq!(image.held("/etc/group"), "not known: a layer of the image may hide it");
}

#[test]
fn what_a_layer_removed_is_no_file() {
    let image = Image::new();
    image.write("base/etc/one", "one\n").write("base/etc/sub/two", "two\n");
    image.write("base/etc/over/three", "two\n").write("top/etc/over", "a file now");
    image.white_out("top/etc/one");
    image.white_out("top/etc/sub");
    for path in ["/etc/one", "/etc/sub/two", "/etc/over/three", "/none/at/all"] {
        assert_eq!(image.held(path), "no file", "{path}");
    }
}

#[test]
fn links_are_followed_within_the_image_and_never_out_of_it() {
    let image = Image::new();
    image.write("base/usr/bin/tool", "one\n").write("base/etc/real", "two\n");
    image.write("outside", "one\n");
    symlink("usr/bin", image.at("base/bin")).unwrap();
    symlink("/etc/real", image.at("base/etc/link")).unwrap();
    symlink("../../../../outside", image.at("base/etc/out")).unwrap();
    symlink(image.at("outside"), image.at("base/etc/far")).unwrap();
    symlink("loop", image.at("base/etc/loop")).unwrap();
    assert_eq!(image.held("/bin/tool"), ONE);
    assert_eq!(image.held("/etc/link"), TWO);
    assert_eq!(image.held("/etc/out"), "no file");
    assert_eq!(image.held("/etc/far"), "no file");
    assert_eq!(image.held("/etc/loop"), "not known: too many links");
}

#[test]
fn what_is_no_file_of_the_image_is_not_known() {
    let image = Image::new();
    image.write("base/etc/hosts", "one\n");
    let pipe = image.at("base/etc/pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    assert_eq!(image.held("/etc/hosts"), "not known: it lies on a mount of its own");
    assert_eq!(image.held("/etc/pipe"), "not known: no ordinary file");
    assert_eq!(image.held("/etc"), "not known: no ordinary file");
}
