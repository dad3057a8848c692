/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * suite.h - what every suite starts from
 *
 * A suite is one program about one idea. It defines make_suite(); main() is in
 * main.c, which loads the module if it is not there and runs each test in a
 * process of its own, ended after a time.
 *
 * check's own assertions write a few bytes to a file each time they hold. That
 * is fine in the thread of the test; a worker, for which every system call
 * counts, uses expect() and its kin, which do nothing unless they fail.
 */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <umcg.h>

/* What the suite is made of. */
Suite *make_suite(void);

/*
 * For suites that run themselves again, with arguments: the exit status of that
 * process. Suites that do not need not define it.
 */
int helper_main(int argc, char **argv);

/*
 * A test which may last so many seconds, as its own case, under its own name, for
 * each _i from 0 to @times - 1. If it changes what others depend on: @before and
 * @after, which may be NULL, are called around all of this, in a process that outlives
 * the test, however it ends.
 */
#define ADD_LOOP_BETWEEN(suite, test, seconds, times, before, after)    \
	do {                                                                   \
		TCase *tcase_ = tcase_create(#test);                                  \
		tcase_set_timeout(tcase_, seconds);                                   \
		tcase_add_unchecked_fixture(tcase_, before, after);                   \
		tcase_add_loop_test(tcase_, test, 0, times);                          \
		suite_add_tcase(suite, tcase_);                                       \
	} while (0)

/* With less of that. */
#define ADD(suite, test, seconds) \
	ADD_LOOP_BETWEEN(suite, test, seconds, 1, NULL, NULL)
#define ADD_LOOP(suite, test, seconds, times) \
	ADD_LOOP_BETWEEN(suite, test, seconds, times, NULL, NULL)
#define ADD_BETWEEN(suite, test, seconds, before, after) \
	ADD_LOOP_BETWEEN(suite, test, seconds, 1, before, after)

/* Leave the test: this machine, or this module, does not have what it is about. */
#define skip(...)                                                       \
	do {                                                            \
		skip_say(__func__, __VA_ARGS__);                        \
		return;                                                 \
	} while (0)

void skip_say(const char *test, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line about what was measured; not for the verdict. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define expect(condition)                                               \
	do {                                                            \
		if (!(condition))                                       \
			ck_abort_msg("not so: %s", #condition);         \
	} while (0)

#define expect_eq(left, right)                                          \
	do {                                                            \
		long long left_ = (long long)(left);                    \
		long long right_ = (long long)(right);                  \
		if (left_ != right_)                                    \
			ck_abort_msg("%s is %lld (%#llx), not %lld: %s", \
				     #left, left_, left_, right_,       \
				     #right);                           \
	} while (0)

/* What went wrong is in errno. */
#define expect_sys(call)                                                \
	__extension__({                                                 \
		long result_ = (long)(call);                            \
		if (result_ == -1)                                      \
			ck_abort_msg("%s: errno %d", #call, errno);     \
		result_;                                                \
	})

/* Look again until it is so; seconds without it end the test. */
#define wait_for(condition)                                             \
	do {                                                            \
		unsigned int tries_ = 0;                                \
		while (!(condition))                                    \
			if (!wait_more(tries_++))                       \
				ck_abort_msg("never: %s", #condition);  \
	} while (0)

bool wait_more(unsigned int tries);

/*
 * A kernel that checks itself (tests/vm/debug-kernel) is slow: of @n rounds it is
 * given a few, and what goes on for @ns goes on for longer.
 */
unsigned int fewer(unsigned int n);
__u64 longer(__u64 ns);

/* A new group, which is there or the test has failed. */
struct umcg_group *open_group(void);

/* Of UMCG_FEAT_*: are they all there? */
bool has_features(struct umcg_group *g, __u64 features);

/* ioctl() with a result as libumcg has it: -errno. */
int raw_ioctl(int fd, unsigned long request, void *arg);

#endif /* SUITE_H */
