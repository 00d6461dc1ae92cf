/*
 * Does every operation that the sensor knows, once, in its own directory, and harms nothing:
 * what could do harm is asked for in a way that the kernel refuses.
 * usage: acts all|compat|uring|swap [COUNT]|storm|paths|ports|links
 * `swap` prints how often it really opened what it calls guilty.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#define NOBODY 0x7ffffff0 /* a pid that no process has */
#define BAD 1000          /* a descriptor that is not open */

static char *const no_args[] = { "true", "one", "two words", 0 };
static char *const no_env[] = { "COLOUR=blue", 0 };
static struct sockaddr_in home(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

static void touch(const char *name) { close(open(name, O_CREAT | O_WRONLY, 0600)); }

static void files(void)
{
    struct { uint64_t flags, mode, resolve; } how = { O_RDONLY, 0, 0 };
    syscall(SYS_creat, "made", 0640);
    int fd = syscall(SYS_open, "made", O_RDWR, 0);
    int here = syscall(SYS_openat, AT_FDCWD, ".", O_DIRECTORY, 0);
    syscall(SYS_openat, here, "made", O_WRONLY | O_APPEND, 0);
    syscall(SYS_openat, here, "missing", O_RDONLY, 0);
    syscall(SYS_openat2, AT_FDCWD, "/etc/../etc/passwd", &how, sizeof(how));
    syscall(SYS_open_by_handle_at, AT_FDCWD, 0, O_RDONLY);
    syscall(SYS_openat, AT_FDCWD, 1L, O_RDONLY, 0);
    int copy = syscall(SYS_dup, fd);
    syscall(SYS_dup2, fd, 50);
    syscall(SYS_dup3, fd, 51, O_CLOEXEC);
    syscall(SYS_fcntl, fd, F_GETFD, 0);
    syscall(SYS_close, copy);
    syscall(SYS_rename, "made", "second");
    syscall(SYS_renameat, here, "second", here, "third");
    syscall(SYS_renameat2, here, "third", here, "made", 0);
    syscall(SYS_link, "made", "hard");
    syscall(SYS_linkat, here, "made", here, "hard2", 0);
    syscall(SYS_symlink, "/etc/shadow", "soft");
    syscall(SYS_symlinkat, "/etc/shadow", here, "soft2");
    syscall(SYS_mkdir, "dir", 0700);
    syscall(SYS_mkdirat, here, "dir2", 0700);
    syscall(SYS_rmdir, "dir");
    syscall(SYS_unlink, "hard");
    syscall(SYS_unlinkat, here, "dir2", AT_REMOVEDIR);
    syscall(SYS_mknod, "pipe", S_IFIFO | 0600, 0);
    syscall(SYS_mknodat, here, "pipe2", S_IFIFO | 0600, 0);
    syscall(SYS_chmod, "made", 04755);
    syscall(SYS_fchmod, fd, 0600);
    syscall(SYS_fchmodat, here, "made", 0601);
    syscall(SYS_fchmodat2, BAD, "made", 0602, 0);
    syscall(SYS_chown, "made", 1, 2);
    syscall(SYS_lchown, "soft", 3, 4);
    syscall(SYS_fchown, fd, 5, 6);
    syscall(SYS_fchownat, here, "made", 7, 8, 0);
    syscall(SYS_truncate, "made", 10);
    syscall(SYS_ftruncate, fd, 20);
    syscall(SYS_utimensat, here, "made", 0, 0);
    syscall(SYS_setxattr, "missing", "user.a", "b", 1, 0);
    syscall(SYS_lsetxattr, "missing", "user.a", "b", 1, 0);
    syscall(SYS_fsetxattr, BAD, "user.a", "b", 1, 0);
    syscall(SYS_removexattr, "missing", "user.a");
    syscall(SYS_lremovexattr, "missing", "user.a");
    syscall(SYS_fremovexattr, BAD, "user.a");
    syscall(SYS_chdir, "/etc");
    syscall(SYS_fchdir, here);
}

static void mounts(void)
{
    syscall(SYS_mount, "none", "missing", "tmpfs", 0, 0);
    syscall(SYS_umount2, "missing", 2);
    syscall(SYS_move_mount, BAD, "", AT_FDCWD, "missing", 4);
    syscall(SYS_open_tree, AT_FDCWD, "missing", 0);
    syscall(SYS_fsopen, "no such type", 0);
    syscall(SYS_fsmount, BAD, 0, 0);
    syscall(SYS_pivot_root, "missing", "missing/old");
    syscall(SYS_chroot, "missing");
    syscall(SYS_setns, BAD, CLONE_NEWNET);
    syscall(SYS_unshare, 0);
    syscall(SYS_swapon, "missing", 0);
    syscall(SYS_swapoff, "missing");
    syscall(SYS_acct, "missing");
    syscall(SYS_quotactl, -1, "/dev/missing", 0, 0);
}

static void sockets(void)
{
    char byte[] = "hello", got[16];
    struct sockaddr_in at = home(0), peer;
    socklen_t len = sizeof(at), peer_len = sizeof(peer);
    struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "socket" };
    int pair[2];
    int listening = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
    syscall(SYS_setsockopt, listening, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
    syscall(SYS_bind, listening, &at, sizeof(at));
    syscall(SYS_listen, listening, 5);
    getsockname(listening, (struct sockaddr *)&at, &len);
    int out = socket(AF_INET, SOCK_STREAM, 0);
    syscall(SYS_connect, out, &at, sizeof(at));
    syscall(SYS_accept, listening, 0, 0);
    int again = socket(AF_INET, SOCK_STREAM, 0);
    syscall(SYS_connect, again, &at, sizeof(at));
    syscall(SYS_accept4, listening, 0, 0, SOCK_CLOEXEC);
    syscall(SYS_shutdown, again, SHUT_RDWR);
    syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
    int unix_socket = socket(AF_UNIX, SOCK_STREAM, 0);
    syscall(SYS_bind, unix_socket, &name, sizeof(name));
    int one = socket(AF_INET, SOCK_DGRAM, 0), two = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in any = home(0);
    bind(one, (struct sockaddr *)&any, sizeof(any));
    len = sizeof(at);
    getsockname(one, (struct sockaddr *)&at, &len);
    struct iovec part = { byte, 5 };
    struct msghdr message = { &at, sizeof(at), &part, 1, 0, 0, 0 };
    struct mmsghdr many = { message, 0 };
    syscall(SYS_sendto, two, byte, 5, 0, &at, sizeof(at));
    syscall(SYS_recvfrom, one, got, sizeof(got), 0, &peer, &peer_len);
    syscall(SYS_sendmsg, two, &message, 0);
    struct iovec into = { got, sizeof(got) };
    struct msghdr answer = { &peer, sizeof(peer), &into, 1, 0, 0, 0 };
    syscall(SYS_recvmsg, one, &answer, 0);
    syscall(SYS_sendmmsg, two, &many, 1, 0);
    struct mmsghdr answers = { answer, 0 };
    syscall(SYS_recvmmsg, one, &answers, 1, 0, 0);
}

static void people(void)
{
    gid_t groups[16] = { 0, 1 };
    uint32_t header[2] = { 0, 0 }, sets[6] = { 0 };
    syscall(SYS_setgroups, 2, groups);
    syscall(SYS_setuid, 0);
    syscall(SYS_setgid, 0);
    syscall(SYS_setreuid, -1, 0);
    syscall(SYS_setregid, -1, 0);
    syscall(SYS_setresuid, -1, 0, -1);
    syscall(SYS_setresgid, -1, 0, -1);
    syscall(SYS_setfsuid, 0);
    syscall(SYS_setfsgid, 0);
    syscall(SYS_setsid);
    syscall(SYS_setpgid, NOBODY, 0);
    syscall(SYS_capset, header, sets);
    syscall(SYS_prctl, 3 /* PR_GET_DUMPABLE */, 7, 8, 0, 0);
}

static void processes(void)
{
    struct clone_args clone = { .exit_signal = SIGCHLD };
    syscall(SYS_ptrace, 2 /* PEEKDATA */, NOBODY, 3, 0);
    syscall(SYS_process_vm_readv, NOBODY, 0, 0, 0, 0, 0);
    syscall(SYS_process_vm_writev, NOBODY, 0, 0, 0, 0, 0);
    syscall(SYS_pidfd_open, NOBODY, 0);
    syscall(SYS_pidfd_getfd, BAD, 5, 0);
    syscall(SYS_kill, NOBODY, 9);
    syscall(SYS_tkill, NOBODY, 9);
    syscall(SYS_tgkill, NOBODY, NOBODY, 9);
    syscall(SYS_pidfd_send_signal, BAD, 9, 0, 0);
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
        _exit(3);
    wait(0);
    if (syscall(SYS_clone3, &clone, sizeof(clone)) == 0)
        _exit(0);
    wait(0);
    if (syscall(SYS_fork) == 0)
        _exit(0);
    wait(0);
    if (vfork() == 0)
        _exit(0);
    wait(0);
}

static void kernel(void)
{
    char attributes[128] = { 0 };
    int fds[2];
    if (pipe(fds))
        _exit(1);
    syscall(SYS_init_module, 0, 0, "");
    syscall(SYS_finit_module, BAD, "option=1", 0);
    syscall(SYS_delete_module, "no_such_module", 0);
    syscall(SYS_bpf, -1, attributes, sizeof(attributes));
    syscall(SYS_perf_event_open, attributes, NOBODY, -5, -1, 0);
    syscall(SYS_memfd_create, "hidden", 0);
    syscall(SYS_memfd_secret, -1);
    syscall(SYS_userfaultfd, -1);
    syscall(SYS_io_uring_setup, 0, 0);
    syscall(SYS_io_uring_register, BAD, 0, 0, 0);
    syscall(SYS_splice, fds[0], 0, BAD, 0, 1, 0);
    syscall(SYS_tee, fds[0], BAD, 1, 0);
    syscall(SYS_vmsplice, BAD, 0, 0, 0);
    syscall(SYS_sendfile, fds[1], BAD, 0, 1);
    syscall(SYS_copy_file_range, fds[0], 0, BAD, 0, 1, 0);
    syscall(SYS_keyctl, -1, 0, 0, 0, 0);
    syscall(SYS_add_key, "no such type", "name", 0, 0, 0);
    syscall(SYS_request_key, "no such type", "name", 0, 0);
    syscall(SYS_kexec_load, 0, -1, 0, -1);
    syscall(SYS_kexec_file_load, BAD, BAD, 0, 0, -1);
    syscall(SYS_reboot, 0, 0, 0, 0);
    syscall(SYS_syslog, -1, 0, 0);
    syscall(SYS_settimeofday, 0, 0);
    syscall(SYS_clock_settime, -1, 0);
    syscall(SYS_sethostname, "name", -1L);
    syscall(SYS_setdomainname, "name", -1L);
    syscall(SYS_personality, 0xffffffff);
    syscall(SYS_iopl, 9);
    syscall(SYS_ioperm, -1, 1, 1);
    syscall(SYS_mprotect, 1, 4096, 7);
    syscall(SYS_mmap, 0, 0, 7, 0, -1, 0);
    syscall(SYS_ioctl, BAD, 0x5401, 0);
}

/* A 32-bit call: its addresses must lie low, so what they point at is static. */
static long compat(long number, long a, long b, long c)
{
    long result;
    asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(0)
                 : "memory");
    return (int)result;
}

