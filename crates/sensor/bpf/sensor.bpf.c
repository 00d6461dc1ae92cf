/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs. Whatever step of the ladder they stand on, they end in the same handlers, so
 * that a record tells the same wherever it was taken.
 */
#include "uring.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The operations that programs name themselves; the loader writes them. */
const volatile u32 op_execve = 0;
const volatile u32 op_execveat = 0;
const volatile u32 op_clone = 0;
const volatile u32 op_clone3 = 0;
const volatile u32 op_procexit = 0;
const volatile u32 want_environment = 0;

INLINE struct plan *plan_of(u32 operation)
{
    return bpf_map_lookup_elem(&plans, &operation);
}

INLINE bool wanted(u32 operation)
{
    struct plan *plan = plan_of(operation);
    return operation && plan && plan->count;
}

/* Begins a record in a slot that was claimed for it, or counts the loss. */
INLINE bool begin_in(struct slot *slot, u32 operation, s64 result, bool compat,
                     struct tally *tally)
{
    if (!slot) {
        count(&tally->no_slot);
        return 0;
    }
    slot->operation = operation;
    slot->result = result;
    slot->compat = compat;
    put_head(slot);
    return 1;
}

INLINE struct slot *begin(u32 operation, s64 result, bool compat, struct tally *tally)
{
    u32 number = 0;
    struct slot *slot = claim(&number);
    return begin_in(slot, operation, result, compat, tally) ? slot : 0;
}

INLINE void finish(struct slot *slot, struct tally *tally)
{
    u32 len = slot->at;
    u32 flags = slot->flags;
    slot->record.len = len;
    slot->record.flags = flags;
    slot->record.param_count = slot->params;
    if (flags & RECORD_UNREAD)
        count(&tally->unread);
    if (flags & RECORD_TRUNCATED)
        count(&tally->truncated);
    KEEP(len);
    if (len > sizeof(slot->data))
        len = sizeof(slot->data);
    if (bpf_ringbuf_output(&ring, slot->data, len, BPF_RB_NO_WAKEUP))
        count(&tally->ring_full);
    else
        count(&tally->sent);
    release(slot);
}

INLINE bool is_compat(void)
{
    return bpf_get_current_task_btf()->thread_info.status & TS_COMPAT;
}

#define X32_BIT 0x40000000
#define NR_COMPAT_SOCKETCALL 102

/* The operation that the registers of a call tell of; 0 if nobody wants it. */
INLINE u32 operation_of(struct pt_regs *regs, bool compat)
{
    u64 number = REGISTER(regs, orig_ax) & ~X32_BIT;
    if (number >= COMPAT_NUMBERS)
        return 0;
    u32 key = (u32)number + (compat ? COMPAT_NUMBERS : 0);
    if (compat && number == NR_COMPAT_SOCKETCALL)
        key = SOCKET_NUMBERS + ((u32)REGISTER(regs, bx) & 31);
    u16 *operation = bpf_map_lookup_elem(&numbers, &key);
    return operation ? *operation : 0;
}

/* The arguments of a socketcall lie in memory. */
INLINE void put_socket_args(struct slot *slot, struct pt_regs *regs)
{
    u32 args[6] = { 0 };
    bpf_probe_read_user(args, sizeof(args), (void *)(u64)(u32)REGISTER(regs, cx));
#pragma unroll
    for (int i = 0; i < 6; i++)
        slot->args[i] = args[i];
}

/* One argument, without those that a socketcall keeps in memory. */
INLINE u64 register_argument(struct pt_regs *regs, u32 index, bool compat)
{
    switch (index) {
    case 0: return compat ? (u32)REGISTER(regs, bx) : REGISTER(regs, di);
    case 1: return compat ? (u32)REGISTER(regs, cx) : REGISTER(regs, si);
    case 2: return compat ? (u32)REGISTER(regs, dx) : REGISTER(regs, dx);
    case 3: return compat ? (u32)REGISTER(regs, si) : REGISTER(regs, r10);
    case 4: return compat ? (u32)REGISTER(regs, di) : REGISTER(regs, r8);
    default: return compat ? (u32)REGISTER(regs, bp) : REGISTER(regs, r9);
    }
}

INLINE void put_args(struct slot *slot, struct pt_regs *regs, bool compat)
{
#pragma unroll
    for (int i = 0; i < 6; i++)
        slot->args[i] = register_argument(regs, i, compat);
    if (compat && REGISTER(regs, orig_ax) == NR_COMPAT_SOCKETCALL)
        put_socket_args(slot, regs);
}

INLINE bool outcome_fits(struct plan *plan, s64 result)
{
    return plan->outcome != OUTCOME_FAILED || result < 0;
}

