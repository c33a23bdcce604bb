#pragma once
#include <libpq-fe.h>
#include <poll.h>

// Waits until a connection has something to read: 1 when it has, 0 when the time is over, -1 on an error.
static inline int millrace_wait_readable(int socket, int milliseconds) {
    struct pollfd watched = {.fd = socket, .events = POLLIN, .revents = 0};
    return poll(&watched, 1, milliseconds);
}