static char low_name[] = "compat-made", low_missing[] = "missing";
static struct sockaddr_in low_address;
static uint32_t low_args[3];

static void compat_calls(void)
{
    int fd = compat(5, (long)low_name, O_CREAT | O_WRONLY, 0600);
    compat(295, AT_FDCWD, (long)low_name, O_RDONLY);
    compat(15, (long)low_name, 04755, 0);
    compat(10, (long)low_missing, 0, 0);
    low_address = home(9);
    int out = compat(359, AF_INET, SOCK_DGRAM, 0);
    compat(362, out, (long)&low_address, sizeof(low_address));
    low_args[0] = out, low_args[1] = (uint32_t)(long)&low_address;
    low_args[2] = sizeof(low_address);
    compat(102, 3, (long)low_args, 0);
    compat(6, fd, 0, 0);
}

/* A ring, as the kernel shares it. */
static struct {
    int fd;
    struct io_uring_sqe *queue;
    unsigned *tail, *array, mask;
} ring;

static void submit(struct io_uring_sqe entry)
{
    unsigned at = *ring.tail & ring.mask;
    ring.queue[at] = entry;
    ring.array[at] = at;
    __atomic_store_n(ring.tail, *ring.tail + 1, __ATOMIC_RELEASE);
    syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0);
}

