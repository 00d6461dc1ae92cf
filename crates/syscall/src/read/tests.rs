use crate::record::{FILE_CREATED, Head, IO_URING, Kind, Operation, RESULT_UNKNOWN, Writer};
use crate::sample::{show, tables, take, who};

fn check(bytes: &[u8], expected: &[(&str, &str)]) {
    let mut tables = tables();
    take(&mut tables, &who(10, 1).executes("/bin/cat", &["/bin/cat", "a", "b c"], "/"));
    for (field, value) in expected {
        assert_eq!(show(&mut tables, bytes, field), *value, "{field}");
    }
}

#[test]
fn an_open_tells_its_name_and_the_kernels() {
    let opened = who(10, 1).opens("../etc//shadow", "/srv", 0o102, 3);
    check(
        &opened,
        &[
            ("evt.type", "openat"),
            ("evt.dir", "<"),
            ("evt.category", "file"),
            ("fd.num", "3"),
            ("fd.name", "/etc/shadow"),
            ("fd.nameraw", "../etc/shadow"),
            ("fd.path", "/real/path"),
            ("fd.directory", "/etc"),
            ("fd.filename", "shadow"),
            ("fd.typechar", "f"),
            ("fs.path.name", "/etc/shadow"),
            ("evt.is_open_read", "true"),
            ("evt.is_open_write", "true"),
            ("evt.is_open_create", "false"),
            ("evt.arg.name", "/etc/shadow"),
            ("evt.arg.flags", "O_CREAT|O_RDWR"),
            ("evt.rawarg.flags", "66"),
            ("evt.arg.fd", "<f>/etc/shadow"),
            ("evt.res", "SUCCESS"),
            ("evt.rawres", "3"),
            ("evt.hostname", "node"),
        ],
    );
}

#[test]
fn an_open_that_made_its_file_says_so() {
    let open = |flags: u64, result: i64, told: u32| {
        Writer::new(Operation::Openat, &who(10, 1).head(result, "sh"))
            .number(flags)
            .number(0o644)
            .path(b"/dev/x", b"")
            .file(3, 0o100_644, told, b"/dev/x")
            .finish()
    };
    const CREATE: u64 = 0o101;
    for (record, expected) in [
        (open(CREATE, 3, FILE_CREATED), "true"),
        (open(CREATE, 3, 0), "false"),
        (open(CREATE, -13, FILE_CREATED), "false"),
        (open(1, 3, FILE_CREATED), "false"),
    ] {
        check(&record, &[("evt.is_open_create", expected)]);
    }
}

#[test]
fn a_failed_open_has_a_name_and_no_file() {
    let failed = who(10, 1).opens("/root/key", "", 0, -13);
    check(
        &failed,
        &[
            ("fd.num", "-1"),
            ("fd.name", "/root/key"),
            ("fd.typechar", "f"),
            ("fd.path", "-"),
            ("fd.ino", "-"),
            ("fs.path.name", "-"),
            ("evt.res", "EACCES"),
            ("evt.failed", "true"),
            ("evt.is_open_read", "true"),
        ],
    );
}

#[test]
fn what_is_asked_for_through_io_uring_counts_as_done() {
    let flags = IO_URING | RESULT_UNKNOWN;
    let head = Head { flags, ..who(10, 1).head(0, "cat") };
    let asked = Writer::new(Operation::Openat, &head)
        .number(0)
        .number(0)
        .path(b"/etc/shadow", b"")
        .file(-1, 0, 0, b"")
        .finish();
    check(&asked, &[("fd.num", "0"), ("fd.name", "/etc/shadow"), ("evt.rawres", "0")]);
}

#[test]
fn an_execution_tells_the_new_program() {
    let exec = who(10, 1).executes("/usr/bin/python3", &["python3", "-c", "x y"], "/");
    check(
        &exec,
        &[
            ("proc.name", "python3"),
            ("proc.exe", "python3"),
            ("proc.exepath", "/usr/bin/python3"),
            ("proc.args", "-c x y"),
            ("proc.args[1]", "x y"),
            ("proc.cmdline", "python3 -c x y"),
            ("proc.cmdnargs", "2"),
            ("proc.cmdlenargs", "5"),
            ("proc.cwd", "/srv"),
            ("proc.tty", "34816"),
            ("proc.vpid", "1"),
            ("proc.is_vpgid_leader", "true"),
            ("proc.is_exe_from_memfd", "false"),
            ("proc.env[TOKEN]", "x"),
            ("proc.env", "HOME=/root TOKEN=x"),
            ("proc.duration", "9990000000000"),
            ("thread.cap_effective", "CAP_CHOWN CAP_SYS_ADMIN"),
            ("user.uid", "0"),
            ("user.name", "root"),
            ("user.loginuid", "-1"),
            ("evt.arg.exe", "python3"),
            ("evt.arg.filename", "/usr/bin/python3"),
            ("evt.arg.res", "0"),
            ("fd.name", "-"),
        ],
    );
}

fn connects(result: i64) -> Vec<u8> {
    Writer::new(Operation::Connect, &who(10, 1).head(result, "nc"))
        .socket(5, 2, (&[10, 0, 0, 9], 40_000), (&[192, 0, 2, 7], 22))
        .raw(Kind::Address, 0, &[2, 0, 0, 22, 192, 0, 2, 7])
        .finish()
}

