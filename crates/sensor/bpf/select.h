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

/* The highest bit of some byte is set if any byte of a word is zero; other bits mean nothing. */
INLINE u64 zeros(u64 word) { return (word - EACH_BYTE(1)) & ~word; }

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

/* Whether either port, both of which must be known, is in a set. Ports are big endian. */
NOINLINE int is_port_named(u32 set, u32 local, u32 remote)
{
    struct key key = { .bits = 32 + 8 * sizeof(u16), .set = set };
    if (!local || !remote)
        return 1;
    *(u16 *)key.text = local;
    if (bpf_map_lookup_elem(&beginnings, &key))
        return 1;
    *(u16 *)key.text = remote;
    return bpf_map_lookup_elem(&beginnings, &key) != 0;
}

/*
 * A path while it is looked at. It is read to the stack, which the kernel checks at less cost than
 * a map, and looked at eight bytes at once, also a few behind its end.
 */
struct look {
    struct key key;
    u8 behind[12];
} __attribute__((aligned(8)));

/* Whether a path with a slash before a dot or another slash is no plain one. */
NOINLINE int is_dotted(struct look *look, u32 len)
{
    if (!look)
        return 1;
    for (u32 at = 0; at < KEY_TEXT_LEN && at < len; at++) {
        const u8 *here = look->key.text + at;
        if (here[0] != '/')
            continue;
        u8 last = here[1] == '.' && here[2] == '.' ? here[3] : here[2];
        if (here[1] == '/' || (here[1] == '.' && (last == '/' || !last)))
            return 1;
    }
    return 0;
}

/* Whether two bytes, each given eight times, stand in a path one behind the other. */
INLINE bool has_pair(const u8 *text, u64 end, u64 first, u64 second)
{
    u64 found = 0;
    for (u64 at = 0; at < KEY_TEXT_LEN && at < end; at += 8)
        found |= zeros((*(u64 *)(text + at) ^ first) | (*(u64 *)(text + at + 1) ^ second));
    return found & EACH_BYTE(0x80);
}

/* Whether a pair of a set is in the path, not looking for the first. */
NOINLINE int has_other_pair(struct look *look, struct set *set, u32 len)
{
    if (!look || !set)
        return 1;
    for (u32 i = 1; i < PAIR_COUNT && set->first[i]; i++)
        if (has_pair(look->key.text, len, set->first[i], set->second[i]))
            return 1;
    return 0;
}

/* Whether there is a slash behind the first byte. */
INLINE bool is_deep(const u8 *text, u64 end)
{
    u64 found = 0;
    for (u64 at = 0; at < KEY_TEXT_LEN && at < end && !found; at += 8)
        found = zeros(*(u64 *)(text + at + 1) ^ EACH_BYTE('/')) & EACH_BYTE(0x80);
    return found;
}

/* Whether a slash stands before a dot or another slash. */
INLINE bool has_odd_slash(const u8 *text, u64 end)
{
    u64 found = 0;
    for (u64 at = 0; at < KEY_TEXT_LEN && at < end; at += 8) {
        u64 next = *(u64 *)(text + at + 1) & EACH_BYTE(0xfe);
        found |= zeros((*(u64 *)(text + at) ^ EACH_BYTE('/')) | (next ^ EACH_BYTE('.')));
    }
    return found & EACH_BYTE(0x80);
}

/* What a look at a path says. */
enum said { LOOK_DROP = 0, LOOK_SEND = 1, LOOK_IN_TREE = 2 };


/* Looks at a path. */
NOINLINE int look_at(struct look *look, u32 len, u32 number)
{
    struct set *set = bpf_map_lookup_elem(&sets, &number);
    if (!look || !set)
        return LOOK_SEND;
    u8 *text = look->key.text;
    u64 end = len;
    KEEP(end);
    if (end < 4 || end >= KEY_TEXT_LEN || text[0] != '/')
        return LOOK_SEND;
    KEEP(end);
    if (has_bit(set->ends, *(u32 *)(text + end - 4)))
        return LOOK_SEND;
    /* What stands behind the path is not its own. */
    *(u64 *)(text + end) = 0;
    u64 flags = set->flags;
    if (flags & SET_IN_ROOT && !is_deep(text, end))
        return LOOK_SEND;
    if (has_odd_slash(text, end) && (flags & SET_HIDDEN || is_dotted(look, len)))
        return LOOK_SEND;
    if (flags & SET_PAIR && has_pair(text, end, set->first[0], set->second[0]))
        return LOOK_SEND;
    if (flags & SET_PAIRS && has_other_pair(look, set, len))
        return LOOK_SEND;
    return has_bit(set->begins, *(u32 *)text) ? LOOK_IN_TREE : LOOK_DROP;
}

#define NO_SLOT (-1)
#define DROPPED (-2)

/* Reads a path and looks at it; returns the number of a slot if the call must be sent. */
NOINLINE int slot_of_path(u64 address, u32 set)
{
    struct look look;
    long len = bpf_probe_read_user_str(look.key.text, KEY_TEXT_LEN, (void *)address);
    bool whole = len >= 2 && len < KEY_TEXT_LEN;
    if (whole) {
        look.key.bits = 32 + 8 * len;
        look.key.set = set;
        __builtin_memset(look.behind, 0, sizeof(look.behind));
        u32 said = look_at(&look, len - 1, set);
        if (said == LOOK_DROP)
            return DROPPED;
        if (said == LOOK_IN_TREE && !bpf_map_lookup_elem(&beginnings, &look.key))
            return DROPPED;
    }
    u32 number = 0;
    struct slot *slot = claim(&number);
    if (!slot)
        return NO_SLOT;
    if (whole) {
        slot->text_address = address;
        slot->text_len = len;
        COPY_WORDS(slot->text, look.key.text, len, KEY_TEXT_LEN);
    }
    return number;
}

/* Whether the one who acts is surely in no container. */
INLINE bool is_host(void)
{
    u64 cgroup = current_cgroup();
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
    KEEP(situation);
    situation &= SITUATION_HOST - 1;
    KEEP(situation);
    u32 anywhere = all->of[situation], host = all->of[situation + SITUATION_HOST];
    return anywhere == host || !is_host() ? anywhere : host;
}

#endif
