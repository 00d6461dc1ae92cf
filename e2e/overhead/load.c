/*
 * The loads under which the cost of the sensor is measured. Each prints as one line of JSON what
 * it took; `own_s` is processor time of this program and its children, which what others do on
 * the machine disturbs little.
 *
 * usage: load read|open|spawn|request|storm COUNT [PATH]
 *   read     reads and writes of one byte, COUNT calls in all
 *   open     opens PATH for reading and closes it
 *   write    opens PATH for writing and closes it
 *   spawn    forks and executes PATH, and waits for it
 *   request  requests over the loopback, each on a connection of its own
 *   storm    a call that nothing else on a machine makes, and that fails
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_LEN 1024
#define QUESTION "GET / HTTP/1.0\r\n\r\n"

static double at(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Processor time of this program and of the children that it waited for. */
static double own(void)
{
    struct rusage of;
    getrusage(RUSAGE_CHILDREN, &of);
    return at(CLOCK_PROCESS_CPUTIME_ID) + of.ru_utime.tv_sec + of.ru_stime.tv_sec +
           (of.ru_utime.tv_usec + of.ru_stime.tv_usec) / 1e6;
}

static void must(int holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    exit(1);
}

static void read_and_write(long count)
{
    int from = open("/dev/zero", O_RDONLY), to = open("/dev/null", O_WRONLY);
    char byte;
    must(from >= 0 && to >= 0, "/dev/zero, /dev/null");
    for (long i = 0; i < count; i += 2)
        must(read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1, "a byte");
}

static void open_and_close(long count, const char *path, int flags)
{
    for (long i = 0; i < count; i++) {
        int fd = open(path, flags);
        must(fd >= 0, path);
        close(fd);
    }
}

static void spawn(long count, char *path)
{
    for (long i = 0; i < count; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            execv(path, (char *[]){ path, 0 });
            _exit(127);
        }
        must(waitpid(child, &status, 0) == child && status == 0, path);
    }
}

static void answer(int listening)
{
    char text[ANSWER_LEN] = "HTTP/1.0 200 OK\r\n\r\n";
    for (;;) {
        int with = accept(listening, 0, 0);
        must(with >= 0 && read(with, text + 64, 64) > 0, "a question");
        must(write(with, text, sizeof(text)) == sizeof(text), "an answer");
        close(with);
    }
}

static void ask(const struct sockaddr_in *there)
{
    char text[2 * ANSWER_LEN];
    /* Nothing of a connection stays behind, so ports do not run out. */
    struct linger none = { 1, 0 };
    ssize_t got, all = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(connect(fd, (struct sockaddr *)there, sizeof(*there)) == 0, "connect");
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    must(write(fd, QUESTION, sizeof(QUESTION) - 1) > 0, "a question");
    while ((got = read(fd, text, sizeof(text))) > 0)
        all += got;
    must(all == ANSWER_LEN, "an answer");
    close(fd);
}

static int by_length(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* Returns how long half of the requests took at most, and how long 99 of 100. */
static void request(long count, double *half, double *most)
{
    struct sockaddr_in there = { .sin_family = AF_INET };
    socklen_t len = sizeof(there);
    double *took = calloc(count, sizeof(*took));
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(took && bind(listening, (struct sockaddr *)&there, len) == 0, "bind");
    must(listen(listening, 16) == 0, "listen");
    getsockname(listening, (struct sockaddr *)&there, &len);
    pid_t server = fork();
    if (server == 0)
        answer(listening);
    for (long i = 0; i < count; i++) {
        double from = at(CLOCK_MONOTONIC);
        ask(&there);
        took[i] = at(CLOCK_MONOTONIC) - from;
    }
    kill(server, SIGKILL);
    waitpid(server, 0, 0);
    qsort(took, count, sizeof(*took), by_length);
    *half = took[count / 2];
    *most = took[count * 99 / 100];
}

int main(int words_len, char **words)
{
    const char *what = words_len > 1 ? words[1] : "";
    long count = words_len > 2 ? atol(words[2]) : 0;
    char *path = words_len > 3 ? words[3] : "";
    double half = 0, most = 0, wall = at(CLOCK_MONOTONIC), before = own();
    if (count <= 0) {
        fprintf(stderr, "usage: load read|open|write|spawn|request|storm COUNT [PATH]\n");
        return 2;
    }
    if (!strcmp(what, "read"))
        read_and_write(count);
    else if (!strcmp(what, "open"))
        open_and_close(count, path, O_RDONLY);
    else if (!strcmp(what, "write"))
        open_and_close(count, path, O_WRONLY);
    else if (!strcmp(what, "spawn"))
        spawn(count, path);
    else if (!strcmp(what, "request"))
        request(count, &half, &most);
    else if (!strcmp(what, "storm"))
        for (long i = 0; i < count; i++)
            syscall(SYS_swapoff, "missing");
    else
        return fprintf(stderr, "no load `%s`\n", what), 2;
    wall = at(CLOCK_MONOTONIC) - wall;
    printf("{\"count\":%ld,\"own_s\":%.9f,\"wall_s\":%.9f", count, own() - before, wall);
    if (most > 0)
        printf(",\"a_second\":%.1f,\"p50_us\":%.2f,\"p99_us\":%.2f", count / wall, half * 1e6,
               most * 1e6);
    puts("}");
}
