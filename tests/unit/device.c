// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library asks of the kernel, and what it says when the answer is no.
 * The kernel is played by the functions below.
 */
/* libs: -Wl,--wrap=open,--wrap=ioctl,--wrap=close,--wrap=mmap,--wrap=munmap */
/* libs: -Wl,--wrap=access,--wrap=lseek64 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"
#include "wrapped.h"

#define FD	77

/* What the kernel answers, and what it was asked. */
static struct {
	int open_errno;
	int ioctl_errno;
	int ioctl_result;
	int mmap_errno;
	bool loaded;
	struct umcg_query query;

	int opens;
	int closes;
	int maps;
	int unmaps;
	unsigned long request;
	bool argument;
	int whence;
	off_t offset;
	union {
		struct umcg_register reg;
		struct umcg_wait wait;
		struct umcg_wake wake;
		struct umcg_kick kick;
	} args;
} kernel;

static __u64 memory[8 * 64 / sizeof(__u64)];

int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	if (strcmp(path, "/dev/umcg") == 0) {
		ck_assert_int_eq(flags, O_RDWR | O_CLOEXEC);
		if (kernel.open_errno) {
			errno = kernel.open_errno;
			return -1;
		}
		kernel.opens++;
		return FD;
	}
	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return __real_open(path, flags, mode);
}

int __wrap_close(int fd)
{
	if (fd != FD)
		return __real_close(fd);
	kernel.closes++;
	errno = EIO;
	return 0;
}

static int query(struct umcg_query *q)
{
	ck_assert_uint_eq(q->size, sizeof(*q));
	*q = kernel.query;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	ck_assert_int_eq(fd, FD);
	kernel.request = request;
	kernel.argument = arg;
	if (kernel.ioctl_errno) {
		errno = kernel.ioctl_errno;
		return -1;
	}
	if (request == UMCG_IOC_QUERY)
		return query(arg);
	if (arg)
		memcpy(&kernel.args, arg, _IOC_SIZE(request));
	if (request == UMCG_IOC_REGISTER)
		((struct umcg_register *)arg)->slot = 4;
	return kernel.ioctl_result;
}

off_t __wrap_lseek64(int fd, off_t offset, int whence)
{
	ck_assert_int_eq(fd, FD);
	kernel.request = 0;
	kernel.whence = whence;
	kernel.offset = offset;
	if (kernel.ioctl_errno) {
		errno = kernel.ioctl_errno;
		return -1;
	}
	return kernel.ioctl_result;
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	if (fd != FD)
		return __real_mmap(addr, len, prot, flags, fd, off);
	ck_assert_uint_eq(len, kernel.query.map_size);
	ck_assert_int_eq(prot, PROT_READ | PROT_WRITE);
	ck_assert_int_eq(flags, MAP_SHARED);
	if (kernel.mmap_errno) {
		errno = kernel.mmap_errno;
		return MAP_FAILED;
	}
	kernel.maps++;
	return memory;
}

int __wrap_munmap(void *addr, size_t len)
{
	if (addr != memory)
		return __real_munmap(addr, len);
	kernel.unmaps++;
	return 0;
}

int __wrap_access(const char *path, int mode)
{
	if (strcmp(path, "/sys/module/umcg") != 0)
		return __real_access(path, mode);
	errno = ENOENT;
	return kernel.loaded ? 0 : -1;
}

static struct umcg_group *g;

static void setup(void)
{
	kernel.query = (struct umcg_query){
		.size = sizeof(struct umcg_query),
		.api_level = 1,
		.features = UMCG_FEAT_WAKE,
		.map_size = sizeof(memory),
		.slot_stride = 64,
		.slots_max = 8,
	};
	errno = EXDEV;
}

static void setup_open(void)
{
	setup();
	ck_assert_int_eq(umcg_open(&g), 0);
}

/* Whatever happened, errno is as it was, and nothing stays open. */
static void teardown(void)
{
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_eq(kernel.opens, kernel.closes);
	ck_assert_int_eq(kernel.maps, kernel.unmaps);
}

static void teardown_open(void)
{
	umcg_close(g);
	teardown();
}

/* --- why not ------------------------------------------------------------- */

