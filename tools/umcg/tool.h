/* SPDX-License-Identifier: MIT */
/* tool.h - what the files of the umcg command share */
#ifndef UMCG_TOOL_H
#define UMCG_TOOL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <umcg.h>

#include "umcg_version.h"

#define EXIT_USAGE	2

#define NAME_LEN	128	/* room for a version, a release, a signer */

/* --- facts.c: what this machine is like, no judgement --------------------- */

/**
 * struct facts - an empty string stands for what is not there
 * @kernel: uname -r
 * @loaded: the module is in the kernel
 * @loaded_version: of that
 * @users: its reference count, -1 if not known
 * @file: the module that modprobe would load
 * @file_version: of that
 * @signer: who signed that
 * @headers: modules can be built for this kernel
 * @dkms_version: of the sources that DKMS has
 * @dkms_log: of a build by DKMS for whatever kernel was last
 * @lockdown: of /sys/kernel/security/lockdown: none, integrity, confidentiality
 * @sig_enforce: the kernel takes signed modules only
 * @ftrace_off: kernel.ftrace_enabled is 0
 * @container: this looks like one
 * @numbers: of the device, MAJOR:MINOR
 * @node: /dev/umcg is there
 * @node_mode: permissions of that
 * @node_group: whose those of the group are, a name if it has one
 * @open_error: 0 or -errno of open()
 * @query_error: 0 or -errno of QUERY
 * @query: what it answered
 * @hooks_error: 0 or -errno of registering a thread
 */
struct facts {
	char kernel[NAME_LEN];
	bool loaded;
	char loaded_version[NAME_LEN];
	long users;
	char file[PATH_MAX];
	char file_version[NAME_LEN];
	char signer[NAME_LEN];
	bool headers;
	char dkms_version[NAME_LEN];
	char dkms_log[PATH_MAX];
	char lockdown[NAME_LEN];
	bool sig_enforce;
	bool ftrace_off;
	bool container;
	char numbers[NAME_LEN];
	bool node;
	mode_t node_mode;
	char node_group[NAME_LEN];
	int open_error;
	int query_error;
	struct umcg_query query;
	int hooks_error;
};

void facts_gather(struct facts *f);

/* The first line of a file; empty, and false, if it cannot be read. */
bool read_line(const char *file, char *line, size_t len);

/* --- causes.c: why this process cannot use UMCG ---------------------------- */

/**
 * struct cause - one reason, on its own
 * @id: for programs
 * @note: it works all the same
 * @text: what is wrong
 * @remedy: what to do about it
 */
struct cause {
	const char *id;
	bool note;
	char text[512 + PATH_MAX];
	char remedy[512 + PATH_MAX];
};

#define CAUSES_MAX	4

/* Return: how many were found. */
size_t causes_find(const struct facts *f, struct cause causes[CAUSES_MAX]);

/* --- kmod.c: the module as modprobe and rmmod know it ---------------------- */

void kmod_file(struct facts *f);
int kmod_load(void);	/* 0 or -errno */
int kmod_unload(void);	/* 0 or -errno */

/* --- holders.c: who keeps the module ---------------------------------------- */

struct holder {
	pid_t pid;
	char comm[32];
	unsigned int files;
	unsigned int maps;
};

/* Calls @found for each process that /proc shows. Return: how many. */
unsigned int holders_each(void (*found)(const struct holder *holder));

/* Is that file in a directory, /proc/PID/fd, the device? */
bool holders_is_device(int dir, const char *name);

/* Is that line of /proc/PID/maps a mapping of it? */
bool holders_is_map(const char *line);

/* --- json.c ------------------------------------------------------------------ */

struct json {
	FILE *out;
	bool behind;	/* a member of the same object is there already */
};

/* @key is NULL inside of an array. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_text(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, long long value);
void json_flag(struct json *j, const char *key, bool value);
void json_finish(struct json *j);

/* --- features.c ---------------------------------------------------------------- */

struct feature {
	__u64 bit;
	const char *name;
	const char *words;
};

extern const struct feature features[];	/* ends with a bit of 0 */
__u64 features_unknown(__u64 set);

/* --- report.c: what check and status have in common ---------------------------- */

void report_versions(const struct facts *f);
void report_versions_json(struct json *j, const struct facts *f);
void report_causes(const struct cause *causes, size_t n);
void report_causes_json(struct json *j, const struct cause *causes, size_t n);

/* --- the commands: return an exit status ----------------------------------------- */

int command_check(bool json);
int command_load(bool json);
int command_unload(bool json);
int command_status(bool json);
int command_ps(int argc, char **argv, bool json);	/* argv[0] is the command's name */
int command_top(int argc, char **argv, bool json);	/* likewise */
int command_trace(int argc, char **argv, bool json);	/* likewise */
int command_run(int argc, char **argv, bool json);	/* likewise; does not return if it can */

/* main.c: says what is wrong with the command line. Return: the exit status for that. */
int usage(const char *wrong, const char *what);

#endif /* UMCG_TOOL_H */
