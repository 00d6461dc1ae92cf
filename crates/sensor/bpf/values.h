/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The arguments of a call, as its plan asks for them. */
#ifndef SOCKEYE_VALUES_H
#define SOCKEYE_VALUES_H

#include "select.h"

INLINE void put_number(struct slot *slot, u64 value, u32 flags)
{
    u8 *param = room(slot);
    if (!param)
        return;
    *(u64 *)(param + 4) = value;
    done(slot, param, PARAM_NUMBER, flags, 8);
}

/* Puts a text at a user address; tells whether it is an absolute path. */
NOINLINE int put_text(struct slot *slot, u64 address)
{
    u8 *param = slot ? room(slot) : 0;
    if (!param)
        return 0;
    if (!address) {
        done(slot, param, PARAM_TEXT, PARAM_ABSENT, 0);
        return 0;
    }
    long len = slot->text_len;
    /* What was looked at is what is told. */
    if (address == slot->text_address)
        COPY_WORDS(param + 4, slot->text, len, TEXT_KEPT);
    else
        len = bpf_probe_read_user_str(param + 4, TEXT_LEN_MAX, (void *)address);
    if (len < 0) {
        done(slot, param, PARAM_TEXT, PARAM_UNREAD, 0);
        return 0;
    }
    u32 flags = PARAM_USER | (len >= TEXT_LEN_MAX ? PARAM_TRUNCATED : 0);
    /* Of an empty text the length is 1, or 0 on kernels before 6.3. */
    int absolute = len > 1 && param[4] == '/';
    done(slot, param, PARAM_TEXT, flags, len ? (len - 1) & (TEXT_LEN_MAX - 1) : 0);
    return absolute;
}

/* Puts `len` bytes at a user address, at most DATA_LEN_MAX of them. */
NOINLINE int put_bytes(struct slot *slot, u64 address, u64 len, u32 kind)
{
    u8 *param = slot ? room(slot) : 0;
    if (!param)
        return 0;
    u32 max = kind == PARAM_ADDRESS ? ADDRESS_LEN_MAX : DATA_LEN_MAX;
    u32 flags = PARAM_USER;
    if (len > max) {
        len = max;
        flags |= PARAM_TRUNCATED;
    }
    u32 size = len & 511;
    if (!address || !size)
        flags = PARAM_ABSENT, size = 0;
    else if (bpf_probe_read_user(param + 4, size, (void *)address))
        flags = PARAM_UNREAD, size = 0;
    done(slot, param, kind, flags, size);
    return 0;
}

/* Puts a text of the kernel's own. */
NOINLINE int put_kernel_text(struct slot *slot, u64 address)
{
    u8 *param = slot ? room(slot) : 0;
    if (!param)
        return 0;
    long len = bpf_probe_read_kernel_str(param + 4, TEXT_LEN_MAX, (void *)address);
    u32 flags = len < 0 ? PARAM_UNREAD : len >= TEXT_LEN_MAX ? PARAM_TRUNCATED : 0;
    int absolute = len > 1 && param[4] == '/';
    done(slot, param, PARAM_TEXT, flags, len <= 0 ? 0 : (len - 1) & (TEXT_LEN_MAX - 1));
    return absolute;
}

INLINE u64 user_word(struct slot *slot, u64 address, u32 index)
{
    u64 value = 0;
    u32 size = slot->compat ? 4 : 8;
    bpf_probe_read_user(&value, size, (void *)(address + index * size));
    return value;
}

/* Puts a message's address, and the first bytes of its first part. */
NOINLINE int put_message(struct slot *slot, u64 address, u32 many)
{
    if (!slot)
        return 0;
    s64 done_len = slot->result;
    if (many && done_len > 0) {
        u32 own = 0;
        bpf_probe_read_user(&own, 4, (void *)(address + (slot->compat ? 28 : 56)));
        done_len = own;
    }
    u32 name_len = 0;
    u64 name = user_word(slot, address, 0);
    bpf_probe_read_user(&name_len, 4, (void *)(address + (slot->compat ? 4 : 8)));
    u64 parts = user_word(slot, address, 2);
    u64 base = user_word(slot, parts, 0);
    u64 len = user_word(slot, parts, 1);
    if (done_len >= 0 && (u64)done_len < len)
        len = done_len;
    put_bytes(slot, name, name_len, PARAM_ADDRESS);
    put_bytes(slot, base, done_len < 0 ? 0 : len, PARAM_BYTES);
    return 0;
}

INLINE u64 argument(struct slot *slot, u32 index)
{
    if (index == RESULT)
        return slot->result;
    if (index == HERE)
        return (u64)(s64)AT_FDCWD;
    return index < 6 ? slot->args[index & 7] : 0;
}

INLINE void put_number_at(struct slot *slot, u64 address, u32 offset)
{
    u64 value = 0;
    long fault = bpf_probe_read_user(&value, 8, (void *)(address + offset));
    put_number(slot, value, fault ? PARAM_UNREAD : PARAM_USER);
}

/* Puts one step of a plan. */
INLINE void put_step(struct slot *slot, struct step *step)
{
    u64 value = argument(slot, step->argument);
    u32 extra = step->extra;
    switch (step->how) {
    case HOW_WORD:
        put_number(slot, value, 0);
        break;
    case HOW_INT:
        put_number(slot, (s64)(s32)value, 0);
        break;
    case HOW_CONSTANT:
        put_number(slot, extra, 0);
        break;
    case HOW_NUMBER_AT:
        put_number_at(slot, value, extra);
        break;
    case HOW_TEXT:
        put_text(slot, value);
        break;
    case HOW_PATH: {
        int absolute = put_text(slot, value);
        put_base(slot, argument(slot, extra), absolute);
        break;
    }
    case HOW_FILE:
        put_descriptor(slot, value);
        break;
    case HOW_ADDRESS:
        put_bytes(slot, value, (u32)argument(slot, extra), PARAM_ADDRESS);
        break;
    case HOW_ADDRESS_AT: {
        u32 len = 0;
        bpf_probe_read_user(&len, sizeof(len), (void *)argument(slot, extra));
        put_bytes(slot, value, len, PARAM_ADDRESS);
        break;
    }
    case HOW_ABSENT: {
        u8 *param = room(slot);
        if (param)
            done(slot, param, extra, PARAM_ABSENT, 0);
        break;
    }
    case HOW_BYTES: {
        s64 len = argument(slot, extra);
        put_bytes(slot, value, len < 0 ? 0 : len, PARAM_BYTES);
        break;
    }
    case HOW_BLOCK:
        put_bytes(slot, value, extra, PARAM_BYTES);
        break;
    case HOW_MESSAGE:
        put_message(slot, value, 0);
        break;
    case HOW_MESSAGES:
        put_message(slot, value, 1);
        break;
    }
}

/* Puts what the plan of an operation asks for. */
NOINLINE int put_steps(struct slot *slot, u32 operation)
{
    struct plan *plan = bpf_map_lookup_elem(&plans, &operation);
    if (!slot || !plan)
        return 0;
    for (u32 i = 0; i < PARAM_COUNT_MAX && i < plan->count; i++)
        put_step(slot, &plan->steps[i]);
    return 0;
}

#endif
