/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The parts of the kernel's structures that the programs read. Only names matter: where a field
 * lies is found at load time in the type information of the kernel that runs.
 */
#ifndef SOCKEYE_KERNEL_H
#define SOCKEYE_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;

#define FIELD_OFFSET(type, field) __builtin_preserve_field_info(((type *)0)->field, 0)
#define HAS_FIELD(type, field) __builtin_preserve_field_info(((type *)0)->field, 2)
#define TYPE_SIZE(type) __builtin_preserve_type_info(*(type *)0, 1)

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)BPF_FUNC_map_delete_elem;
static u64 (*bpf_ktime_get_boot_ns)(void) = (void *)BPF_FUNC_ktime_get_boot_ns;
static u32 (*bpf_get_smp_processor_id)(void) = (void *)BPF_FUNC_get_smp_processor_id;
static long (*bpf_get_current_comm)(void *to, u32 len) = (void *)BPF_FUNC_get_current_comm;
static long (*bpf_probe_read_kernel)(void *to, u32 len, const void *from) =
    (void *)BPF_FUNC_probe_read_kernel;
static long (*bpf_probe_read_user)(void *to, u32 len, const void *from) =
    (void *)BPF_FUNC_probe_read_user;
static long (*bpf_probe_read_kernel_str)(void *to, u32 len, const void *from) =
    (void *)BPF_FUNC_probe_read_kernel_str;
static long (*bpf_probe_read_user_str)(void *to, u32 len, const void *from) =
    (void *)BPF_FUNC_probe_read_user_str;
static long (*bpf_ringbuf_output)(void *ring, void *data, u64 len, u64 flags) =
    (void *)BPF_FUNC_ringbuf_output;
static struct task_struct *(*bpf_get_current_task_btf)(void) =
    (void *)BPF_FUNC_get_current_task_btf;
static u64 (*bpf_get_current_cgroup_id)(void) = (void *)BPF_FUNC_get_current_cgroup_id;
static u64 (*bpf_get_current_task)(void) = (void *)BPF_FUNC_get_current_task;
static long (*bpf_task_pt_regs)(struct task_struct *task) = (void *)BPF_FUNC_task_pt_regs;

/* Keeps a number in one register: older verifiers lose what was checked in another. */
#define KEEP(number) asm volatile("" : "+r"(number))

/* Reads a field through a pointer that may be bad; then the answer is zero. */
#define READ(pointer, field)                                                    \
    ({                                                                          \
        typeof((pointer)->field) read_;                                         \
        if (bpf_probe_read_kernel(&read_, sizeof(read_), &(pointer)->field))    \
            __builtin_memset(&read_, 0, sizeof(read_));                         \
        read_;                                                                  \
    })

/*
 * The verifier knows a task or a file by its type and lets no function of its own take one as a
 * number; what was read from memory is a number.
 */
INLINE u64 argument_address(u64 *ctx, u32 index)
{
    u64 address = 0;
    bpf_probe_read_kernel(&address, sizeof(address), ctx + index);
    return address;
}

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AT_FDCWD (-100)
#define TS_COMPAT 2
#define OVERLAYFS_MAGIC 0x794c7630

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common { u32 inum; };
struct mnt_namespace { struct ns_common ns; };
struct pid_namespace { struct ns_common ns; };
struct user_namespace { struct ns_common ns; };
struct net { struct ns_common ns; };
struct nsproxy { struct mnt_namespace *mnt_ns; struct net *net_ns; };
struct upid { int nr; struct pid_namespace *ns; };
struct pid { u32 level; struct upid numbers[1]; };

typedef struct { u32 val; } kuid_t;
typedef struct { u32 val; } kgid_t;
typedef struct { u64 val; } kernel_cap_t;
struct cred {
    kuid_t uid, suid, euid;
    kgid_t gid, sgid, egid;
    kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
    struct user_namespace *user_ns;
};

struct qstr { u64 hash_len; const unsigned char *name; };
struct hlist_bl_node { struct hlist_bl_node **pprev; };
struct dentry {
    struct hlist_bl_node d_hash;
    struct dentry *d_parent;
    struct qstr d_name;
    struct inode *d_inode;
};
struct vfsmount { struct dentry *mnt_root; };
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; };
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct fs_struct { struct path root, pwd; };
struct super_block { u32 s_dev; unsigned long s_magic; };
struct timespec64 { s64 tv_sec; long tv_nsec; };
struct inode {
    u16 i_mode;
    kuid_t i_uid;
    kgid_t i_gid;
    struct super_block *i_sb;
    unsigned long i_ino;
    u32 i_nlink;
    s64 i_mtime_sec, i_ctime_sec;
};
struct inode___v611 { struct timespec64 __i_mtime, __i_ctime; };
struct inode___v60 { struct timespec64 i_mtime, i_ctime; };
struct file { struct path f_path; struct inode *f_inode; u32 f_flags; u32 f_mode; void *private_data; };
struct fdtable { u32 max_fds; struct file **fd; };
struct files_struct { struct fdtable *fdt; };

