#define _GNU_SOURCE
#include "CSignals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int write_end = -1;

static void note(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe holds thousands of signals nobody has looked at: one more makes no difference.
    (void)!write(write_end, &byte, 1);
    errno = saved;
}

int eventloop_catch_signals(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0) return -errno;
    write_end = ends[1];
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0) return -errno;
    signal(SIGPIPE, SIG_IGN);
    return ends[0];
}

int eventloop_next_signal(int descriptor) {
    unsigned char byte;
    ssize_t count;
    do count = read(descriptor, &byte, 1); while (count < 0 && errno == EINTR);
    return count == 1 ? byte : -errno;
}
