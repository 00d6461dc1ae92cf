/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests through io_uring: the same records as of the calls, from the kernel's own copies of
 * what was asked for. Nothing is done yet, so no result and no new descriptor is known.
 */
#ifndef SOCKEYE_URING_H
#define SOCKEYE_URING_H

#include "values.h"

/* Numbers of the kernel's interface; `crates/sensor/src/number.rs` says what each does. */
enum uring {
    URING_SENDMSG = 9,
    URING_RECVMSG = 10,
    URING_ACCEPT = 13,
    URING_CONNECT = 16,
    URING_OPENAT = 18,
    URING_SEND = 26,
    URING_RECV = 27,
    URING_OPENAT2 = 28,
    URING_SPLICE = 30,
    URING_TEE = 33,
    URING_SHUTDOWN = 34,
    URING_RENAMEAT = 35,
    URING_UNLINKAT = 36,
    URING_MKDIRAT = 37,
    URING_SYMLINKAT = 38,
    URING_LINKAT = 39,
    URING_SOCKET = 45,
    URING_SEND_ZC = 47,
    URING_SENDMSG_ZC = 48,
    URING_BIND = 56,
    URING_LISTEN = 57
};
#define FIXED_FILE 1
#define SPLICE_F_FD_IN_FIXED (1U << 31)
/* Longer than any message: all of its first part is told. */
#define WHOLE_MESSAGE (1LL << 32)

/* The descriptor of a request; -1 where it names a file by its place in the ring's own table. */
INLINE s32 request_fd(struct io_kiocb *request)
{
    return READ(request, flags) & FIXED_FILE ? -1 : READ(request, cqe.fd);
}

/* Whether no rule can match what is asked of a socket, however it will end. */
INLINE bool is_request_dropped(u32 operation, struct plan *plan, s32 fd)
{
    if (plan->sort != SORT_SOCKET || plan->descriptor == RESULT || fd < 0)
        return 0;
    struct socket *socket = 0;
    struct sock *sock = sock_at(fd, &socket);
    u32 class = socket_class(socket, sock);
    return verdict_of(operation, class + END_SMALL) == VERDICT_DROP &&
           verdict_of(operation, class + END_GREAT) == VERDICT_DROP;
}

/* Puts a path that the kernel has copied, and the directory that it is relative to. */
INLINE void put_kernel_path(struct slot *slot, struct filename *name, s32 base)
{
    int absolute = put_kernel_text(slot, (u64)READ(name, name));
    put_base(slot, base, absolute);
}

INLINE void put_open_request(struct slot *slot, struct io_open *open)
{
    put_number(slot, READ(open, how.flags), 0);
    put_number(slot, READ(open, how.mode), 0);
    put_kernel_path(slot, READ(open, filename), READ(open, dfd));
    put_file(slot, 0, -1);
}

/* Requests on paths. */
NOINLINE int put_path_request(struct slot *slot, u64 address, u32 code)
{
    if (!slot)
        return 0;
    switch (code) {
    case URING_OPENAT:
    case URING_OPENAT2:
        put_open_request(slot, (struct io_open *)address);
        break;
    case URING_RENAMEAT: {
        struct io_rename *rename = (struct io_rename *)address;
        put_kernel_path(slot, READ(rename, oldpath), READ(rename, old_dfd));
        put_kernel_path(slot, READ(rename, newpath), READ(rename, new_dfd));
        put_number(slot, READ(rename, flags), 0);
        break;
    }
    case URING_LINKAT: {
        struct io_link *link = (struct io_link *)address;
        put_kernel_path(slot, READ(link, oldpath), READ(link, old_dfd));
        put_kernel_path(slot, READ(link, newpath), READ(link, new_dfd));
        put_number(slot, READ(link, flags), 0);
        break;
    }
    case URING_SYMLINKAT: {
        struct io_link *link = (struct io_link *)address;
        put_kernel_text(slot, (u64)READ((struct filename *)READ(link, oldpath), name));
        put_kernel_path(slot, READ(link, newpath), READ(link, new_dfd));
        break;
    }
    case URING_UNLINKAT: {
        struct io_unlink *unlink = (struct io_unlink *)address;
        put_kernel_path(slot, READ(unlink, filename), READ(unlink, dfd));
        put_number(slot, READ(unlink, flags), 0);
        break;
    }
    case URING_MKDIRAT: {
        struct io_mkdir *mkdir = (struct io_mkdir *)address;
        put_kernel_path(slot, READ(mkdir, filename), READ(mkdir, dfd));
        put_number(slot, READ(mkdir, mode), 0);
        break;
    }
    }
    return 0;
}

/* Puts a socket address that the kernel has copied. */
INLINE void put_kernel_address(struct slot *slot, void *address, u64 len)
{
    u8 *param = room(slot);
    if (!param)
        return;
    u32 size = len > ADDRESS_LEN_MAX ? ADDRESS_LEN_MAX : len;
    size &= 255;
    u32 flags = address && size ? 0 : PARAM_ABSENT;
    if (!flags && bpf_probe_read_kernel(param + 4, size, address))
        flags = PARAM_UNREAD;
    done(slot, param, PARAM_ADDRESS, flags, flags ? 0 : size);
}

