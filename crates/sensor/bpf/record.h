/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What crosses from the kernel to the reader. `crates/syscall/src/record` reads it; a test
 * compares every number below with what is said there. All numbers are little endian.
 */
#ifndef SOCKEYE_RECORD_H
#define SOCKEYE_RECORD_H

#define RECORD_VERSION 1
/* No parameter begins beyond this length, so no record is longer than this and one parameter. */
#define RECORD_LEN_MAX 16384
#define TEXT_LEN_MAX 4096
#define DATA_LEN_MAX 256
#define ADDRESS_LEN_MAX 128
#define OPERATION_COUNT_MAX 192
#define PARAM_COUNT_MAX 12
/* Of the flags of a file: this open made it. */
#define FILE_CREATED 1073741824

/* The first 96 bytes of every record; its parameters follow. */
struct record {
    __u32 len;
    __u8 version;
    __u8 param_count;
    __u16 operation;
    __u16 flags;
    __u16 cpu;
    __u32 ppid;
    __u64 time;
    __s64 result;
    __u32 tid;
    __u32 pid;
    __u64 start;
    __u64 parent_start;
    __u32 uid;
    __u32 gid;
    __u64 cgroup;
    __u32 mount_ns;
    __u32 pid_ns;
    char comm[16];
};
_Static_assert(sizeof(struct record) == 96, "the reader knows 96 bytes");

enum record_flag {
    RECORD_TRUNCATED = 1,      /* a parameter was cut or left out: the record was full */
    RECORD_UNREAD = 2,         /* a parameter could not be read from memory */
    RECORD_COMPAT = 4,         /* a 32-bit call */
    RECORD_IO_URING = 8,       /* asked for through io_uring */
    RECORD_RESULT_UNKNOWN = 16 /* seen before it was done */
};

/* Before each parameter: 4 bytes. Its bytes follow, padded to a multiple of 4. */
struct param {
    __u8 kind;
    __u8 flags;
    __u16 len;
};

enum param_kind {
    PARAM_NUMBER = 1,
    PARAM_TEXT = 2,
    PARAM_BYTES = 3,
    PARAM_FILE = 4,
    PARAM_ADDRESS = 5,
    PARAM_PROCESS = 6
};

enum param_flag {
    PARAM_TRUNCATED = 1, /* there was more */
    PARAM_UNREAD = 2,    /* not readable where the call said it was */
    PARAM_ABSENT = 4,    /* there is none: a null pointer, a closed descriptor */
    PARAM_DELETED = 8,   /* the file has no name any more */
    PARAM_USER = 16      /* read from memory that the program can change meanwhile */
};

/* An open file. A path follows, or a socket. */
struct file_param {
    __s32 fd;
    __u32 mode;
    __u32 flags;
    __u32 device;
    __u64 inode;
};
_Static_assert(sizeof(struct file_param) == 24, "the reader knows 24 bytes");

/* After the file of a socket; after it, the path of a Unix socket. */
struct socket_param {
    __u16 family;
    __u16 type;
    __u16 protocol;
    __u16 state;
    __u16 local_port;
    __u16 remote_port;
    __u8 local[16];
    __u8 remote[16];
};
_Static_assert(sizeof(struct socket_param) == 44, "the reader knows 44 bytes");

/* A process, as the kernel knows it. */
struct process_param {
    __u32 tid;
    __u32 pid;
    __u32 parent;
    __u32 group;
    __u32 session;
    __u32 ns_tid;
    __u32 ns_pid;
    __u32 ns_group;
    __u32 ns_session;
    __u32 terminal;
    __u64 start;
    __u64 parent_start;
    __u32 uid;
    __u32 euid;
    __u32 suid;
    __u32 gid;
    __u32 egid;
    __u32 sgid;
    __u32 login_uid;
    __u32 login_session;
    __u64 cap_inheritable;
    __u64 cap_permitted;
    __u64 cap_effective;
    __u32 mount_ns;
    __u32 pid_ns;
    __u32 user_ns;
    __u32 net_ns;
    __u64 cgroup;
    __u64 exe_inode;
    __u32 exe_device;
    __u32 exe_mode;
    __u32 exe_uid;
    __u32 exe_gid;
    __s64 exe_mtime;
    __s64 exe_ctime;
    __u32 exe_links;
    __u32 exe_flags;
    __u32 fs_magic;
    __u32 clone_flags;
};
_Static_assert(sizeof(struct process_param) == 192, "the reader knows 192 bytes");

enum exe_flag {
    EXE_UPPER = 1,  /* overlayfs: in the container's own layer, not in its image */
    EXE_DELETED = 2 /* it has no name any more */
};

#endif