#define SUBMIT(...) submit((struct io_uring_sqe) { __VA_ARGS__ })
#define TEXT(text) ((uint64_t)(text))
/* Known since 6.11; older kernels refuse them before anybody is told. */
#define OP_BIND 56
#define OP_LISTEN 57

static void uring_paths(void)
{
    SUBMIT(.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = TEXT("uring-made"), .len = 0600,
           .open_flags = O_CREAT | O_WRONLY);
    SUBMIT(.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = TEXT("uring-dir"), .len = 0700);
    SUBMIT(.opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD, .addr = TEXT("uring-dir"),
           .addr2 = TEXT("uring-moved"), .len = AT_FDCWD, .rename_flags = 1);
    SUBMIT(.opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD, .addr = TEXT("/etc/shadow"),
           .addr2 = TEXT("uring-soft"));
    SUBMIT(.opcode = IORING_OP_LINKAT, .fd = AT_FDCWD, .addr = TEXT("uring-made"),
           .addr2 = TEXT("uring-hard"), .len = AT_FDCWD);
    SUBMIT(.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = TEXT("uring-moved"),
           .unlink_flags = AT_REMOVEDIR);
    SUBMIT(.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = TEXT("/no/such/file"));
}

static void uring_sockets(void)
{
    char byte[] = "hello", got[16];
    struct sockaddr_in at = home(9), any = home(0);
    struct iovec part = { byte, 5 }, into = { got, sizeof(got) };
    struct msghdr message = { &at, sizeof(at), &part, 1, 0, 0, 0 };
    struct msghdr answer = { &any, sizeof(any), &into, 1, 0, 0, 0 };
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int other = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SUBMIT(.opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_STREAM, .len = IPPROTO_TCP);
    SUBMIT(.opcode = OP_BIND, .fd = tcp, .addr = TEXT(&any), .off = sizeof(any));
    bind(tcp, (struct sockaddr *)&any, sizeof(any));
    SUBMIT(.opcode = OP_LISTEN, .fd = tcp, .len = 5);
    listen(tcp, 5);
    SUBMIT(.opcode = IORING_OP_ACCEPT, .fd = tcp, .accept_flags = SOCK_CLOEXEC);
    SUBMIT(.opcode = IORING_OP_CONNECT, .fd = udp, .addr = TEXT(&at), .off = sizeof(at));
    SUBMIT(.opcode = IORING_OP_SEND, .fd = udp, .addr = TEXT(byte), .len = 5);
    SUBMIT(.opcode = IORING_OP_SEND, .fd = other, .addr = TEXT(byte), .len = 5,
           .addr2 = TEXT(&at), .addr_len = sizeof(at));
    SUBMIT(.opcode = IORING_OP_SENDMSG, .fd = other, .addr = TEXT(&message), .len = 1);
    SUBMIT(.opcode = IORING_OP_RECV, .fd = other, .addr = TEXT(got), .len = sizeof(got),
           .msg_flags = MSG_DONTWAIT);
    SUBMIT(.opcode = IORING_OP_RECVMSG, .fd = other, .addr = TEXT(&answer), .len = 1,
           .msg_flags = MSG_DONTWAIT);
    SUBMIT(.opcode = IORING_OP_SHUTDOWN, .fd = tcp, .len = SHUT_RDWR);
}

