#ifndef CEVENTLOOP_H
#define CEVENTLOOP_H

// What the loops need from Linux and Swift's Glibc module does not show: epoll, eventfd, accept4, sendfile, a
// thread-local slot. The system headers stay in the .c file: seen from here they would change how Glibc imports.
// Every function that can fail gives -errno.

#include "CSignals.h"
#include <stdint.h>

// The slot of the running thread: which loop runs on it (compared by address only) and that loop's own state.
void *eventloop_current_owner(void);
void *eventloop_current_state(void);
void eventloop_set_current(void *owner, void *state);

enum {
    EVENTLOOP_READABLE = 1,
    EVENTLOOP_WRITABLE = 2,
    EVENTLOOP_PEER_CLOSED = 4,
    EVENTLOOP_FAILED = 8,
    EVENTLOOP_EDGE_TRIGGERED = 16,
};

typedef struct {
    uint64_t token;
    uint32_t readiness;
} eventloop_event;

int eventloop_epoll_create(void);
int eventloop_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token);
int eventloop_epoll_change(int epoll, int descriptor, uint32_t interest, uint64_t token);
int eventloop_epoll_remove(int epoll, int descriptor);
// Waits for at most `nanoseconds`, or without end when negative; gives the number of events.
int eventloop_epoll_wait(int epoll, eventloop_event *events, int capacity, int64_t nanoseconds);

// An eventfd that never blocks the loop, and one whose reader blocks until each signal is taken by one reader.
int eventloop_event_create(void);
int eventloop_semaphore_create(void);
int eventloop_event_signal(int descriptor, uint64_t count);
int eventloop_semaphore_wait(int descriptor);

// Gives memory that is not used any more back to the system, where the C library can.
void eventloop_give_back_memory(void);

// Nanoseconds of CLOCK_BOOTTIME, which goes on while the machine sleeps.
uint64_t eventloop_now(void);
// The number of cores this process may use.
int eventloop_core_count(void);

// Starts a detached thread with that name (cut to 15 bytes) and SIGPIPE blocked.
int eventloop_start_thread(const char *name, void (*body)(void *), void *argument);

// An address of the Internet Protocol: 4 or 16 bytes in network order; `length` is 0 for any other family.
typedef struct {
    uint8_t ip[16];
    uint8_t length;
    uint16_t port;
} eventloop_address;

// Reads a struct sockaddr.
eventloop_address eventloop_read_address(const void *address);
// A socket that listens without blocking; several may share the address when `shares_port` is set.
int eventloop_listen(const eventloop_address *address, int backlog, int shares_port);
// The port that a socket is bound to, or -errno.
int eventloop_local_port(int descriptor);
// The next connection, without delay for small packets, and who it comes from.
int eventloop_accept(int listener, eventloop_address *peer);
int64_t eventloop_receive(int descriptor, void *bytes, uint64_t capacity);
// Sends without blocking and without raising SIGPIPE; `more` tells the kernel that the rest of the packet follows.
int64_t eventloop_send(int descriptor, const void *bytes, uint64_t count, int more);
int eventloop_end_writing(int descriptor);
int eventloop_close(int descriptor);

#endif
