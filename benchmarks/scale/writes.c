/* What one write() to a socket costs here: no program that sends can be cheaper.
 *
 * writes SOCKETS BYTES ROUNDS PAUSE_US
 * A child reads all sockets; the parent writes BYTES to each of them, ROUNDS times, and prints the
 * microseconds of processor time that one write took it.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void take_all(struct sockaddr_in *where, int sockets) {
    static char buffer[1 << 16];
    int poll = epoll_create1(0), open = sockets;
    for (int n = 0; n < sockets; n++) {
        int each = socket(AF_INET, SOCK_STREAM, 0);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = each};
        if (connect(each, (struct sockaddr *)where, sizeof *where)) exit(1);
        epoll_ctl(poll, EPOLL_CTL_ADD, each, &event);
    }
    while (open) {
        struct epoll_event ready[256];
        int count = epoll_wait(poll, ready, 256, -1);
        for (int n = 0; n < count; n++)
            if (read(ready[n].data.fd, buffer, sizeof buffer) <= 0) {
                close(ready[n].data.fd);
                open--;
            }
    }
    exit(0);
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    int sockets = atoi(argv[1]), bytes = atoi(argv[2]), rounds = atoi(argv[3]);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int door = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(door, (struct sockaddr *)&where, size) || listen(door, sockets)) return 1;
    getsockname(door, (struct sockaddr *)&where, &size);
    if (!fork()) take_all(&where, sockets);
    int *open = calloc(sockets, sizeof *open);
    char *data = calloc(1, bytes);
    for (int n = 0; n < sockets; n++) open[n] = accept(door, 0, 0);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (int round = 0; round < rounds; round++) {
        for (int n = 0; n < sockets; n++)
            if (write(open[n], data, bytes) != bytes) return 1;
        usleep(atoi(argv[4]));
    }
    getrusage(RUSAGE_SELF, &after);
    double took = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1e6 +
                  (after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1e6 +
                  (after.ru_utime.tv_usec - before.ru_utime.tv_usec) +
                  (after.ru_stime.tv_usec - before.ru_stime.tv_usec);
    printf("%.3f\n", took / rounds / sockets);
    return 0;
}