static const struct refusal {
	int open_errno;
	int ioctl_errno;
	bool loaded;
	int result;
	const char *says;
} refusals[] = {
	{ ENOENT, 0, false, -ENOENT, "not loaded; load it with: modprobe umcg" },
	{ ENOENT, 0, true, -ENOENT, "is loaded but /dev/umcg is not here" },
	{ ENODEV, 0, false, -ENODEV, "not loaded" },
	{ ENXIO, 0, false, -ENXIO, "not loaded" },
	{ EACCES, 0, true, -EACCES, "no permission for /dev/umcg" },
	{ EPERM, 0, true, -EPERM, "forbidden here" },
	{ EMFILE, 0, true, -EMFILE, "too many open files" },
	{ ENFILE, 0, true, -ENFILE, "too many open files" },
	{ EISDIR, 0, false, -EISDIR, "cannot open /dev/umcg: Is a directory" },
	{ 0, ENOTTY, false, -ENOTTY, "is not the umcg module's" },
	{ 0, EINVAL, false, -EINVAL, "is not the umcg module's" },
};

START_TEST(says_why_not)
{
	const struct refusal *r = &refusals[_i];
	char why[UMCG_WHY_MAX] = "not written";

	kernel.open_errno = r->open_errno;
	kernel.ioctl_errno = r->ioctl_errno;
	kernel.loaded = r->loaded;
	ck_assert_int_eq(umcg_available(why, sizeof(why)), r->result);
	ck_assert_msg(strstr(why, r->says), "%s", why);
	ck_assert_uint_lt(strlen(why), sizeof(why) - 1);
	ck_assert_ptr_null(strchr(why, '\n'));
	ck_assert_int_eq(umcg_available(NULL, 0), r->result);
	ck_assert_int_eq(umcg_open(&g), r->result);
	ck_assert_ptr_null(g);
}
END_TEST

START_TEST(says_nothing_when_all_is_well)
{
	char why[UMCG_WHY_MAX] = "not written";

	ck_assert_int_eq(umcg_available(why, sizeof(why)), 0);
	ck_assert_str_eq(why, "");
	ck_assert_int_eq(umcg_available(NULL, 0), 0);
}
END_TEST

START_TEST(keeps_to_the_room_there_is)
{
	char why[8] = "1234567";

	kernel.open_errno = ENOENT;
	ck_assert_int_eq(umcg_available(why, 0), -ENOENT);
	ck_assert_str_eq(why, "1234567");
	ck_assert_int_eq(umcg_available(why, 4), -ENOENT);
	ck_assert_str_eq(why, "the");
	ck_assert_str_eq(why + 4, "567");
}
END_TEST

/* Nobody's module answers like this; none of it may be used to compute with. */
static const struct umcg_query foreign[] = {
	{ 0 },
	{ .api_level = 0, .slot_stride = 64, .slots_max = 8, .map_size = 512 },
	{ .api_level = 1, .slot_stride = 32, .slots_max = 8, .map_size = 512 },
	{ .api_level = 1, .slot_stride = 68, .slots_max = 4, .map_size = 512 },
	{ .api_level = 1, .slot_stride = 64, .slots_max = 1, .map_size = 512 },
	{ .api_level = 1, .slot_stride = 64, .slots_max = 9, .map_size = 512 },
	{ .api_level = 1, .slot_stride = 64, .slots_max = 8, .map_size = ~0ULL },
	{ .api_level = 1, .slot_stride = 1 << 31, .slots_max = 8, .map_size = 512 },
};

START_TEST(foreign_answers_are_refused)
{
	char why[UMCG_WHY_MAX];

	kernel.query = foreign[_i];
	ck_assert_int_eq(umcg_available(why, sizeof(why)), -EPROTO);
	ck_assert_ptr_nonnull(strstr(why, "is not the umcg module's"));
	ck_assert_int_eq(umcg_open(&g), -EPROTO);
	ck_assert_ptr_null(g);
}
END_TEST

START_TEST(newer_answers_are_taken)
{
	char why[UMCG_WHY_MAX];

	kernel.query.api_level = 99;
	kernel.query.slot_stride = 128;
	kernel.query.slots_max = 4;
	ck_assert_int_eq(umcg_available(why, sizeof(why)), 0);
}
END_TEST

