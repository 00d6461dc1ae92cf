/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps, and the slots in which records are put together. A program may be interrupted by
 * another one on its processor, so a slot is claimed, never taken for granted by processor.
 */
#ifndef SOCKEYE_SLOT_H
#define SOCKEYE_SLOT_H

#include "kernel.h"
#include "record.h"

#define COMPAT_NUMBERS 1024
#define SOCKET_NUMBERS 2048
#define URING_NUMBERS 2112
#define URING_COUNT 64
#define NUMBER_COUNT (URING_NUMBERS + URING_COUNT)
#define SLOT_COUNT_MAX 256
#define HOST_COUNT_MAX 16384
#define CLAIM_TRIES 4
#define PATH_LEN_MAX 4096
#define NAME_LEN_MAX 256
#define BLOCK_LEN 96

/* How the value of a parameter is found; `crates/sensor/src/plan.rs` writes these. */
enum how {
    HOW_WORD = 1,     /* an argument, 64 bits */
    HOW_INT = 2,      /* an argument, 32 bits with sign */
    HOW_CONSTANT = 3, /* `extra` itself */
    HOW_NUMBER_AT = 4,/* the 64-bit number at argument + extra */
    HOW_TEXT = 5,     /* the text at an argument */
    HOW_PATH = 6,     /* the same, and the directory that it is relative to: argument `extra` */
    HOW_FILE = 7,     /* the open file of an argument, or of the result */
    HOW_ADDRESS = 8,  /* the socket address at an argument; its length is argument `extra` */
    HOW_BYTES = 9,    /* the bytes at an argument; their count is argument `extra` */
    HOW_BLOCK = 10,   /* `extra` bytes at an argument */
    HOW_MESSAGE = 11, /* the address and first bytes of the message at an argument */
    HOW_ADDRESS_AT = 12, /* the socket address at an argument; its length is at argument `extra` */
    HOW_MESSAGES = 14, /* the same of the first of many; each tells its own length */
    HOW_ABSENT = 13   /* nothing, of kind `extra`: only a call that was done has it */
};
#define RESULT 7
#define HERE 8

struct step { u8 how; u8 argument; u16 extra; };

/* What to do with an operation. */
struct plan {
    u16 count;
    u16 outcome;
    u8 sort; /* what its situation follows from; 0: every record is sent */
    u8 descriptor;
    u8 flags;
    u8 mode;
    u8 path; /* with 1 added; 0: none is looked at */
    u8 unused[7];
    struct step steps[PARAM_COUNT_MAX];
};
enum outcome { OUTCOME_ANY = 0, OUTCOME_FAILED = 1 };
enum sort { SORT_NONE = 0, SORT_ENDED = 1, SORT_OPEN = 2, SORT_SOCKET = 3 };

/* What becomes of each situation of an operation; `crates/syscall/src/selection.rs` numbers them. */
#define SITUATION_COUNT 512
#define SITUATION_HOST 256
struct verdicts { u8 of[SITUATION_COUNT]; };
enum verdict { VERDICT_SEND = 0, VERDICT_DROP = 1, VERDICT_AMONG = 2 };
enum end { END_FAILED = 0, END_SMALL = 1, END_GREAT = 2 };
enum class { CLASS_NO_SOCKET = 0, CLASS_UNIX = 4, CLASS_TCP = 8, CLASS_UDP = 12, CLASS_OTHER = 16 };

/* Looks at a path, each of which may say that it must be sent. */
#define SET_COUNT_MAX 64
#define PAIR_COUNT 4
#define HASH_BITS 10
#define HASH_FACTOR 2654435761U
struct set {
    u64 begins[1 << (HASH_BITS - 6)]; /* hashes of the first four bytes */
    u64 ends[1 << (HASH_BITS - 6)];   /* hashes of the last four bytes */
    u64 first[PAIR_COUNT];            /* a byte, eight times, ... */
    u64 second[PAIR_COUNT];           /* ... and the one behind it */
    u64 flags;
};
enum set_flag {
    SET_IN_ROOT = 1,
    SET_HIDDEN = 2,
    SET_PAIR = 4, /* there is one pair at least */
    SET_PAIRS = 8 /* there are more */
};

/* A path as the tree of beginnings takes it: its length in bits, a set, the path with its zero. */
#define KEY_TEXT_LEN 252
struct key { u32 bits; u32 set; u8 text[KEY_TEXT_LEN]; };

/* Room for such a path in words of eight bytes. */
#define TEXT_KEPT 256

/* What became of the events of an operation, on one processor. */
struct tally { u64 filtered, sent, ring_full, no_slot, unread, truncated; };

struct slot {
    u64 claimed;
    u64 args[8];
    s64 result;
    u32 operation;
    u32 compat;
    u32 at;
    u32 flags;
    u32 user;
    u32 params;
    /* The path that was looked at, with its zero, and where it was read; at 0: none was. */
    u64 text_address;
    u32 text_len;
    u8 text[TEXT_KEPT];
    u8 block[BLOCK_LEN];
    struct {
        struct vfsmount *leaf_mount;
        struct dentry *leaf, *dentry, *root_dentry, *mount_root;
        struct mount *mount, *root_mount;
        u32 at;
        u32 flags;
        u32 steps;
        u32 reserved;
    } walk;
    /* A path is written from its end; a name that begins before the end may reach beyond it. */
    u8 path[PATH_LEN_MAX + NAME_LEN_MAX];
    union {
        struct record record;
        u8 data[RECORD_LEN_MAX + TEXT_LEN_MAX + 512];
    };
};