/* A call while it is decided what becomes of it. */
struct call {
    struct pt_regs *regs;
    s64 result;
    u32 operation;
    bool compat;
    bool alone; /* no other program can run on this processor meanwhile */
    u64 sock;
};

/* What becomes of a call, as far as its situation says. */
INLINE u32 judge(struct call *call, struct plan *plan)
{
    u32 end = end_of(call->result);
    struct pt_regs *regs = call->regs;
    if (plan->sort == SORT_NONE ||
        (call->compat && REGISTER(regs, orig_ax) == NR_COMPAT_SOCKETCALL))
        return VERDICT_SEND;
    if (plan->sort == SORT_ENDED)
        return verdict_of(call->operation, end);
    if (plan->sort == SORT_OPEN) {
        u32 flags = register_argument(regs, plan->flags, call->compat);
        u32 mode = register_argument(regs, plan->mode, call->compat);
        return verdict_of(call->operation, open_situation(flags, mode, call->result));
    }
    struct socket *socket = 0;
    s32 fd = plan->descriptor == RESULT ? call->result
                                        : register_argument(regs, plan->descriptor, call->compat);
    call->sock = (u64)sock_at(fd, &socket);
    u32 class = socket_class(socket, (struct sock *)call->sock);
    return verdict_of(call->operation, class + end);
}

INLINE bool are_ports_named(struct call *call, u32 set)
{
    struct sock *sock = (struct sock *)call->sock;
    u16 local = READ(sock, __sk_common.skc_num), remote = READ(sock, __sk_common.skc_dport);
    return is_port_named(set, __builtin_bswap16(local), remote);
}

/* The number of a slot for a call that must be sent. */
INLINE s32 slot_of(struct call *call, struct plan *plan)
{
    u32 verdict = judge(call, plan), set = verdict - VERDICT_AMONG, number = 0;
    if (verdict == VERDICT_DROP)
        return DROPPED;
    if (verdict >= VERDICT_AMONG) {
        if (plan->path)
            return slot_of_path(register_argument(call->regs, plan->path - 1, call->compat), set);
        if (plan->sort == SORT_SOCKET && !are_ports_named(call, set))
            return DROPPED;
    }
    return claim(&number) ? (s32)number : NO_SLOT;
}

/* Every wanted call that ended comes here, from whichever step. */
INLINE int on_wanted(struct call *call)
{
    struct plan *plan = plan_of(call->operation);
    struct tally *tally = tally_of(call->operation);
    if (!plan || !tally || !outcome_fits(plan, call->result))
        return 0;
    s32 number = slot_of(call, plan);
    if (number == DROPPED) {
        if (call->alone)
            tally->filtered += 1;
        else
            count(&tally->filtered);
        return 0;
    }
    struct slot *slot = slot_at(number);
    if (!begin_in(slot, call->operation, call->result, call->compat, tally))
        return 0;
    put_args(slot, call->regs, call->compat);
    put_steps(slot, call->operation);
    finish(slot, tally);
    return 0;
}

INLINE int on_call(struct pt_regs *regs, s64 result, bool compat)
{
    struct call call = { .regs = regs, .result = result, .compat = compat };
    call.operation = operation_of(regs, compat);
    return call.operation ? on_wanted(&call) : 0;
}

/* The kernel has an entry for 64-bit calls and another for 32-bit ones. */
SEC("fexit/call")
int call_fexit(u64 *ctx) { return on_call((struct pt_regs *)ctx[0], ctx[1], 0); }

SEC("fexit/compat_call")
int compat_call_fexit(u64 *ctx) { return on_call((struct pt_regs *)ctx[0], ctx[1], 1); }

SEC("tp_btf/sys_exit")
int call_btf(u64 *ctx) { return on_call((struct pt_regs *)ctx[0], ctx[1], is_compat()); }

struct sys_exit { u64 common; s64 number; s64 result; };

SEC("tracepoint/syscalls/sys_exit")
int call_tracepoint(struct sys_exit *ctx)
{
    /* This tracepoint tells of no 32-bit call. */
    u32 number = ctx->number & ~X32_BIT;
    u16 *operation = number < COMPAT_NUMBERS ? bpf_map_lookup_elem(&numbers, &number) : 0;
    if (!operation || !*operation)
        return 0;
    struct task_struct *task = bpf_get_current_task_btf();
    struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
    /* The kernel runs programs on tracepoints of its old kind without preemption. */
    struct call call = { .regs = regs, .result = ctx->result, .operation = *operation, .alone = 1 };
    return on_wanted(&call);
}

