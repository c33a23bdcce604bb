#define _GNU_SOURCE
#include "CEventLoop.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static _Thread_local void *current_owner;
static _Thread_local void *current_state;

void *eventloop_current_owner(void) { return current_owner; }
void *eventloop_current_state(void) { return current_state; }

void eventloop_set_current(void *owner, void *state) {
    current_owner = owner;
    current_state = state;
}

static int checked(int result) { return result < 0 ? -errno : result; }

int eventloop_epoll_create(void) { return checked(epoll_create1(EPOLL_CLOEXEC)); }

static struct epoll_event event_for(uint32_t interest, uint64_t token) {
    struct epoll_event event = {.events = EPOLLRDHUP, .data.u64 = token};
    if (interest & EVENTLOOP_READABLE) event.events |= EPOLLIN;
    if (interest & EVENTLOOP_WRITABLE) event.events |= EPOLLOUT;
    if (interest & EVENTLOOP_EDGE_TRIGGERED) event.events |= EPOLLET;
    return event;
}

int eventloop_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token) {
    struct epoll_event event = event_for(interest, token);
    return checked(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event));
}

int eventloop_epoll_change(int epoll, int descriptor, uint32_t interest, uint64_t token) {
    struct epoll_event event = event_for(interest, token);
    return checked(epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event));
}

int eventloop_epoll_remove(int epoll, int descriptor) {
    struct epoll_event unused = {0};
    return checked(epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &unused));
}

#define BATCH 256

int eventloop_epoll_wait(int epoll, eventloop_event *events, int capacity, int64_t nanoseconds) {
    struct epoll_event ready[BATCH];
    int room = capacity < BATCH ? capacity : BATCH;
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    int count = nanoseconds == 0 ? epoll_wait(epoll, ready, room, 0)
                                 : epoll_pwait2(epoll, ready, room, nanoseconds < 0 ? NULL : &limit, NULL);
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
        // Kernels before 5.11 and some container filters have no epoll_pwait2: whole milliseconds then, rounded up.
        int64_t milliseconds = nanoseconds < 0 ? -1 : (nanoseconds + 999999) / 1000000;
        count = epoll_wait(epoll, ready, room, milliseconds > 60000 ? 60000 : (int)milliseconds);
    }
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int index = 0; index < count; index++) {
        uint32_t seen = ready[index].events, readiness = 0;
        if (seen & EPOLLIN) readiness |= EVENTLOOP_READABLE;
        if (seen & EPOLLOUT) readiness |= EVENTLOOP_WRITABLE;
        if (seen & EPOLLRDHUP) readiness |= EVENTLOOP_PEER_CLOSED;
        if (seen & (EPOLLERR | EPOLLHUP)) readiness |= EVENTLOOP_FAILED;
        events[index] = (eventloop_event){.token = ready[index].data.u64, .readiness = readiness};
    }
    return count;
}

int eventloop_event_create(void) { return checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }
int eventloop_semaphore_create(void) { return checked(eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE)); }

int eventloop_event_signal(int descriptor, uint64_t count) {
    ssize_t written;
    do written = write(descriptor, &count, sizeof count); while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : 0;
}

int eventloop_semaphore_wait(int descriptor) {
    uint64_t value;
    ssize_t taken;
    do taken = read(descriptor, &value, sizeof value); while (taken < 0 && errno == EINTR);
    return taken < 0 ? -errno : 0;
}

uint64_t eventloop_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int eventloop_core_count(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (int)online;
}

typedef struct {
    void (*body)(void *);
    void *argument;
    char name[16];
} thread_start;

static void *run_thread(void *argument) {
    thread_start start = *(thread_start *)argument;
    free(argument);
    pthread_setname_np(pthread_self(), start.name);
    start.body(start.argument);
    return NULL;
}

int eventloop_start_thread(const char *name, void (*body)(void *), void *argument) {
    thread_start *start = malloc(sizeof *start);
    if (start == NULL) return -ENOMEM;
    *start = (thread_start){.body = body, .argument = argument};
    strncpy(start->name, name, sizeof start->name - 1);
    // libcurl and its TLS library write without MSG_NOSIGNAL: a peer that left must not end the process.
    sigset_t broken_pipe, previous;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, &previous);
    pthread_t thread;
    int code = pthread_create(&thread, NULL, run_thread, start);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (code != 0) {
        free(start);
        return -code;
    }
    pthread_detach(thread);
    return 0;
}

eventloop_address eventloop_read_address(const void *address) {
    eventloop_address result = {0};
    sa_family_t family = ((const struct sockaddr *)address)->sa_family;
    if (family == AF_INET) {
        const struct sockaddr_in *v4 = address;
        memcpy(result.ip, &v4->sin_addr, result.length = 4);
        result.port = ntohs(v4->sin_port);
    } else if (family == AF_INET6) {
        const struct sockaddr_in6 *v6 = address;
        memcpy(result.ip, &v6->sin6_addr, result.length = 16);
        result.port = ntohs(v6->sin6_port);
    }
    return result;
}

int eventloop_listen(const eventloop_address *address, int backlog, int shares_port) {
    struct sockaddr_storage storage = {0};
    socklen_t size;
    if (address->length == 4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
        *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&v4->sin_addr, address->ip, 4);
        size = sizeof *v4;
    } else {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
        *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
        memcpy(&v6->sin6_addr, address->ip, 16);
        size = sizeof *v6;
    }
    int descriptor = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -errno;
    int on = 1, off = 0;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shares_port) setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (address->length == 16) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    // Inherited by every accepted connection.
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&storage, size) < 0 || listen(descriptor, backlog) < 0) {
        int code = errno;
        close(descriptor);
        return -code;
    }
    return descriptor;
}

int eventloop_local_port(int descriptor) {
    struct sockaddr_storage storage;
    socklen_t size = sizeof storage;
    if (getsockname(descriptor, (struct sockaddr *)&storage, &size) < 0) return -errno;
    return eventloop_read_address(&storage).port;
}

int eventloop_accept(int listener, eventloop_address *peer) {
    struct sockaddr_storage storage = {0};
    socklen_t size = sizeof storage;
    int descriptor = accept4(listener, (struct sockaddr *)&storage, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) return -errno;
    *peer = eventloop_read_address(&storage);
    return descriptor;
}

int64_t eventloop_receive(int descriptor, void *bytes, uint64_t capacity) {
    ssize_t received;
    do received = recv(descriptor, bytes, capacity, MSG_DONTWAIT); while (received < 0 && errno == EINTR);
    return received < 0 ? -errno : received;
}

int64_t eventloop_send(int descriptor, const void *bytes, uint64_t count, int more) {
    ssize_t sent;
    do sent = send(descriptor, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int eventloop_end_writing(int descriptor) { return checked(shutdown(descriptor, SHUT_WR)); }
int eventloop_close(int descriptor) { return checked(close(descriptor)); }

void eventloop_give_back_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