/*
 * Where the kernel keeps the address of a bind: alone, or in a message, which begins with a
 * pointer or zero and so with the number of no family that has addresses.
 */
INLINE void *bind_address(struct io_kiocb *request)
{
    struct io_async_msghdr *kept = READ(request, async_data);
    u16 family = 0;
    bpf_probe_read_kernel(&family, sizeof(family), kept);
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6)
        return kept;
    return kept ? &kept->addr : 0;
}

/* Whom something is sent to: older kernels keep where the program has it, newer ones the address. */
INLINE void put_receiver(struct slot *slot, struct io_kiocb *request)
{
    struct io_sr_msg___v61 *old = (struct io_sr_msg___v61 *)request;
    if (HAS_FIELD(struct io_sr_msg___v61, addr)) {
        put_bytes(slot, (u64)READ(old, addr), READ(old, addr_len), PARAM_ADDRESS);
        return;
    }
    struct io_async_msghdr *kept = READ(request, async_data);
    void *name = READ(kept, msg.msg_name);
    put_kernel_address(slot, name, name ? READ(kept, msg.msg_namelen) : 0);
}

/* Puts the bytes that are sent; of what is received there is nothing yet. */
INLINE void put_transfer(struct slot *slot, struct io_kiocb *request, bool sends)
{
    struct io_sr_msg *transfer = (struct io_sr_msg *)request;
    u64 len = (u32)READ(transfer, len);
    put_number(slot, len, 0);
    if (sends)
        put_receiver(slot, request);
    else
        put_bytes(slot, 0, 0, PARAM_ADDRESS);
    put_bytes(slot, (u64)READ(transfer, buf), sends ? len : 0, PARAM_BYTES);
}

INLINE void put_message_request(struct slot *slot, struct io_kiocb *request, bool sends)
{
    struct io_sr_msg *transfer = (struct io_sr_msg *)request;
    slot->result = sends ? WHOLE_MESSAGE : 0;
    put_message(slot, (u64)READ(transfer, umsg), 0);
}

/* Requests on sockets; their descriptor has been put. Older kernels know no bind and no listen. */
NOINLINE int put_socket_request(struct slot *slot, u64 address, u32 code)
{
    if (!slot)
        return 0;
    struct io_kiocb *request = (struct io_kiocb *)address;
    switch (code) {
    case URING_CONNECT: {
        struct io_connect *connect = (struct io_connect *)request;
        put_bytes(slot, (u64)READ(connect, addr), READ(connect, addr_len), PARAM_ADDRESS);
        break;
    }
    case URING_BIND:
        if (HAS_FIELD(struct io_bind, addr_len))
            put_kernel_address(slot, bind_address(request),
                               READ((struct io_bind *)request, addr_len));
        break;
    case URING_LISTEN:
        if (HAS_FIELD(struct io_listen, backlog))
            put_number(slot, READ((struct io_listen *)request, backlog), 0);
        break;
    case URING_ACCEPT:
        /* There is no new socket yet; the one that listens stands for it. */
        put_number(slot, request_fd(request), 0);
        put_number(slot, READ((struct io_accept *)request, flags), 0);
        break;
    case URING_SHUTDOWN:
        put_number(slot, READ((struct io_shutdown *)request, how), 0);
        break;
    case URING_SEND:
    case URING_SEND_ZC:
        put_transfer(slot, request, 1);
        break;
    case URING_RECV:
        put_transfer(slot, request, 0);
        break;
    case URING_SENDMSG:
    case URING_SENDMSG_ZC:
        put_message_request(slot, request, 1);
        break;
    case URING_RECVMSG:
        put_message_request(slot, request, 0);
        break;
    }
    return 0;
}

INLINE void put_splice_request(struct slot *slot, struct io_kiocb *request)
{
    struct io_splice *splice = (struct io_splice *)request;
    bool fixed = READ(splice, flags) & SPLICE_F_FD_IN_FIXED;
    put_descriptor(slot, fixed ? -1 : READ(splice, splice_fd_in));
    put_descriptor(slot, request_fd(request));
    put_number(slot, READ(splice, len), 0);
}

/* Puts what was asked for. */
INLINE void put_request(struct slot *slot, struct io_kiocb *request, u32 code)
{
    switch (code) {
    case URING_SPLICE:
    case URING_TEE:
        put_splice_request(slot, request);
        break;
    case URING_SOCKET: {
        struct io_socket *socket = (struct io_socket *)request;
        put_number(slot, READ(socket, domain), 0);
        put_number(slot, READ(socket, type), 0);
        put_number(slot, READ(socket, protocol), 0);
        break;
    }
    case URING_OPENAT:
    case URING_OPENAT2:
    case URING_RENAMEAT:
    case URING_UNLINKAT:
    case URING_MKDIRAT:
    case URING_SYMLINKAT:
    case URING_LINKAT:
        put_path_request(slot, (u64)request, code);
        break;
    default:
        put_descriptor(slot, request_fd(request));
        put_socket_request(slot, (u64)request, code);
    }
}

#endif
