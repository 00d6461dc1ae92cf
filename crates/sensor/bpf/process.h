/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who acts: the head of every record, and the whole of a process at fork and exec. */
#ifndef SOCKEYE_PROCESS_H
#define SOCKEYE_PROCESS_H

#include "file.h"

#define ROOT_CGROUP 1

/* The cgroup that tells the container: of the one tree, or on a hybrid node the memory tree's. */
INLINE struct kernfs_node *cgroup_node(struct task_struct *task)
{
    struct css_set *set = READ(task, cgroups);
    struct cgroup *cgroup = READ(set, dfl_cgrp);
    if (READ(cgroup, level) == 0) {
        u64 id = __builtin_preserve_enum_value(*(enum cgroup_subsys_id *)memory_cgrp_id, 1);
        struct cgroup_subsys_state *state = 0;
        u8 *list = (u8 *)set + FIELD_OFFSET(struct css_set, subsys);
        bpf_probe_read_kernel(&state, sizeof(state), list + id * sizeof(state));
        cgroup = READ(state, cgroup);
    }
    return READ(cgroup, kn);
}

/* The same cgroup's id, by pointers that the verifier knows: no call for each. */
INLINE u64 cgroup_id(struct task_struct *task)
{
    struct css_set *set = task->cgroups;
    if (set->dfl_cgrp->level)
        return set->dfl_cgrp->kn->id;
    u64 tree = __builtin_preserve_enum_value(*(enum cgroup_subsys_id *)memory_cgrp_id, 1);
    u64 at = FIELD_OFFSET(struct css_set, subsys) + tree * sizeof(void *);
    return (*(struct cgroup_subsys_state **)((u8 *)set + at))->cgroup->kn->id;
}

/* The same of the current task. Every cgroup of the one tree but its root has another number. */
INLINE u64 current_cgroup(void)
{
    u64 id = bpf_get_current_cgroup_id();
    return id != ROOT_CGROUP ? id : cgroup_id(bpf_get_current_task_btf());
}

INLINE struct upid upid_of(struct pid *pid)
{
    struct upid at = { 0 };
    u32 level = READ(pid, level);
    u8 *list = (u8 *)pid + FIELD_OFFSET(struct pid, numbers);
    u8 *own = list + level * TYPE_SIZE(struct upid);
    bpf_probe_read_kernel(&at.nr, sizeof(at.nr), own + FIELD_OFFSET(struct upid, nr));
    bpf_probe_read_kernel(&at.ns, sizeof(at.ns), own + FIELD_OFFSET(struct upid, ns));
    return at;
}

/* The number of a process group or session as the host sees it. */
INLINE u32 host_number(struct pid *pid) { return READ(pid, numbers[0].nr); }

INLINE struct pid *pid_of(struct task_struct *task, u32 type)
{
    struct pid *pid = 0;
    u8 *list = (u8 *)READ(task, signal) + FIELD_OFFSET(struct signal_struct, pids);
    bpf_probe_read_kernel(&pid, sizeof(pid), list + type * sizeof(pid));
    return pid;
}

INLINE void put_head(struct slot *slot)
{
    struct task_struct *task = bpf_get_current_task_btf(), *parent = task->real_parent;
    const struct cred *cred = task->cred;
    struct record *head = &slot->record;
    head->version = RECORD_VERSION;
    head->operation = slot->operation;
    head->cpu = bpf_get_smp_processor_id();
    head->time = bpf_ktime_get_boot_ns();
    head->result = slot->result;
    head->tid = task->pid;
    head->pid = task->tgid;
    head->ppid = parent->tgid;
    head->start = task->group_leader->start_boottime;
    head->parent_start = parent->group_leader->start_boottime;
    head->uid = cred->euid.val;
    head->gid = cred->egid.val;
    head->cgroup = current_cgroup();
    head->mount_ns = task->nsproxy->mnt_ns->ns.inum;
    struct pid *pid = task->thread_pid;
    head->pid_ns = pid->level ? READ(upid_of(READ(task, thread_pid)).ns, ns.inum)
                              : pid->numbers[0].ns->ns.inum;
    bpf_get_current_comm(head->comm, sizeof(head->comm));
    slot->at = sizeof(*head);
    slot->params = 0;
    slot->flags = slot->compat ? RECORD_COMPAT : 0;
}

INLINE void put_exe(struct process_param *out, struct file *file)
{
    struct inode *inode = READ(file, f_inode);
    struct super_block *super = READ(inode, i_sb);
    struct dentry *dentry = READ(file, f_path.dentry);
    out->exe_inode = READ(inode, i_ino);
    out->exe_mode = READ(inode, i_mode);
    out->exe_uid = READ(inode, i_uid.val);
    out->exe_gid = READ(inode, i_gid.val);
    out->exe_links = READ(inode, i_nlink);
    out->exe_device = READ(super, s_dev);
    out->fs_magic = READ(super, s_magic);
    if (HAS_FIELD(struct inode, i_mtime_sec)) {
        out->exe_mtime = READ(inode, i_mtime_sec);
        out->exe_ctime = READ(inode, i_ctime_sec);
    } else if (HAS_FIELD(struct inode___v611, __i_mtime)) {
        out->exe_mtime = READ((struct inode___v611 *)inode, __i_mtime.tv_sec);
        out->exe_ctime = READ((struct inode___v611 *)inode, __i_ctime.tv_sec);
    } else {
        out->exe_mtime = READ((struct inode___v60 *)inode, i_mtime.tv_sec);
        out->exe_ctime = READ((struct inode___v60 *)inode, i_ctime.tv_sec);
    }
    out->exe_flags = 0;
    if (READ(dentry, d_parent) != dentry && !READ(dentry, d_hash.pprev))
        out->exe_flags |= EXE_DELETED;
    if (out->fs_magic == OVERLAYFS_MAGIC) {
        /* Overlayfs keeps the file of its upper layer right behind the inode. */
        u64 upper = 0;
        bpf_probe_read_kernel(&upper, sizeof(upper), (u8 *)inode + TYPE_SIZE(struct inode));
        out->exe_flags |= upper ? EXE_UPPER : 0;
    }
}

