//! Spelling the values of arguments.

use super::{Arg, Form, From, Trait, error, flag};
use crate::event::Event;
use crate::name::lexical;
use crate::record::{Operation, What};
use crate::table::Process;

/// A value before it is spelt.
enum Plain<'e> {
    Number(u64),
    Text(Vec<u8>),
    Path(&'e [u8], &'e [u8]),
}

/// Writes an argument as the number or the bytes it is.
pub fn raw(event: &mut Event<'_>, arg: &Arg) -> Option<Vec<u8>> {
    Some(match plain(event, arg)? {
        Plain::Number(number) => match arg.form {
            Form::Decimal | Form::Hex | Form::Octal | Form::Flags(_) | Form::Mode => {
                number.to_string()
            }
            Form::Name(_) | Form::Uid | Form::Gid => (number as u32).to_string(),
            _ => (number as i64).to_string(),
        }
        .into_bytes(),
        Plain::Text(text) => text,
        Plain::Path(path, _) => path.to_vec(),
    })
}

/// Writes an argument as people read it: names where there are any.
pub fn readable(event: &mut Event<'_>, arg: &Arg) -> Option<Vec<u8>> {
    let (value, name) = parts(event, arg)?;
    Some(name.unwrap_or(value))
}

/// Writes an argument with its name in parentheses.
pub fn both(event: &mut Event<'_>, arg: &Arg) -> Option<Vec<u8>> {
    let (mut value, name) = parts(event, arg)?;
    if let Some(name) = name {
        value.push(b'(');
        value.extend(name);
        value.push(b')');
    }
    Some(value)
}

/// Returns the value, and what it stands for.
fn parts(event: &mut Event<'_>, arg: &Arg) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let number = match plain(event, arg)? {
        Plain::Text(text) => return Some((text, None)),
        Plain::Path(path, _) if path.first() == Some(&b'/') || path.is_empty() => {
            return Some((path.to_vec(), None));
        }
        Plain::Path(path, base) => return Some((path.to_vec(), Some(lexical(base, path)))),
        Plain::Number(number) => number,
    };
    let signed = number as i64;
    let plain = || number.to_string();
    let (value, name) = match arg.form {
        Form::Hex => (format!("{number:X}"), None),
        Form::Octal => (octal(number), None),
        Form::Outcome if signed < 0 => (signed.to_string(), Some(error_name(signed))),
        Form::Descriptor => (signed.to_string(), descriptor(event, arg, signed)),
        Form::Signed | Form::Outcome => (signed.to_string(), None),
        Form::Flags(names) if names == flag::OPEN => {
            (plain(), flag::names_of(names, flag::open(number)))
        }
        Form::Flags(names) => (plain(), flag::names_of(names, number)),
        Form::Name(names) => (plain(), flag::name_of(names, number)),
        Form::Mode => {
            (octal(number), flag::names_of(flag::MODE, number & 0o170_000 | number & 0o7777))
        }
        Form::Pid => (signed.to_string(), name_of_process(event, signed)),
        Form::Uid => user(event, number as u32),
        Form::Gid => group(event, number as u32),
        Form::Signal => (plain(), flag::name_of(flag::SIGNALS, number)),
        _ => (plain(), None),
    };
    Some((value.into_bytes(), name.map(String::into_bytes)))
}

fn octal(number: u64) -> String {
    format!("0{number:o}")
}

/// Returns the name of an error that a call returned.
pub fn error_name(result: i64) -> String {
    error::error_name(result).map_or_else(|| result.to_string(), str::to_owned)
}

fn descriptor(event: &mut Event<'_>, arg: &Arg, number: i64) -> Option<String> {
    if number < 0 {
        return (number != -1).then(|| error_name(number));
    }
    let file = match arg.from {
        From::Param(name) => event.param(name),
        _ => None,
    };
    if let Some(What::File(file)) = file
        && !file.path.is_empty()
    {
        return Some(format!("<f>{}", String::from_utf8_lossy(file.path)));
    }
    let (letter, name) = event.descriptor()?.letter_and_name()?;
    Some(format!("<{}>{}", char::from(letter), String::from_utf8_lossy(name)))
}

fn name_of_process(event: &Event<'_>, pid: i64) -> Option<String> {
    let process = event.tables.processes().by_pid(u32::try_from(pid).ok()?)?;
    Some(String::from_utf8_lossy(&process.program.name).into_owned())
}