/* Puts what lies between two user addresses: arguments or environment, each ended by a zero. */
NOINLINE int put_strings(struct slot *slot, u64 from, u64 to)
{
    u8 *param = slot ? room(slot) : 0;
    if (!param)
        return 0;
    u64 len = to - from;
    u32 flags = PARAM_USER;
    if (!from || to <= from) {
        len = 0;
        flags = PARAM_ABSENT;
    } else if (len > TEXT_LEN_MAX) {
        len = TEXT_LEN_MAX;
        flags |= PARAM_TRUNCATED;
    }
    KEEP(len);
    len &= 2 * TEXT_LEN_MAX - 1;
    if (len && bpf_probe_read_user(param + 4, len, (void *)from)) {
        len = 0;
        flags = PARAM_UNREAD;
    }
    done(slot, param, PARAM_BYTES, flags, len);
    return 0;
}

/* execveat is told by the path that the kernel makes of its descriptor. */
INLINE u32 exec_operation(struct linux_binprm *exec)
{
    if (HAS_FIELD(struct linux_binprm, fdpath) && READ(exec, fdpath))
        return op_execveat;
    return op_execve;
}

SEC("tp_btf/sched_process_exec")
int on_exec(u64 *ctx)
{
    struct linux_binprm *exec = (struct linux_binprm *)argument_address(ctx, 2);
    u32 operation = exec_operation(exec);
    struct tally *tally = tally_of(operation);
    if (!tally || !wanted(operation))
        return 0;
    struct slot *slot = begin(operation, 0, 0, tally);
    if (!slot)
        return 0;
    struct task_struct *task = bpf_get_current_task_btf();
    struct fs_struct *fs = READ(task, fs);
    struct mm_struct *mm = READ(task, mm);
    struct file *exe = READ(mm, exe_file);
    put_process(slot, bpf_get_current_task(), 0);
    put_kernel_text(slot, (u64)READ(exec, filename));
    put_kernel_text(slot, (u64)READ(exec, interp));
    put_path(slot, (u64)&exe->f_path);
    put_path(slot, (u64)&fs->pwd);
    put_cgroup(slot);
    put_strings(slot, READ(mm, arg_start), READ(mm, arg_end));
    u64 environment = want_environment ? READ(mm, env_start) : 0;
    put_strings(slot, environment, READ(mm, env_end));
    /* What hangs on the new program, before it can end or change it. */
    put_descriptor(slot, 0);
    put_descriptor(slot, 1);
    put_descriptor(slot, 2);
    finish(slot, tally);
    return 0;
}

/* The flags of the clone or clone3 that the registers hold. */
INLINE u32 clone_flags(u32 operation, struct pt_regs *regs, bool compat)
{
    u64 first = register_argument(regs, 0, compat);
    if (operation == op_clone)
        return first;
    if (operation != op_clone3 || bpf_probe_read_user(&first, sizeof(first), (void *)first))
        return 0;
    return first;
}

SEC("tp_btf/sched_process_fork")
int on_fork(u64 *ctx)
{
    u64 child = argument_address(ctx, 1);
    struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
    u32 operation = operation_of(regs, is_compat());
    if (!operation)
        operation = op_clone;
    struct tally *tally = tally_of(operation);
    if (!tally || !wanted(operation))
        return 0;
    struct slot *slot = begin(operation, READ((struct task_struct *)child, pid), 0, tally);
    if (!slot)
        return 0;
    put_process(slot, child, clone_flags(operation, regs, is_compat()));
    put_cgroup(slot);
    finish(slot, tally);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int on_exit(void)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct tally *tally = tally_of(op_procexit);
    if (!tally || !wanted(op_procexit))
        return 0;
    struct slot *slot = begin(op_procexit, 0, 0, tally);
    if (!slot)
        return 0;
    put_number(slot, (u32)task->exit_code, 0);
    put_number(slot, task->signal->live.counter, 0);
    finish(slot, tally);
    return 0;
}

/* A request that the program made through io_uring, before it is carried out. */
SEC("tp_btf/io_uring_submit_req")
int on_uring(u64 *ctx)
{
    struct io_kiocb *request = (struct io_kiocb *)argument_address(ctx, 0);
    u32 code = READ(request, opcode);
    u32 key = URING_NUMBERS + code;
    u16 *operation = code < URING_COUNT ? bpf_map_lookup_elem(&numbers, &key) : 0;
    if (!operation || !*operation)
        return 0;
    struct plan *plan = plan_of(*operation);
    struct tally *tally = tally_of(*operation);
    if (!plan || !tally)
        return 0;
    if (is_request_dropped(*operation, plan, request_fd(request))) {
        count(&tally->filtered);
        return 0;
    }
    struct slot *slot = begin(*operation, 0, 0, tally);
    if (!slot)
        return 0;
    slot->flags |= RECORD_IO_URING | RECORD_RESULT_UNKNOWN;
    put_request(slot, request, code);
    finish(slot, tally);
    return 0;
}