static void uring(void)
{
    struct io_uring_params p = { 0 };
    int fds[2], fd = syscall(SYS_io_uring_setup, 8, &p);
    if (fd < 0 || pipe(fds))
        _exit(77);
    size_t len = p.sq_off.array + p.sq_entries * sizeof(unsigned);
    char *sq = mmap(0, len, 3, MAP_SHARED, fd, IORING_OFF_SQ_RING);
    ring.fd = fd;
    ring.queue =
        mmap(0, p.sq_entries * sizeof(*ring.queue), 3, MAP_SHARED, fd, IORING_OFF_SQES);
    ring.tail = (unsigned *)(sq + p.sq_off.tail);
    ring.array = (unsigned *)(sq + p.sq_off.array);
    ring.mask = *(unsigned *)(sq + p.sq_off.ring_mask);
    uring_paths();
    SUBMIT(.opcode = IORING_OP_SPLICE, .fd = BAD, .splice_fd_in = fds[0], .len = 1, .off = -1,
           .splice_off_in = -1);
    SUBMIT(.opcode = IORING_OP_TEE, .fd = BAD, .splice_fd_in = fds[0], .len = 1);
    uring_sockets();
}

/* A long way to a name, so that the kernel is busy while the name changes. */
static struct { char way[2000]; volatile uint64_t name; char end; } swapped;
static volatile int swapping;

