//! What rules know of each operation: one row is all there is.

mod file;
mod rest;

use std::sync::LazyLock;

use super::flag::{CLONE, OPEN};
use super::{Arg, Category, Form, From, Row, Trait, Uses};
use crate::record::Operation;

/// Rows, each for one or more operations.
type Rows = &'static [(&'static [Operation], Row)];

/// Of an operation that rules know nothing of but how it ended.
static OTHER: Row = new(Category::Other, Uses::Nothing, &[RES]);

/// Returns what rules know of an operation.
pub fn row(operation: Operation) -> &'static Row {
    static ROWS: LazyLock<Vec<&Row>> = LazyLock::new(|| {
        let known = || file::ROWS.iter().chain(rest::ROWS);
        let find = |one| known().find(|(all, _)| all.contains(&one)).map_or(&OTHER, |(_, row)| row);
        Operation::all().map(find).collect()
    });
    ROWS[usize::from(operation.number()) - 1]
}

const fn new(category: Category, uses: Uses, args: &'static [Arg]) -> Row {
    Row { category, uses, args }
}

const fn arg(name: &'static str, from: From, form: Form) -> Arg {
    Arg { name, from, form }
}

const fn param(name: &'static str, param: &'static str, form: Form) -> Arg {
    arg(name, From::Param(param), form)
}

const fn path(name: &'static str, from: &'static str) -> Arg {
    param(name, from, Form::Path)
}

const fn text(name: &'static str, from: &'static str) -> Arg {
    param(name, from, Form::Text)
}

const fn fd(name: &'static str, from: &'static str) -> Arg {
    param(name, from, Form::Descriptor)
}

const fn missing(name: &'static str) -> Arg {
    arg(name, From::Missing, Form::Decimal)
}

const fn own(name: &'static str, what: Trait, form: Form) -> Arg {
    arg(name, From::Process(what), form)
}

const RES: Arg = arg("res", From::Result, Form::Outcome);
const NEW_FD: Arg = arg("fd", From::Result, Form::Descriptor);
const RES_FD: Arg = arg("res", From::Result, Form::Descriptor);
const DEV: Arg = arg("dev", From::Device("file"), Form::Hex);
const INO: Arg = arg("ino", From::Inode("file"), Form::Decimal);
const FLAGS: Arg = param("flags", "flags", Form::Flags(OPEN));
const MODE: Arg = param("mode", "mode", Form::Octal);
const PERMISSIONS: Arg = param("mode", "mode", Form::Mode);
const DATA: Arg = param("data", "data", Form::Bytes);
const MESSAGE: Arg = param("data", "message", Form::Bytes);
const SIZE: Arg = param("size", "size", Form::Decimal);
const TUPLE: Arg = param("tuple", "file", Form::Tuple);
const UID: Arg = param("uid", "uid", Form::Decimal);
const GID: Arg = param("gid", "gid", Form::Decimal);
const CLONE_FLAGS: Arg = param("flags", "flags", Form::Flags(CLONE));
const FILE: Arg = fd("fd", "file");
const FD: Arg = fd("fd", "fd");