INLINE void put_credentials(struct process_param *out, struct task_struct *task)
{
    struct cred *cred = (struct cred *)READ(task, cred);
    out->uid = READ(cred, uid.val);
    out->euid = READ(cred, euid.val);
    out->suid = READ(cred, suid.val);
    out->gid = READ(cred, gid.val);
    out->egid = READ(cred, egid.val);
    out->sgid = READ(cred, sgid.val);
    bpf_probe_read_kernel(&out->cap_inheritable, 8, &cred->cap_inheritable);
    bpf_probe_read_kernel(&out->cap_permitted, 8, &cred->cap_permitted);
    bpf_probe_read_kernel(&out->cap_effective, 8, &cred->cap_effective);
    out->user_ns = READ((struct user_namespace *)READ(cred, user_ns), ns.inum);
    out->login_uid = HAS_FIELD(struct task_struct, loginuid) ? READ(task, loginuid.val) : -1;
    out->login_session = HAS_FIELD(struct task_struct, sessionid) ? READ(task, sessionid) : -1;
}

INLINE void put_numbers(struct process_param *out, struct task_struct *task)
{
    struct task_struct *parent = READ(task, real_parent);
    struct upid own = upid_of(READ(task, thread_pid));
    out->tid = READ(task, pid);
    out->pid = READ(task, tgid);
    out->parent = READ(parent, tgid);
    out->start = READ((struct task_struct *)READ(task, group_leader), start_boottime);
    out->parent_start =
        READ((struct task_struct *)READ(parent, group_leader), start_boottime);
    out->group = host_number(pid_of(task, PIDTYPE_PGID));
    out->session = host_number(pid_of(task, PIDTYPE_SID));
    out->ns_tid = own.nr;
    out->pid_ns = READ(own.ns, ns.inum);
    out->ns_pid = upid_of(pid_of(task, PIDTYPE_TGID)).nr;
    out->ns_group = upid_of(pid_of(task, PIDTYPE_PGID)).nr;
    out->ns_session = upid_of(pid_of(task, PIDTYPE_SID)).nr;
}

INLINE u32 terminal_of(struct task_struct *task)
{
    struct tty_struct *tty = READ((struct signal_struct *)READ(task, signal), tty);
    struct tty_driver *driver = READ(tty, driver);
    if (!tty || !driver)
        return 0;
    u32 minor = READ(driver, minor_start) + READ(tty, index);
    return (minor & 0xff) | (READ(driver, major) << 8) | ((minor & ~0xff) << 12);
}

/* Puts what there is to know of the task at a kernel address. */
NOINLINE int put_process(struct slot *slot, u64 address, u32 clone_flags)
{
    struct task_struct *task = (struct task_struct *)address;
    u8 *param = slot ? room(slot) : 0;
    if (!param)
        return 0;
    struct process_param *out = (struct process_param *)(param + 4);
    struct nsproxy *spaces = READ(task, nsproxy);
    put_numbers(out, task);
    put_credentials(out, task);
    out->terminal = terminal_of(task);
    out->mount_ns = READ((struct mnt_namespace *)READ(spaces, mnt_ns), ns.inum);
    out->net_ns = READ((struct net *)READ(spaces, net_ns), ns.inum);
    out->cgroup = slot->record.cgroup;
    out->clone_flags = clone_flags;
    put_exe(out, READ((struct mm_struct *)READ(task, mm), exe_file));
    done(slot, param, PARAM_PROCESS, 0, sizeof(*out));
    return 0;
}

/* One step of the path of a cgroup, like `walk_step`. */
NOINLINE int cgroup_step(struct slot *slot, u64 address)
{
    if (!slot)
        return 1;
    u32 at = slot->walk.at;
    const char *from = READ((struct kernfs_node *)address, name);
    u8 name[128];
    long len = bpf_probe_read_kernel_str(name, sizeof(name), from);
    if (len <= 1 || at <= 130 || at > PATH_LEN_MAX)
        return 1;
    u32 size = (len - 1) & 127;
    at -= size;
    bpf_probe_read_kernel(slot->path + (at & (PATH_LEN_MAX - 1)), size, name);
    at -= 1;
    slot->path[at & (PATH_LEN_MAX - 1)] = '/';
    slot->walk.at = at;
    return 0;
}

INLINE struct kernfs_node *cgroup_parent(struct kernfs_node *node)
{
    if (HAS_FIELD(struct kernfs_node, __parent))
        return READ(node, __parent);
    return READ((struct kernfs_node___v614 *)node, parent);
}

/* Puts the path of the cgroup of the current task. */
NOINLINE int put_cgroup(struct slot *slot)
{
    if (!slot)
        return 0;
    struct kernfs_node *node = cgroup_node(bpf_get_current_task_btf());
    slot->walk.at = PATH_LEN_MAX;
    slot->walk.flags = 0;
    for (int i = 0; i < 16; i++) {
        struct kernfs_node *parent = cgroup_parent(node);
        if (!parent || cgroup_step(slot, (u64)node))
            break;
        node = parent;
    }
    u8 *param = room(slot);
    if (param)
        done(slot, param, PARAM_TEXT, 0, walked(slot, param + 4));
    return 0;
}

#endif
