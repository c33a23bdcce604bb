#ifndef EVENTLOOP_SIGNALS_H
#define EVENTLOOP_SIGNALS_H

// From now on SIGTERM and SIGINT do not end the process but are read, one byte each, from the descriptor returned;
// SIGPIPE is ignored. Called once in a process. Gives -errno when that fails.
int eventloop_catch_signals(void);
// Waits for the next signal and gives its number, or -errno.
int eventloop_next_signal(int descriptor);

#endif
