/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own name of a file: from the file up to the root of the process. */
#ifndef SOCKEYE_PATH_H
#define SOCKEYE_PATH_H

#include "slot.h"

#define WALK_STEPS_MAX 96
#define SHORT_NAME_LEN 32
#define SHORT_PATH_LEN 64

INLINE struct mount *mount_of(struct vfsmount *mnt)
{
    return (struct mount *)((u8 *)mnt - FIELD_OFFSET(struct mount, mnt));
}

/* Puts the name in the block before what is written already; 0 if there is no room. */
INLINE int walk_name(struct slot *slot, struct dentry *dentry, bool slash)
{
    const u8 *name = TAKEN(slot, dentry, d_name.name);
    u32 len = TAKEN(slot, dentry, d_name.hash_len) >> 32;
    u64 at = slot->walk.at;
    KEEP(at);
    if (len > 255 || at <= len + 1 || at > PATH_LEN_MAX) {
        slot->walk.flags |= PARAM_TRUNCATED;
        return 0;
    }
    KEEP(at);
    u64 *end = (u64 *)(slot->path + at), behind = *end;
    at -= len;
    u8 *to = slot->path + (at & (PATH_LEN_MAX - 1));
    /* A short name lies in its entry, and so in the block. */
    u64 within = name - (const u8 *)dentry;
    KEEP(within);
    if (within <= BLOCK_LEN - SHORT_NAME_LEN && len <= SHORT_NAME_LEN) {
        const u8 *from = slot->block + within;
        COPY_WORDS(to, from, len, SHORT_NAME_LEN);
        *end = behind;
    } else {
        bpf_probe_read_kernel(to, len & 255, name);
    }
    if (slash) {
        at -= 1;
        slot->path[at & (PATH_LEN_MAX - 1)] = '/';
    }
    slot->walk.at = at;
    return 1;
}

/* One step up; 1 when the walk is over. A function of its own: the verifier reads it once. */
NOINLINE int walk_step(struct slot *slot)
{
    if (!slot)
        return 1;
    struct dentry *dentry = slot->walk.dentry;
    struct mount *mount = slot->walk.mount;
    if (dentry == slot->walk.root_dentry && mount == slot->walk.root_mount)
        return 1;
    if (dentry == slot->walk.mount_root) {
        struct mount *up = READ(mount, mnt_parent);
        if (up == mount || !up)
            return 1;
        slot->walk.dentry = READ(mount, mnt_mountpoint);
        slot->walk.mount = up;
        slot->walk.mount_root = READ(up, mnt.mnt_root);
        return 0;
    }
    take(slot, dentry);
    struct dentry *parent = TAKEN(slot, dentry, d_parent);
    if (dentry == parent || !parent) {
        if (slot->walk.steps == 0)
            walk_name(slot, dentry, 0); /* a pipe, a memfd: a name without a place */
        return 1;
    }
    if (dentry == slot->walk.leaf && !TAKEN(slot, dentry, d_hash.pprev))
        slot->walk.flags = PARAM_DELETED;
    slot->walk.steps += 1;
    slot->walk.dentry = parent;
    return !walk_name(slot, dentry, 1);
}

/*
 * Writes the path of `walk.dentry` on `walk.leaf_mount` into the slot, ending at PATH_LEN_MAX;
 * `walk.at` is where it begins.
 */
NOINLINE int walk(struct slot *slot)
{
    if (!slot)
        return 0;
    struct fs_struct *fs = bpf_get_current_task_btf()->fs;
    struct path root = { fs->root.mnt, fs->root.dentry };
    slot->walk.mount = mount_of(slot->walk.leaf_mount);
    slot->walk.mount_root = READ(slot->walk.leaf_mount, mnt_root);
    slot->walk.root_dentry = root.dentry;
    slot->walk.root_mount = mount_of(root.mnt);
    slot->walk.at = PATH_LEN_MAX;
    slot->walk.flags = 0;
    slot->walk.steps = 0;
    struct dentry *leaf = slot->walk.leaf = slot->walk.dentry;
    if (!leaf) {
        slot->walk.flags = PARAM_ABSENT;
        return 0;
    }
    /* Of any other the first step tells whether it has a name. */
    if (leaf == slot->walk.mount_root || leaf == root.dentry) {
        struct dentry *parent = READ(leaf, d_parent);
        if (parent != leaf && !READ(leaf, d_hash.pprev))
            slot->walk.flags = PARAM_DELETED;
    }
    int over = 0;
    for (int i = 0; i < WALK_STEPS_MAX && !over; i++)
        over = walk_step(slot);
    if (!over)
        slot->walk.flags |= PARAM_TRUNCATED;
    if (over && slot->walk.at == PATH_LEN_MAX && slot->walk.mount == slot->walk.root_mount) {
        slot->walk.at = PATH_LEN_MAX - 1;
        slot->path[PATH_LEN_MAX - 1] = '/';
    }
    return 0;
}

/* Copies the walked path to `to`, which has room for a path, and returns its length. */
INLINE u32 walked(struct slot *slot, u8 *to)
{
    u64 at = slot->walk.at;
    if (at >= PATH_LEN_MAX)
        return 0;
    KEEP(at);
    u64 len = PATH_LEN_MAX - at;
    KEEP(len);
    len &= 2 * PATH_LEN_MAX - 1;
    if (len <= SHORT_PATH_LEN)
        COPY_WORDS(to, slot->path + at, len, SHORT_PATH_LEN);
    else
        bpf_probe_read_kernel(to, len, slot->path + at);
    return len;
}

/* Puts the path at a kernel address as a text. */
NOINLINE int put_path(struct slot *slot, u64 address)
{
    if (!slot)
        return 0;
    struct path *path = (struct path *)address;
    slot->walk.leaf_mount = READ(path, mnt);
    slot->walk.dentry = READ(path, dentry);
    walk(slot);
    u8 *param = room(slot);
    if (param)
        done(slot, param, PARAM_TEXT, slot->walk.flags, walked(slot, param + 4));
    return 0;
}

#endif
