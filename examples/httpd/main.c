// SPDX-License-Identifier: MIT
/*
 * main.c - a small HTTP/1.1 file server whose threads are scheduled by UMCG
 *
 * The main thread is neither server nor worker: it waits for the signal to end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "httpd.h"

struct options {
	const char *address, *root;
	int port, servers;
	bool plain;
};

static const char usage[] =
	"usage: httpd [--port N] [--address A] [--servers N] [--plain] DIRECTORY\n"
	"\n"
	"Serves the files below DIRECTORY until SIGTERM or SIGINT, then reports.\n"
	"\n"
	"  --port N      listen on that port (8080)\n"
	"  --address A   on that address (127.0.0.1)\n"
	"  --servers N   UMCG servers, the most threads that run at a time (2)\n"
	"  --plain       without UMCG: the kernel schedules the threads\n";

static int number(const char *text, int min, int max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end || end == text || n < min || n > max) {
		fprintf(stderr, "httpd: not a number from %d to %d: %s\n", min, max,
			text);
		exit(2);
	}
	return n;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "address", required_argument, NULL, 'a' },
		{ "servers", required_argument, NULL, 's' },
		{ "plain", no_argument, NULL, 'P' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "p:a:s:h", known, NULL)) != -1) {
		switch (c) {
		case 'p':
			o->port = number(optarg, 1, 65535);
			break;
		case 'a':
			o->address = optarg;
			break;
		case 's':
			o->servers = number(optarg, 1, SERVERS_MAX);
			break;
		case 'P':
			o->plain = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind != argc - 1) {
		fputs(usage, stderr);
		exit(2);
	}
	o->root = argv[optind];
}

/*
 * Every thread inherits this: signals wait for the main thread's sigwait(), but
 * those a thread causes itself come through, to reply of a truncated file or to
 * dump core.
 */
static void block_signals(sigset_t *ending)
{
	sigset_t most;

	sigfillset(&most);
	sigdelset(&most, SIGBUS);
	sigdelset(&most, SIGSEGV);
	sigdelset(&most, SIGILL);
	sigdelset(&most, SIGFPE);
	sigdelset(&most, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &most, NULL);
	sigemptyset(ending);
	sigaddset(ending, SIGTERM);
	sigaddset(ending, SIGINT);
}

/* A connection is a descriptor, and two while it sends a file. */
static void more_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct options o = { .address = "127.0.0.1", .port = 8080, .servers = 2 };
	sigset_t ending;
	int listener, err, sig;

	parse(argc, argv, &o);
	block_signals(&ending);
	signal(SIGPIPE, SIG_IGN); /* sendfile() to a client that is gone */
	more_files();
	mime_init();
	err = file_init(o.root);
	if (err) {
		fprintf(stderr, "httpd: %s: %s\n", o.root, strerror(-err));
		return 1;
	}
	listener = threads_listen(o.address, o.port);
	if (listener < 0) {
		fprintf(stderr, "httpd: %s port %d: %s\n", o.address, o.port,
			strerror(-listener));
		return 1;
	}
	stats_begin();
	if (!o.plain && sched_start(o.servers))
		return 1;
	err = threads_start(listener);
	if (err) {
		fprintf(stderr, "httpd: the accepting thread: %s\n", strerror(-err));
		return 1;
	}
	printf("serving %s on http://%s:%d/ with %s\n", o.root, o.address, o.port,
	       o.plain ? "plain threads" : "UMCG");
	fflush(stdout);

	sigwait(&ending, &sig);
	threads_stop(listener);
	if (!o.plain)
		sched_stop();
	stats_report();
	timeline_report();
	return 0;
}