static void *swapper(void *nothing)
{
    uint64_t words[2];
    memcpy(&words[0], "innocent", 8);
    memcpy(&words[1], "guilty\0\0", 8);
    for (unsigned turn = 0;; turn++, swapping = 1)
        swapped.name = words[turn & 1];
    return nothing;
}

/* Opens what a second thread renames all the while. */
static void swap(int count)
{
    pthread_t other;
    struct stat guilty, opened;
    int times = 0;
    touch("innocent");
    touch("guilty");
    for (unsigned i = 0; i < sizeof(swapped.way); i++)
        swapped.way[i] = i & 1 ? '/' : '.';
    memcpy((char *)&swapped.name, "innocent", 8);
    stat("guilty", &guilty);
    pthread_create(&other, 0, swapper, 0);
    while (!swapping)
        sched_yield();
    /* On a busy machine one thread may work alone for a while. */
    for (int i = 0; i < count || ((times == 0 || times == i) && i < 10 * count); i++) {
        int fd = open(swapped.way, O_RDONLY);
        times += fstat(fd, &opened) == 0 && opened.st_ino == guilty.st_ino;
        close(fd);
    }
    printf("%d\n", times);
    fflush(stdout);
}

/* An operation that nobody else does meanwhile. */
static void storm(void)
{
    for (int i = 0; i < 20000; i++)
        syscall(SYS_swapoff, "missing");
}

/* Opens what is not there, by names of every kind. */
static void paths(void)
{
    static char longest[301];
    static const char *const names[] = {
        "relative", "/no/such/../dir/file", "/no//such", "/no/./such", "/no/such/.",
        "/no/such/..", "/a", "/nothing-of-a-rather-long-name", "/no/such/dir",
        "/no/such/dir/", "/no/such/dir/file", "/no/such/place/my.key",
        "/no/such/.hidden/file", "/no/such/long/way/to/a/place/xyzq", "/no/such/other",
        "/no/suc/../x", "/no/such/a..b",
    };
    memset(longest, 'x', 300);
    memcpy(longest, "/no/such/", 9);
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
        syscall(SYS_openat, AT_FDCWD, names[i], O_RDONLY, 0);
    syscall(SYS_openat, AT_FDCWD, longest, O_RDONLY, 0);
}

/* Opens one file by its name, and through links to it and to its folder. */
static void links(void)
{
    touch("guilty");
    symlink("guilty", "soft");
    symlink(".", "here");
    close(open("guilty", O_RDONLY));
    close(open("soft", O_RDONLY));
    close(open("here/soft", O_RDONLY));
}

/* Sends to ports that nobody listens at. */
static void ports(void)
{
    int other = socket(AF_INET, SOCK_DGRAM, 0), named = socket(AF_INET, SOCK_DGRAM, 0);
    int free = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in at = home(10), nine = home(9);
    connect(other, (struct sockaddr *)&at, sizeof(at));
    connect(named, (struct sockaddr *)&nine, sizeof(nine));
    send(other, "to 10", 5, 0);
    send(named, "to 9", 4, 0);
    sendto(free, "unconnected", 11, 0, (struct sockaddr *)&at, sizeof(at));
}

int main(int count, char **words)
{
    const char *what = count > 1 ? words[1] : "all";
    /* What no one has touched is not in memory, and a program in the kernel cannot fetch it. */
    mlockall(MCL_CURRENT);
    /* Descriptors of those who started it would shift its own. */
    syscall(SYS_close_range, 3, ~0U, 0);
    if (!strcmp(what, "compat"))
        return compat_calls(), 0;
    if (!strcmp(what, "uring"))
        return uring(), 0;
    if (!strcmp(what, "swap"))
        return swap(count > 2 ? atoi(words[2]) : 20000), 0;
    if (!strcmp(what, "paths"))
        return paths(), 0;
    if (!strcmp(what, "ports"))
        return ports(), 0;
    if (!strcmp(what, "links"))
        return links(), 0;
    if (!strcmp(what, "storm"))
        return storm(), 0;
    files();
    mounts();
    sockets();
    processes();
    kernel();
    people();
    syscall(SYS_execveat, AT_FDCWD, "missing", no_args, no_env, 0);
    syscall(SYS_execve, "missing", no_args, no_env);
    syscall(SYS_execve, "/bin/true", no_args, no_env);
    return 1;
}