START_TEST(mapping_can_fail)
{
	kernel.mmap_errno = ENOMEM;
	ck_assert_int_eq(umcg_open(&g), -ENOMEM);
	ck_assert_ptr_null(g);
	umcg_close(NULL);
}
END_TEST

/* --- the calls ----------------------------------------------------------- */

START_TEST(group_is_what_query_said)
{
	struct umcg_query q;

	memset(&q, 0xcc, sizeof(q));
	ck_assert_int_eq(umcg_fd(g), FD);
	ck_assert_int_eq(umcg_query(g, &q), 0);
	ck_assert_mem_eq(&q, &kernel.query, sizeof(q));
	ck_assert_ptr_eq(umcg_slot(g, 0), (void *)memory);
	ck_assert_ptr_eq(umcg_slot(g, 7), (void *)(memory + 7 * 8));
	ck_assert_ptr_null(umcg_slot(g, 8));
}
END_TEST

START_TEST(register_passes_all)
{
	static const struct umcg_register none;
	struct umcg_register args = {
		.flags = UMCG_REG_WORKER | UMCG_REG_TIMESTAMPS,
		.clock = CLOCK_BOOTTIME,
		.server_tid = 12,
		.user = 34,
		.slice_ns = 56,
		.reserved = { 78, 90 },
	};
	const struct umcg_register given = args;

	ck_assert_int_eq(umcg_register(g, &args), 0);
	ck_assert_uint_eq(kernel.request, UMCG_IOC_REGISTER);
	ck_assert_mem_eq(&kernel.args.reg, &given, sizeof(given));
	ck_assert_uint_eq(args.slot, 4);

	ck_assert_int_eq(umcg_register_server(g, 0x1234567890abcdef), 4);
	args = none;
	args.flags = UMCG_REG_SERVER;
	args.clock = CLOCK_MONOTONIC;
	args.user = 0x1234567890abcdef;
	ck_assert_mem_eq(&kernel.args.reg, &args, sizeof(args));

	ck_assert_int_eq(umcg_register_worker(g, 55, 66), 4);
	args.flags = UMCG_REG_WORKER;
	args.server_tid = 55;
	args.user = 66;
	ck_assert_mem_eq(&kernel.args.reg, &args, sizeof(args));

	ck_assert_int_eq(umcg_unregister(g), 0);
	ck_assert_uint_eq(kernel.request, UMCG_IOC_UNREGISTER);
	ck_assert(!kernel.argument);
}
END_TEST

START_TEST(wait_passes_what_is_needed)
{
	struct umcg_task *self = umcg_slot(g, 3);

	self->next_tid = 99;
	ck_assert_int_eq(umcg_wait(g, 0, 0), 0);
	ck_assert_uint_eq(kernel.request, UMCG_IOC_WAIT);
	ck_assert_uint_eq(kernel.args.wait.timeout, 0);
	ck_assert_uint_eq(kernel.args.wait.flags, 0);
	ck_assert_uint_eq(self->next_tid, 99);

	ck_assert_int_eq(umcg_wait(g, 0, 17), 0);
	ck_assert_uint_eq(kernel.args.wait.timeout, 17);
	ck_assert_uint_eq(kernel.args.wait.flags, 0);
	ck_assert_int_eq(umcg_wait(g, UMCG_WAIT_ENQUEUE, 0), 0);
	ck_assert_uint_eq(kernel.args.wait.timeout, 0);
	ck_assert_uint_eq(kernel.args.wait.flags, UMCG_WAIT_ENQUEUE);
	ck_assert_uint_eq(kernel.args.wait.pad, 0);

	ck_assert_int_eq(umcg_run(g, self, 42, 0, 1ULL << 40), 0);
	ck_assert_uint_eq(self->next_tid, 42);
	ck_assert_uint_eq(kernel.args.wait.timeout, 1ULL << 40);
}
END_TEST

START_TEST(wake_and_kick_pass_all)
{
	kernel.ioctl_result = 1;
	ck_assert_int_eq(umcg_wake(g, 42), 1);
	ck_assert_uint_eq(kernel.request, UMCG_IOC_WAKE);
	ck_assert_uint_eq(kernel.args.wake.tid, 42);
	ck_assert_uint_eq(kernel.args.wake.flags, 0);
	kernel.ioctl_result = 0;
	ck_assert_int_eq(umcg_kick(g, 43, UMCG_KICK_CURRENT), 0);
	ck_assert_uint_eq(kernel.request, UMCG_IOC_KICK);
	ck_assert_uint_eq(kernel.args.kick.tid, 43);
	ck_assert_uint_eq(kernel.args.kick.flags, UMCG_KICK_CURRENT);
}
END_TEST

