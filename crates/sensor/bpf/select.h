/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Push-down: what nobody needs is dropped. `crates/syscall/src/selection.rs` says what each
 * situation and each look means. What is in doubt is sent.
 */
#ifndef SOCKEYE_SELECT_H
#define SOCKEYE_SELECT_H

#include "process.h"

#define EACH_BYTE(byte) (0x0101010101010101ULL * (byte))
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_DIRECTORY 0200000
#define O_TMPFILE 020000000
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

/* Whether any byte of a word is zero. */
INLINE u64 has_zero(u64 word) { return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80); }

INLINE bool has_bit(const u64 *bits, u32 value)
{
    u32 hash = (value * HASH_FACTOR) >> (32 - HASH_BITS);
    return bits[(hash >> 6) & 15] >> (hash & 63) & 1;
}

INLINE u32 end_of(s64 result)
{
    return result < 0 ? END_FAILED : result < 3 ? END_SMALL : END_GREAT;
}

INLINE u32 open_situation(u32 flags, u32 mode, s64 result)
{
    return (flags & 3) | (flags & O_CREAT ? 4 : 0) | (flags & O_TMPFILE ? 8 : 0) |
           (flags & O_DIRECTORY ? 16 : 0) | (flags & O_TRUNC ? 32 : 0) |
           (mode & 0111 ? 64 : 0) | (result < 0 ? 128 : 0);
}

INLINE struct sock *sock_at(s32 fd, struct socket **socket)
{
    struct file *file = file_at(fd);
    u32 mode = READ((struct inode *)READ(file, f_inode), i_mode);
    if (!file || (mode & S_IFMT) != S_IFSOCK)
        return 0;
    *socket = READ(file, private_data);
    return READ(*socket, sk);
}

INLINE u32 socket_class(struct socket *socket, struct sock *sock)
{
    if (!socket)
        return CLASS_NO_SOCKET;
    u16 family = READ(sock, __sk_common.skc_family);
    if (!sock)
        return CLASS_OTHER;
    if (family == AF_UNIX)
        return CLASS_UNIX;
    if (family != AF_INET && family != AF_INET6)
        return CLASS_OTHER;
    u32 type = READ(socket, type), protocol = READ(sock, sk_protocol);
    if (type == SOCK_STREAM && protocol == IPPROTO_TCP)
        return CLASS_TCP;
    return type == SOCK_DGRAM && protocol == IPPROTO_UDP ? CLASS_UDP : CLASS_OTHER;
}

/*
 * Whether the key in the slot is in the tree. Only where the slot is known as a map's: older
 * verifiers take no key from memory that a function was given.
 */
INLINE bool is_in_tree(struct slot *slot, u32 set, u32 bytes)
{
    slot->key.bits = 32 + 8 * bytes;
    slot->key.set = set;
    return bpf_map_lookup_elem(&beginnings, &slot->key);
}

INLINE bool has_port(struct slot *slot, u32 set, u16 port)
{
    *(u16 *)slot->key.text = port;
    return is_in_tree(slot, set, sizeof(port));
}

/* Whether either port, both of which must be known, is in a set. */
INLINE bool is_port_named(struct slot *slot, u32 set, struct sock *sock)
{
    u16 local = READ(sock, __sk_common.skc_num), remote = READ(sock, __sk_common.skc_dport);
    if (!local || !remote)
        return 1;
    return has_port(slot, set, __builtin_bswap16(local)) || has_port(slot, set, remote);
}

/* Of eight bytes with a slash before a dot or another slash: whether they are no plain path's. */
NOINLINE int is_dotted(struct slot *slot, u32 at)
{
    if (!slot)
        return 1;
    for (u32 i = 0; i < 8; i++) {
        const u8 *here = slot->key.text + ((at + i) & 255);
        if (at + i >= slot->text_len || here[0] != '/')
            continue;
        u8 last = here[1] == '.' && here[2] == '.' ? here[3] : here[2];
        if (here[1] == '/' || (here[1] == '.' && (last == '/' || !last)))
            return 1;
    }
    return 0;
}

/* Whether one of the pairs of a set is in the path. */
NOINLINE int has_pair(struct slot *slot, struct set *set)
{
    if (!slot || !set)
        return 1;
    u64 found = 0;
    for (u32 i = 0; i < PAIR_COUNT && set->first[i]; i++) {
        u64 first = set->first[i], second = set->second[i];
        for (u32 at = 0; at < 256 && at < slot->text_len; at += 8) {
            u64 here = *(u64 *)(slot->key.text + at), next = *(u64 *)(slot->key.text + at + 1);
            found |= has_zero((here ^ first) | (next ^ second));
        }
    }
    return found != 0;
}

/* What a look at a path says. */
enum look { LOOK_DROP = 0, LOOK_SEND = 1, LOOK_IN_TREE = 2 };

/* Looks at the path in the slot. */
NOINLINE int look_at(struct slot *slot, u32 number)
{
    struct set *set = bpf_map_lookup_elem(&sets, &number);
    if (!slot || !set)
        return LOOK_SEND;
    u32 len = slot->text_len;
    u8 *text = slot->key.text;
    if (len < 4 || len >= KEY_TEXT_LEN || text[0] != '/')
        return LOOK_SEND;
    if (has_bit(set->ends, *(u32 *)(text + ((len - 4) & 255))))
        return LOOK_SEND;
    /* Eight bytes are looked at at once: what stands behind the path is not its own. */
    *(u64 *)(text + (len & 255)) = 0;
    u64 flags = set->flags, deep = 0;
    for (u32 at = 0; at < 256 && at < len; at += 8) {
        u64 here = *(u64 *)(text + at), next = *(u64 *)(text + at + 1);
        deep |= has_zero(next ^ EACH_BYTE('/'));
        if (has_zero((here ^ EACH_BYTE('/')) | ((next & EACH_BYTE(0xfe)) ^ EACH_BYTE('.'))) &&
            (flags & SET_HIDDEN || is_dotted(slot, at)))
            return LOOK_SEND;
    }
    if (flags & SET_IN_ROOT && !deep)
        return LOOK_SEND;
    if (flags & SET_PAIRS && has_pair(slot, set))
        return LOOK_SEND;
    return has_bit(set->begins, *(u32 *)text) ? LOOK_IN_TREE : LOOK_DROP;
}

/* Whether the one who acts is surely in no container. */
INLINE bool is_host(void)
{
    u64 cgroup = cgroup_id(bpf_get_current_task_btf());
    u32 place = cgroup % HOST_COUNT_MAX;
    u64 *host = bpf_map_lookup_elem(&hosts, &place);
    return cgroup && host && *host == cgroup;
}

/* The verdict of a situation; that of the node's own processes is looked at only if it differs. */
INLINE u32 verdict_of(u32 operation, u64 situation)
{
    struct verdicts *all = bpf_map_lookup_elem(&verdicts, &operation);
    if (!all)
        return VERDICT_SEND;
    /* The compiler knows this bound and would leave it out; older verifiers do not. */
    asm volatile("" : "+r"(situation));
    situation &= SITUATION_HOST - 1;
    asm volatile("" : "+r"(situation));
    u32 anywhere = all->of[situation], host = all->of[situation + SITUATION_HOST];
    return anywhere == host || !is_host() ? anywhere : host;
}

#endif
