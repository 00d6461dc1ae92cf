//! Rows of files and processes.

use super::{
    CLONE_FLAGS, DEV, FD, FILE, FLAGS, GID, INO, MODE, NEW_FD, PERMISSIONS, RES, RES_FD, Rows, UID,
    arg, fd, missing, new, own, param, path, text,
};
use crate::arg::Uses::{Descriptor, Folder, Nothing, Open};
use crate::arg::flag::{AT_LINK, AT_OWNER, AT_REMOVE, CLONE, EXE, FCNTL, MOUNT, RENAME, UMOUNT};
use crate::arg::{Arg, Category as C, Form, From, Trait};
use crate::record::Operation as O;

const EXEC: &[Arg] = &[
    RES,
    own("exe", Trait::Exe, Form::Text),
    own("args", Trait::Args, Form::Text),
    own("tid", Trait::Tid, Form::Pid),
    own("pid", Trait::Pid, Form::Pid),
    own("ptid", Trait::Parent, Form::Pid),
    own("cwd", Trait::Cwd, Form::Text),
    missing("fdlimit"),
    missing("pgft_maj"),
    missing("pgft_min"),
    missing("vm_size"),
    missing("vm_rss"),
    missing("vm_swap"),
    own("comm", Trait::Name, Form::Text),
    own("cgroups", Trait::Cgroups, Form::Text),
    own("env", Trait::Environment, Form::Text),
    own("tty", Trait::Terminal, Form::Decimal),
    own("vpgid", Trait::NsGroup, Form::Signed),
    own("loginuid", Trait::LoginUid, Form::Uid),
    own("flags", Trait::ExeFlags, Form::Flags(EXE)),
    own("cap_inheritable", Trait::Inheritable, Form::Hex),
    own("cap_permitted", Trait::Permitted, Form::Hex),
    own("cap_effective", Trait::Effective, Form::Hex),
    own("exe_ino", Trait::ExeInode, Form::Decimal),
    missing("exe_ino_ctime"),
    missing("exe_ino_mtime"),
    own("uid", Trait::Uid, Form::Uid),
    own("trusted_exepath", Trait::ExePath, Form::Text),
    own("pgid", Trait::Group, Form::Signed),
    own("gid", Trait::Gid, Form::Gid),
    text("filename", "filename"),
];

const MAKE: &[Arg] = &[
    arg("res", From::Result, Form::Pid),
    own("exe", Trait::Exe, Form::Text),
    own("args", Trait::Args, Form::Text),
    own("tid", Trait::Tid, Form::Pid),
    own("pid", Trait::Pid, Form::Pid),
    own("ptid", Trait::Parent, Form::Pid),
    own("cwd", Trait::Cwd, Form::Text),
    missing("fdlimit"),
    missing("pgft_maj"),
    missing("pgft_min"),
    missing("vm_size"),
    missing("vm_rss"),
    missing("vm_swap"),
    own("comm", Trait::Name, Form::Text),
    own("cgroups", Trait::Cgroups, Form::Text),
    own("flags", Trait::CloneFlags, Form::Flags(CLONE)),
    own("uid", Trait::Uid, Form::Decimal),
    own("gid", Trait::Gid, Form::Decimal),
    own("vtid", Trait::NsTid, Form::Signed),
    own("vpid", Trait::NsPid, Form::Signed),
];