#[test]
fn who_connects_is_the_client() {
    check(
        &connects(-115),
        &[
            ("fd.type", "ipv4"),
            ("fd.typechar", "4"),
            ("fd.name", "10.0.0.9:40000->192.0.2.7:22"),
            ("fd.cip", "10.0.0.9"),
            ("fd.sip", "192.0.2.7"),
            ("fd.sport", "22"),
            ("fd.rport", "22"),
            ("fd.lport", "40000"),
            ("fd.ip", "10.0.0.9,192.0.2.7"),
            ("fd.port", "40000,22"),
            ("fd.l4proto", "<NA>"),
            ("fd.connected", "true"),
            ("fd.sockfamily", "ip"),
            ("fd.directory", "-"),
            ("evt.res", "EINPROGRESS"),
            ("evt.arg.addr", "192.0.2.7:22"),
        ],
    );
    check(&connects(-111), &[("fd.connected", "false")]);
}

#[test]
fn who_accepts_is_the_server() {
    let accepts = Writer::new(Operation::Accept4, &who(10, 1).head(6, "nginx"))
        .socket(6, 2, (&[10, 0, 0, 9], 80), (&[192, 0, 2, 7], 50_000))
        .number(3)
        .number(0)
        .finish();
    check(
        &accepts,
        &[
            ("fd.name", "192.0.2.7:50000->10.0.0.9:80"),
            ("fd.cip", "192.0.2.7"),
            ("fd.sport", "80"),
            ("fd.lport", "80"),
            ("fd.is_server", "true"),
        ],
    );
}

#[test]
fn a_datagram_to_somebody_else_changes_the_name() {
    let sends = |last: u8| {
        Writer::new(Operation::Sendto, &who(10, 1).head(4, "dig"))
            .socket(5, 2, (&[0, 0, 0, 0], 40_000), (&[0, 0, 0, 0], 0))
            .number(4)
            .raw(Kind::Address, 0, &[2, 0, 0, 53, 192, 0, 2, last])
            .raw(Kind::Bytes, 0, b"data")
            .finish()
    };
    let mut tables = tables();
    assert_eq!(show(&mut tables, &sends(7), "fd.name_changed"), "true");
    take(&mut tables, &sends(7));
    assert_eq!(show(&mut tables, &sends(7), "fd.name_changed"), "false");
    assert_eq!(show(&mut tables, &sends(8), "fd.name_changed"), "true");
    assert_eq!(show(&mut tables, &sends(8), "fd.name"), "0.0.0.0:40000->192.0.2.8:53");
    assert_eq!(show(&mut tables, &sends(8), "evt.buffer"), "data");
    assert_eq!(show(&mut tables, &sends(8), "fd.connected"), "false");
}

#[test]
fn calls_on_names_tell_both() {
    let rename = Writer::new(Operation::Renameat2, &who(10, 1).head(0, "mv"))
        .path(b"a", b"/srv")
        .path(b"/b/../c", b"")
        .number(1)
        .finish();
    check(
        &rename,
        &[
            ("evt.arg.oldpath", "/srv/a"),
            ("evt.arg.newpath", "/b/../c"),
            ("evt.arg.flags", "RENAME_NOREPLACE"),
            ("fs.path.source", "/srv/a"),
            ("fs.path.target", "/c"),
            ("fs.path.targetraw", "/b/../c"),
            ("evt.args", "res=0 oldpath=a(/srv/a) newpath=/b/../c flags=1(RENAME_NOREPLACE)"),
        ],
    );
    let link = Writer::new(Operation::Symlinkat, &who(10, 1).head(0, "ln"))
        .text(b"/etc/shadow")
        .path(b"x", b"/tmp")
        .finish();
    check(
        &link,
        &[
            ("evt.arg.target", "/etc/shadow"),
            ("evt.arg.linkpath", "/tmp/x"),
            ("fs.path.source", "/tmp/x"),
            ("fs.path.target", "/etc/shadow"),
        ],
    );
}

#[test]
fn numbers_have_the_names_that_rules_know() {
    let head = who(10, 1).head(0, "x");
    let one = |operation, numbers: &[u64]| {
        numbers.iter().fold(Writer::new(operation, &head), |all, one| all.number(*one)).finish()
    };
    check(&one(Operation::Ptrace, &[16, 5, 0, 0]), &[("evt.arg.request", "PTRACE_ATTACH")]);
    check(&one(Operation::Bpf, &[5]), &[("evt.arg.cmd", "BPF_PROG_LOAD")]);
    check(&one(Operation::Socket, &[17, 3, 0]), &[("evt.arg.domain", "AF_PACKET")]);
    check(&one(Operation::Unshare, &[0x1000_0000]), &[("evt.arg.flags", "CLONE_NEWUSER")]);
    check(&one(Operation::Setuid, &[0]), &[("evt.arg.uid", "root")]);
    check(&one(Operation::Kill, &[10, 9]), &[("evt.arg.sig", "SIGKILL"), ("evt.arg.pid", "cat")]);
    let chmod = Writer::new(Operation::Chmod, &head).path(b"/x", b"").number(0o4755).finish();
    let names = "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID";
    check(&chmod, &[("evt.arg.mode", names), ("evt.rawarg.mode", "2541")]);
}

#[test]
fn every_operation_has_arguments_that_its_records_hold() {
    for operation in Operation::all() {
        let params: Vec<&str> = operation.call().params.iter().map(|param| param.name).collect();
        for arg in crate::arg::row(operation).args {
            let name = match arg.from {
                crate::arg::From::Param(name)
                | crate::arg::From::Device(name)
                | crate::arg::From::Inode(name) => name,
                _ => continue,
            };
            assert!(params.contains(&name), "{}: {} of {}", operation.name(), arg.name, name);
        }
    }
}