struct kernfs_node { struct kernfs_node *__parent; const char *name; u64 id; };
struct kernfs_node___v614 { struct kernfs_node *parent; };
struct cgroup { int level; struct kernfs_node *kn; };
struct cgroup_subsys_state { struct cgroup *cgroup; };
struct css_set { struct cgroup_subsys_state *subsys[1]; struct cgroup *dfl_cgrp; };

struct tty_driver { int major, minor_start; };
struct tty_struct { int index; struct tty_driver *driver; };
typedef struct { int counter; } atomic_t;
struct signal_struct { atomic_t live; struct pid *pids[4]; struct tty_struct *tty; };
struct mm_struct { unsigned long arg_start, arg_end, env_start, env_end; struct file *exe_file; };
struct thread_info { u32 status; };
struct task_struct {
    struct thread_info thread_info;
    int pid, tgid;
    struct task_struct *real_parent, *group_leader;
    u64 start_boottime;
    const struct cred *cred;
    struct nsproxy *nsproxy;
    struct fs_struct *fs;
    struct files_struct *files;
    struct signal_struct *signal;
    struct mm_struct *mm;
    struct css_set *cgroups;
    struct pid *thread_pid;
    int exit_code;
    kuid_t loginuid;
    u32 sessionid;
};
enum pid_type { PIDTYPE_TGID = 1, PIDTYPE_PGID = 2, PIDTYPE_SID = 3 };
enum cgroup_subsys_id { memory_cgrp_id = 4 };

struct linux_binprm { const char *filename, *interp, *fdpath; };

struct in6_addr { u8 bytes[16]; };
struct sock_common {
    u32 skc_daddr, skc_rcv_saddr;
    u16 skc_dport, skc_num, skc_family;
    u8 skc_state;
    struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct sock { struct sock_common __sk_common; u16 sk_protocol; };
struct socket { short type; struct sock *sk; };
struct unix_address { int len; };
struct unix_sock { struct unix_address *addr; struct sock *peer; };

struct filename { const char *name; };
struct open_how { u64 flags, mode; };
struct open_flags { int open_flag; u16 mode; };
struct io_cqe { u64 user_data; s32 res; union { u32 flags; int fd; }; };
struct io_kiocb { u8 opcode; u32 flags; struct io_cqe cqe; void *async_data; };
struct io_open { int dfd; struct filename *filename; struct open_how how; };
struct io_rename {
    int old_dfd, new_dfd;
    struct filename *oldpath, *newpath;
    int flags;
};
struct io_link {
    int old_dfd, new_dfd;
    struct filename *oldpath, *newpath;
    int flags;
};
struct io_unlink { int dfd, flags; struct filename *filename; };
struct io_mkdir { int dfd; u16 mode; struct filename *filename; };
struct io_connect { void *addr; int addr_len; };
struct io_bind { int addr_len; };
struct io_listen { int backlog; };
struct io_accept { int flags; };
struct io_shutdown { int how; };
struct io_socket { int domain, type, protocol; };
struct io_sr_msg { union { void *umsg, *buf; }; int len; };
struct io_sr_msg___v61 { void *addr; u16 addr_len; };
struct __kernel_sockaddr_storage { u16 ss_family; };
struct msghdr { void *msg_name; int msg_namelen; };
struct io_async_msghdr { struct msghdr msg; struct __kernel_sockaddr_storage addr; };
struct io_splice { u64 len; int splice_fd_in; u32 flags; };
struct sockaddr { u16 sa_family; };

struct pt_regs {
    unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, orig_ax;
};

#pragma clang attribute pop

/* The registers of a stopped call, for kernels that do not describe them: they never move. */
struct registers {
    u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};

/* One register, through a pointer that the verifier knows: without a call where it may be. */
#define REGISTER(regs, name)                                                    \
    (HAS_FIELD(struct pt_regs, orig_ax) ? (u64)(regs)->name                     \
                                        : READ((struct registers *)(regs), name))

#endif