fn user(event: &Event<'_>, uid: u32) -> (String, Option<String>) {
    if uid == u32::MAX {
        return ("-1".to_owned(), Some("<NONE>".to_owned()));
    }
    let names = event.process.and_then(|process| process.names.as_deref());
    let name = crate::read::user_name(names, uid);
    (uid.to_string(), Some(String::from_utf8_lossy(name).into_owned()))
}

fn group(event: &Event<'_>, gid: u32) -> (String, Option<String>) {
    if gid == u32::MAX {
        return ("-1".to_owned(), Some("<NONE>".to_owned()));
    }
    let names = event.process.and_then(|process| process.names.as_deref());
    let name = names.and_then(|names| names.group(gid)).unwrap_or(b"<NA>");
    (gid.to_string(), Some(String::from_utf8_lossy(name).into_owned()))
}

fn plain<'e>(event: &mut Event<'e>, arg: &Arg) -> Option<Plain<'e>> {
    match arg.from {
        From::Missing => None,
        From::Result if event.record.operation == Operation::Procexit => None,
        From::Result => Some(Plain::Number(event.result() as u64)),
        From::Device(name) => match event.param(name)? {
            What::File(file) if file.is_open() => Some(Plain::Number(file.device.into())),
            _ => None,
        },
        From::Inode(name) => match event.param(name)? {
            What::File(file) if file.is_open() => Some(Plain::Number(file.inode)),
            _ => None,
        },
        From::Process(what) => of_process(event, event.process?, what),
        From::Param(name) => of_param(event, arg, event.param(name)?),
    }
}

fn of_param<'e>(event: &mut Event<'e>, arg: &Arg, what: What<'e>) -> Option<Plain<'e>> {
    Some(match what {
        What::Number(number) => Plain::Number(number),
        What::Text(text) => Plain::Text(text.to_vec()),
        What::Path(path, base) => Plain::Path(path, base),
        What::File(_) if arg.form == Form::Tuple => {
            Plain::Text(event.descriptor()?.letter_and_name()?.1.to_vec())
        }
        What::File(file) => Plain::Number(i64::from(file.fd) as u64),
        What::Bytes(bytes) | What::Message(_, bytes) => Plain::Text(bytes.escape_ascii().collect()),
        What::Address(address) => Plain::Text(crate::read::address(address)?),
        What::Process(_) | What::Absent | What::Unread | What::Unknown => return None,
    })
}

fn of_process<'e>(event: &Event<'e>, process: &'e Process, what: Trait) -> Option<Plain<'e>> {
    let program = &*process.program;
    let joined = |words: &mut dyn Iterator<Item = &[u8]>| words.collect::<Vec<_>>().join(&b' ');
    if let Trait::Name = what {
        return Some(Plain::Text(program.name.to_vec()));
    }
    if !process.is_whole() {
        return None;
    }
    let text = match what {
        Trait::Exe => program.exe().to_vec(),
        Trait::Args => joined(&mut program.words()),
        Trait::Cwd => process.cwd.to_vec(),
        Trait::Cgroups => [b"memory=", &*process.cgroup.path].concat(),
        Trait::Environment => joined(&mut program.variables()),
        Trait::ExePath => program.path.to_vec(),
        _ => return Some(Plain::Number(number_of(event, process, what))),
    };
    Some(Plain::Text(text))
}

fn number_of(event: &Event<'_>, process: &Process, what: Trait) -> u64 {
    let facts = &process.facts;
    match what {
        Trait::Tid => event.record.tid().into(),
        Trait::Pid => facts.pid.into(),
        Trait::Parent => facts.parent.into(),
        Trait::Terminal => facts.terminal.into(),
        Trait::NsGroup => facts.ns_group.into(),
        Trait::Group => facts.group.into(),
        Trait::LoginUid => facts.login_uid.into(),
        Trait::Inheritable => facts.cap_inheritable,
        Trait::Permitted => facts.cap_permitted,
        Trait::Effective => facts.cap_effective,
        Trait::ExeInode => facts.exe_inode,
        Trait::Uid => facts.euid.into(),
        Trait::Gid => facts.egid.into(),
        Trait::NsTid => facts.ns_tid.into(),
        Trait::NsPid => facts.ns_pid.into(),
        Trait::CloneFlags => facts.clone_flags.into(),
        Trait::ExeFlags => crate::read::exe_flags(process),
        _ => 0,
    }
}