START_TEST(lseek_where_that_is_offered)
{
	struct umcg_query q;

	umcg_close(g);
	kernel.query.features |= UMCG_FEAT_SEEK;
	ck_assert_int_eq(umcg_open(&g), 0);
	ck_assert_int_eq(umcg_query(g, &q), 0);

	ck_assert_int_eq(umcg_wait(g, UMCG_WAIT_ENQUEUE, 0), 0);
	ck_assert_uint_eq(kernel.request, 0);
	ck_assert_int_eq(kernel.whence, UMCG_SEEK_WAIT);
	ck_assert_int_eq(kernel.offset, UMCG_WAIT_ENQUEUE);
	kernel.ioctl_result = 1;
	ck_assert_int_eq(umcg_wake(g, 42), 1);
	ck_assert_uint_eq(kernel.request, 0);
	ck_assert_int_eq(kernel.whence, UMCG_SEEK_WAKE);
	ck_assert_int_eq(kernel.offset, 42);
	/* no sign in the way */
	ck_assert_int_eq(umcg_wake(g, 0xffffffff), 1);
	ck_assert_int_eq(kernel.offset, 0xffffffff);

	kernel.ioctl_errno = ESRCH;
	ck_assert_int_eq(umcg_wake(g, 42), -ESRCH);
	ck_assert_int_eq(umcg_wait(g, 0, 0), -ESRCH);
	ck_assert_int_eq(errno, EXDEV);
	kernel.ioctl_errno = 0;
	kernel.ioctl_result = 0;

	/* a time does not fit in */
	ck_assert_int_eq(umcg_wait(g, 0, 17), 0);
	ck_assert_uint_eq(kernel.request, UMCG_IOC_WAIT);
}
END_TEST

START_TEST(failures_are_results)
{
	static const int errors[] = { EPERM, EINTR, ETIMEDOUT, ESHUTDOWN };
	struct umcg_register args = { .flags = UMCG_REG_SERVER };
	const int e = errors[_i];

	kernel.ioctl_errno = e;
	ck_assert_int_eq(umcg_register(g, &args), -e);
	ck_assert_int_eq(umcg_register_server(g, 0), -e);
	ck_assert_int_eq(umcg_register_worker(g, 0, 0), -e);
	ck_assert_int_eq(umcg_unregister(g), -e);
	ck_assert_int_eq(umcg_wait(g, 0, 0), -e);
	ck_assert_int_eq(umcg_run(g, umcg_slot(g, 1), 1, 0, 0), -e);
	ck_assert_int_eq(umcg_wake(g, 1), -e);
	ck_assert_int_eq(umcg_kick(g, 1, 0), -e);
}
END_TEST

int main(void)
{
	int nrefusals = sizeof(refusals) / sizeof(refusals[0]);
	int nforeign = sizeof(foreign) / sizeof(foreign[0]);
	Suite *suite = suite_create("device");
	TCase *tcase = tcase_create("available");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, says_why_not, 0, nrefusals);
	tcase_add_test(tcase, says_nothing_when_all_is_well);
	tcase_add_test(tcase, keeps_to_the_room_there_is);
	tcase_add_loop_test(tcase, foreign_answers_are_refused, 0, nforeign);
	tcase_add_test(tcase, newer_answers_are_taken);
	tcase_add_test(tcase, mapping_can_fail);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("calls");
	tcase_add_checked_fixture(tcase, setup_open, teardown_open);
	tcase_add_test(tcase, group_is_what_query_said);
	tcase_add_test(tcase, register_passes_all);
	tcase_add_test(tcase, wait_passes_what_is_needed);
	tcase_add_test(tcase, wake_and_kick_pass_all);
	tcase_add_test(tcase, lseek_where_that_is_offered);
	tcase_add_loop_test(tcase, failures_are_results, 0, 4);
	suite_add_tcase(suite, tcase);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
