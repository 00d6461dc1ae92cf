/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a descriptor names, asked of the kernel: a file with its path, or a socket. */
#ifndef SOCKEYE_FILE_H
#define SOCKEYE_FILE_H

#include "path.h"

/* The kernel's mark on a file that its open made. */
#define FMODE_CREATED 0x100000

INLINE struct file *file_at(s32 fd)
{
    struct fdtable *table = bpf_get_current_task_btf()->files->fdt;
    if (fd < 0 || (u32)fd >= table->max_fds)
        return 0;
    struct file **list = table->fd;
    struct file *file = 0;
    bpf_probe_read_kernel(&file, sizeof(file), list + fd);
    return file;
}

INLINE u32 put_unix_name(u8 *to, struct unix_sock *socket)
{
    struct unix_address *address = READ(socket, addr);
    if (!address)
        address = READ((struct unix_sock *)READ(socket, peer), addr);
    int len = READ(address, len);
    if (!address || len <= 2 || len > 110)
        return 0;
    u32 name = len - 2;
    /* The name follows the length, after two bytes of family. */
    u8 *from = (u8 *)address + FIELD_OFFSET(struct unix_address, len) + sizeof(int) + 2;
    bpf_probe_read_kernel(to, name & 127, from);
    return name & 127;
}

INLINE u32 put_socket(u8 *to, struct file *file)
{
    struct socket_param *out = (struct socket_param *)to;
    struct socket *socket = READ(file, private_data);
    struct sock *sock = READ(socket, sk);
    __builtin_memset(out, 0, sizeof(*out));
    out->family = READ(sock, __sk_common.skc_family);
    out->type = READ(socket, type);
    out->protocol = READ(sock, sk_protocol);
    out->state = READ(sock, __sk_common.skc_state);
    if (out->family == AF_UNIX)
        return sizeof(*out) + put_unix_name(to + sizeof(*out), (struct unix_sock *)sock);
    out->local_port = READ(sock, __sk_common.skc_num);
    out->remote_port = __builtin_bswap16(READ(sock, __sk_common.skc_dport));
    if (out->family == AF_INET) {
        bpf_probe_read_kernel(out->local, 4, &sock->__sk_common.skc_rcv_saddr);
        bpf_probe_read_kernel(out->remote, 4, &sock->__sk_common.skc_daddr);
    } else if (out->family == AF_INET6) {
        bpf_probe_read_kernel(out->local, 16, &sock->__sk_common.skc_v6_rcv_saddr);
        bpf_probe_read_kernel(out->remote, 16, &sock->__sk_common.skc_v6_daddr);
    }
    return sizeof(*out);
}

/* Puts an open file; `fd` is only told. */
NOINLINE int put_file(struct slot *slot, u64 address, s32 fd)
{
    if (!slot)
        return 0;
    struct file *file = (struct file *)address;
    take(slot, file);
    struct inode *inode = TAKEN(slot, file, f_inode);
    u32 flags = TAKEN(slot, file, f_flags);
    if (TAKEN(slot, file, f_mode) & FMODE_CREATED)
        flags |= FILE_CREATED;
    slot->walk.leaf_mount = TAKEN(slot, file, f_path.mnt);
    slot->walk.dentry = TAKEN(slot, file, f_path.dentry);
    take(slot, inode);
    u32 mode = TAKEN(slot, inode, i_mode);
    u64 number = TAKEN(slot, inode, i_ino);
    u32 device = READ((struct super_block *)TAKEN(slot, inode, i_sb), s_dev);
    bool socket = (mode & S_IFMT) == S_IFSOCK;
    slot->walk.flags = 0;
    if (file && !socket)
        walk(slot);
    u8 *param = room(slot);
    if (!param)
        return 0;
    struct file_param *out = (struct file_param *)(param + 4);
    u32 len = sizeof(*out);
    out->fd = fd;
    out->mode = mode;
    out->flags = flags;
    out->device = device;
    out->inode = number;
    if (!file)
        slot->walk.flags = PARAM_ABSENT;
    else if (socket)
        len += put_socket(param + 4 + sizeof(*out), file);
    else
        len += walked(slot, param + 4 + sizeof(*out));
    done(slot, param, PARAM_FILE, slot->walk.flags, len);
    return 0;
}

NOINLINE int put_descriptor(struct slot *slot, s32 fd)
{
    return put_file(slot, (u64)file_at(fd), fd);
}

/* Puts the directory that a relative path begins at; nothing for an absolute path. */
NOINLINE int put_base(struct slot *slot, s32 fd, u32 absolute)
{
    if (!slot)
        return 0;
    if (!absolute && fd == AT_FDCWD) {
        struct fs_struct *fs = READ(bpf_get_current_task_btf(), fs);
        return put_path(slot, (u64)&fs->pwd);
    }
    struct file *file = absolute ? 0 : file_at(fd);
    if (file)
        return put_path(slot, (u64)&file->f_path);
    u8 *param = room(slot);
    if (param)
        done(slot, param, PARAM_TEXT, PARAM_ABSENT, 0);
    return 0;
}

#endif