#define MAP(type_, key_, value_, count_)    \
    struct {                                \
        int (*type)[type_];                 \
        key_ *key;                          \
        value_ *value;                      \
        int (*max_entries)[count_];         \
    }

MAP(BPF_MAP_TYPE_ARRAY, u32, struct slot, SLOT_COUNT_MAX) slots SEC(".maps");
MAP(BPF_MAP_TYPE_ARRAY, u32, struct plan, OPERATION_COUNT_MAX) plans SEC(".maps");
MAP(BPF_MAP_TYPE_PERCPU_ARRAY, u32, struct tally, OPERATION_COUNT_MAX) tallies SEC(".maps");
/*
 * System-call number → operation; 0: not wanted. 32-bit calls begin at COMPAT_NUMBERS, the parts
 * of the 32-bit socketcall at SOCKET_NUMBERS, requests through io_uring at URING_NUMBERS.
 */
MAP(BPF_MAP_TYPE_ARRAY, u32, u16, NUMBER_COUNT) numbers SEC(".maps");
MAP(BPF_MAP_TYPE_ARRAY, u32, struct verdicts, OPERATION_COUNT_MAX) verdicts SEC(".maps");
MAP(BPF_MAP_TYPE_ARRAY, u32, struct set, SET_COUNT_MAX) sets SEC(".maps");
struct {
    int (*type)[BPF_MAP_TYPE_LPM_TRIE];
    struct key *key;
    u8 *value;
    int (*max_entries)[4096];
    int (*map_flags)[BPF_F_NO_PREALLOC];
} beginnings SEC(".maps");
/* Cgroups that are surely no container's, each at the place that its number leads to. */
MAP(BPF_MAP_TYPE_ARRAY, u32, u64, HOST_COUNT_MAX) hosts SEC(".maps");
struct {
    int (*type)[BPF_MAP_TYPE_RINGBUF];
    int (*max_entries)[1 << 20];
} ring SEC(".maps");

const volatile u32 slot_count = 8;

INLINE void count(u64 *counter) { __sync_fetch_and_add(counter, 1); }

/*
 * Copies in words of eight bytes, of which the last may reach beyond `len`: without a call, and
 * so cheaper than one for what is short.
 */
#define COPY_WORDS(to, from, len, max)                                          \
    for (u32 at_ = 0; at_ < (max) && at_ < (len); at_ += 8)                     \
        *(u64 *)((to) + at_) = *(const u64 *)((from) + at_)

INLINE struct tally *tally_of(u32 operation)
{
    return bpf_map_lookup_elem(&tallies, &operation);
}

INLINE struct slot *slot_at(u32 number) { return bpf_map_lookup_elem(&slots, &number); }

/* Claims a slot, writes its number, and says that no path was looked at. */
INLINE struct slot *claim(u32 *number)
{
    u32 first = bpf_get_smp_processor_id() * CLAIM_TRIES;
#pragma unroll
    for (u32 i = 0; i < CLAIM_TRIES; i++) {
        *number = (first + i) % slot_count;
        struct slot *slot = slot_at(*number);
        if (slot && __sync_val_compare_and_swap(&slot->claimed, 0, 1) == 0) {
            slot->text_address = 0;
            return slot;
        }
    }
    return 0;
}

/* A plain store is enough: on x86-64 none is seen before what was written earlier. */
INLINE void release(struct slot *slot)
{
    asm volatile("" ::: "memory");
    *(volatile u64 *)&slot->claimed = 0;
}

/*
 * Takes a copy of the beginning of a structure, of which TAKEN then gives the fields: one call
 * for all of them. What lies further back is read by itself.
 */
INLINE void take(struct slot *slot, const void *from)
{
    if (bpf_probe_read_kernel(slot->block, BLOCK_LEN, from))
        __builtin_memset(slot->block, 0, BLOCK_LEN);
}

#define TAKEN(slot, pointer, field)                                             \
    ({                                                                          \
        typeof((pointer)->field) taken_;                                        \
        u64 at_ = FIELD_OFFSET(typeof(*(pointer)), field);                      \
        if (at_ + sizeof(taken_) <= BLOCK_LEN)                                  \
            taken_ = *(typeof(taken_) *)((slot)->block + at_);                  \
        else                                                                    \
            taken_ = READ(pointer, field);                                      \
        taken_;                                                                 \
    })

/* The place of the next parameter, or nothing if the record is full. */
INLINE u8 *room(struct slot *slot)
{
    u64 at = slot->at;
    KEEP(at);
    if (at >= RECORD_LEN_MAX) {
        slot->flags |= RECORD_TRUNCATED;
        return 0;
    }
    KEEP(at);
    return slot->data + at;
}

/* Ends the parameter that was written at `param`. */
INLINE void done(struct slot *slot, u8 *param, u32 kind, u32 flags, u32 len)
{
    struct param *head = (struct param *)param;
    if (flags & PARAM_UNREAD)
        slot->flags |= RECORD_UNREAD;
    if (flags & PARAM_TRUNCATED)
        slot->flags |= RECORD_TRUNCATED;
    head->kind = kind;
    head->flags = flags;
    head->len = len;
    slot->at += sizeof(*head) + ((len + 3) & ~3);
    slot->params += 1;
}

#endif