/// The rows.
pub static ROWS: Rows = &[
    (&[O::Execve, O::Execveat], new(C::Process, Nothing, EXEC)),
    (&[O::Clone, O::Clone3, O::Fork, O::Vfork], new(C::Process, Nothing, MAKE)),
    (
        &[O::Procexit],
        new(
            C::Process,
            Nothing,
            &[param("status", "status", Form::Signed), missing("ret"), missing("sig")],
        ),
    ),
    (&[O::Open], new(C::File, Open, &[NEW_FD, path("name", "name"), FLAGS, MODE, DEV, INO])),
    (&[O::Creat], new(C::File, Open, &[NEW_FD, path("name", "name"), MODE, DEV, INO])),
    (
        &[O::Openat],
        new(
            C::File,
            Open,
            &[NEW_FD, missing("dirfd"), path("name", "name"), FLAGS, MODE, DEV, INO],
        ),
    ),
    (
        &[O::Openat2],
        new(
            C::File,
            Open,
            &[
                NEW_FD,
                missing("dirfd"),
                path("name", "name"),
                FLAGS,
                MODE,
                missing("resolve"),
                DEV,
                INO,
            ],
        ),
    ),
    (
        &[O::OpenByHandleAt],
        new(C::File, Open, &[NEW_FD, missing("mountfd"), FLAGS, missing("path"), DEV, INO]),
    ),
    (&[O::Close], new(C::InOut, Descriptor, &[RES, FD])),
    (&[O::Dup], new(C::InOut, Descriptor, &[RES_FD, fd("oldfd", "from")])),
    (
        &[O::Dup2, O::Dup3],
        new(C::InOut, Descriptor, &[RES_FD, fd("oldfd", "from"), fd("newfd", "file")]),
    ),
    (
        &[O::Fcntl],
        new(
            C::InOut,
            Descriptor,
            &[
                RES_FD,
                FD,
                param("cmd", "command", Form::Name(FCNTL)),
                param("arg", "argument", Form::Hex),
            ],
        ),
    ),
    (&[O::Rename], new(C::File, Nothing, &[RES, path("oldpath", "from"), path("newpath", "to")])),
    (
        &[O::Renameat],
        new(
            C::File,
            Nothing,
            &[
                RES,
                missing("olddirfd"),
                path("oldpath", "from"),
                missing("newdirfd"),
                path("newpath", "to"),
            ],
        ),
    ),
    (
        &[O::Renameat2],
        new(
            C::File,
            Nothing,
            &[
                RES,
                missing("olddirfd"),
                path("oldpath", "from"),
                missing("newdirfd"),
                path("newpath", "to"),
                param("flags", "flags", Form::Flags(RENAME)),
            ],
        ),
    ),
    (&[O::Unlink, O::Rmdir], new(C::File, Nothing, &[RES, path("path", "name")])),
    (
        &[O::Unlinkat],
        new(
            C::File,
            Folder,
            &[
                RES,
                missing("dirfd"),
                path("name", "name"),
                param("flags", "flags", Form::Flags(AT_REMOVE)),
            ],
        ),
    ),
    (
        &[O::Mkdir],
        new(C::File, Nothing, &[RES, path("path", "name"), param("mode", "mode", Form::Hex)]),
    ),
    (
        &[O::Mkdirat],
        new(
            C::File,
            Folder,
            &[RES, missing("dirfd"), path("path", "name"), param("mode", "mode", Form::Hex)],
        ),
    ),
    (&[O::Link], new(C::File, Nothing, &[RES, path("oldpath", "from"), path("newpath", "to")])),
    (
        &[O::Linkat],
        new(
            C::File,
            Nothing,
            &[
                RES,
                missing("olddir"),
                path("oldpath", "from"),
                missing("newdir"),
                path("newpath", "to"),
                param("flags", "flags", Form::Flags(AT_LINK)),
            ],
        ),
    ),
    (
        &[O::Symlink],
        new(C::File, Nothing, &[RES, text("target", "target"), path("linkpath", "name")]),
    ),
    (
        &[O::Symlinkat],
        new(
            C::File,
            Folder,
            &[RES, text("target", "target"), missing("linkdirfd"), path("linkpath", "name")],
        ),
    ),
    (
        &[O::Mknod],
        new(
            C::Other,
            Nothing,
            &[RES, path("path", "name"), PERMISSIONS, param("dev", "device", Form::Decimal)],
        ),
    ),
    (
        &[O::Mknodat],
        new(
            C::Other,
            Folder,
            &[
                RES,
                missing("dirfd"),
                path("path", "name"),
                PERMISSIONS,
                param("dev", "device", Form::Decimal),
            ],
        ),
    ),
    (&[O::Chmod], new(C::File, Nothing, &[RES, path("filename", "name"), PERMISSIONS])),
    (&[O::Fchmod], new(C::File, Descriptor, &[RES, FILE, PERMISSIONS])),
    (
        &[O::Fchmodat, O::Fchmodat2],
        new(C::File, Folder, &[RES, missing("dirfd"), path("filename", "name"), PERMISSIONS]),
    ),
    (&[O::Chown, O::Lchown], new(C::File, Nothing, &[RES, path("path", "name"), UID, GID])),
    (&[O::Fchown], new(C::File, Descriptor, &[RES, FILE, UID, GID])),
    (
        &[O::Fchownat],
        new(
            C::File,
            Folder,
            &[
                RES,
                missing("dirfd"),
                path("pathname", "name"),
                UID,
                GID,
                param("flags", "flags", Form::Flags(AT_OWNER)),
            ],
        ),
    ),
    (
        &[O::Mount],
        new(
            C::File,
            Nothing,
            &[
                RES,
                text("dev", "device"),
                path("dir", "name"),
                text("type", "type"),
                param("flags", "flags", Form::Flags(MOUNT)),
            ],
        ),
    ),
    (&[O::Umount], new(C::File, Nothing, &[RES, path("name", "name")])),
    (
        &[O::Umount2],
        new(
            C::File,
            Nothing,
            &[RES, path("name", "name"), param("flags", "flags", Form::Flags(UMOUNT))],
        ),
    ),
    (&[O::Chroot], new(C::Process, Nothing, &[RES, path("path", "name")])),
    (&[O::Chdir], new(C::File, Nothing, &[RES, path("path", "name")])),
    (&[O::Fchdir], new(C::File, Descriptor, &[RES, FILE])),
    (
        &[O::Setns],
        new(C::Process, Descriptor, &[RES, FILE, param("nstype", "type", Form::Flags(CLONE))]),
    ),
    (&[O::Unshare], new(C::Process, Nothing, &[RES, CLONE_FLAGS])),
];
