// SPDX-License-Identifier: GPL-2.0-only
/* QUERY: what is there, for callers older and newer than the module. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suite.h"

#define FEATURES_KNOWN	(UMCG_FEAT_HANDOFF | UMCG_FEAT_WAKE | UMCG_FEAT_KICK | \
			 UMCG_FEAT_WORKER_TIMEOUT | UMCG_FEAT_SIGNALS |        \
			 UMCG_FEAT_TIMESTAMPS | UMCG_FEAT_SLICE |              \
			 UMCG_FEAT_SECTION | UMCG_FEAT_NOTIFY |                \
			 UMCG_FEAT_SHARED | UMCG_FEAT_MULTI | \
			 UMCG_FEAT_POLL | UMCG_FEAT_SEEK)

/* The first version of the structure, which every module knows. */
#define FIRST_SIZE	40

static int query(struct umcg_group *g, void *q)
{
	return raw_ioctl(umcg_fd(g), UMCG_IOC_QUERY, q);
}

START_TEST(every_field_is_filled)
{
	struct umcg_group *g = open_group();
	struct umcg_query q;

	memset(&q, 0xcc, sizeof(q));
	q.size = sizeof(q);
	ck_assert_int_eq(query(g, &q), 0);
	ck_assert_uint_eq(q.size, sizeof(q));
	ck_assert_uint_eq(q.api_level, UMCG_API_LEVEL);
	ck_assert_uint_eq(q.features & ~FEATURES_KNOWN, 0);
	ck_assert_uint_ge(q.slot_stride, sizeof(struct umcg_task));
	ck_assert_uint_eq(q.slot_stride % 64, 0);
	ck_assert_uint_ge(q.slots_max, 2);
	ck_assert_uint_le(q.slots_max, 65536);
	ck_assert_uint_ge(q.map_size, (__u64)q.slots_max * q.slot_stride);
	ck_assert_uint_eq(q.map_size % sysconf(_SC_PAGESIZE), 0);
	if (q.features & UMCG_FEAT_SLICE)
		ck_assert_uint_ge(q.slice_min_ns, 100 * 1000);
	else
		ck_assert_uint_eq(q.slice_min_ns, 0);
	note("features %#llx, %u slots of %u bytes",
	     (unsigned long long)q.features, q.slots_max, q.slot_stride);
}
END_TEST

START_TEST(twice_the_same)
{
	struct umcg_group *g = open_group(), *other = open_group();
	struct umcg_query a = { .size = sizeof(a) }, b = { .size = sizeof(b) };

	ck_assert_int_eq(query(g, &a), 0);
	ck_assert_int_eq(query(other, &b), 0);
	ck_assert_mem_eq(&a, &b, sizeof(a));
}
END_TEST

START_TEST(a_newer_caller_gets_zeroes_for_the_rest)
{
	struct umcg_group *g = open_group();
	struct umcg_query known = { .size = sizeof(known) };
	struct {
		struct umcg_query q;
		unsigned char more[64], beyond;
	} big;
	size_t i;

	memset(&big, 0xcc, sizeof(big));
	big.q.size = sizeof(big.q) + sizeof(big.more);
	ck_assert_int_eq(query(g, &big.q), 0);
	ck_assert_int_eq(query(g, &known), 0);
	ck_assert_mem_eq(&big.q, &known, sizeof(known));
	for (i = 0; i < sizeof(big.more); i++)
		ck_assert_uint_eq(big.more[i], 0);
	ck_assert_uint_eq(big.beyond, 0xcc);
}
END_TEST

START_TEST(the_first_version_still_fits)
{
	struct umcg_group *g = open_group();
	unsigned char q[FIRST_SIZE + 8];
	__u32 size = FIRST_SIZE;
	size_t i;

	memset(q, 0xcc, sizeof(q));
	memcpy(q, &size, sizeof(size));
	ck_assert_int_eq(query(g, q), 0);
	memcpy(&size, q, sizeof(size));
	ck_assert_uint_eq(size, sizeof(struct umcg_query));
	for (i = FIRST_SIZE; i < sizeof(q); i++)
		ck_assert_uint_eq(q[i], 0xcc);
}
END_TEST

START_TEST(too_small_for_any_version)
{
	static const __u32 sizes[] = { 0, 1, 4, 16, FIRST_SIZE - 1 };
	struct umcg_group *g = open_group();
	struct umcg_query q, before;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		memset(&q, 0xcc, sizeof(q));
		q.size = sizes[i];
		before = q;
		ck_assert_int_eq(query(g, &q), -EINVAL);
		ck_assert_mem_eq(&q, &before, sizeof(q));
	}
}
END_TEST

START_TEST(memory_that_is_not_there)
{
	struct umcg_group *g = open_group();
	long page = sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct umcg_query *q = (void *)(two + page - sizeof(*q));

	ck_assert_ptr_ne(two, MAP_FAILED);
	ck_assert_int_eq(query(g, NULL), -EFAULT);
	ck_assert_int_eq(query(g, (void *)-64L), -EFAULT);
	ck_assert_int_eq(mprotect(two + page, page, PROT_NONE), 0);

	/* up to the very end of what can be written, and one byte beyond */
	q->size = sizeof(*q);
	ck_assert_int_eq(query(g, q), 0);
	q->size = sizeof(*q) + 1;
	ck_assert_int_eq(query(g, q), -EFAULT);
	q->size = page + 1;
	ck_assert_int_eq(query(g, q), -EINVAL);
	q->size = 0xffffffff;
	ck_assert_int_eq(query(g, q), -EINVAL);

	q->size = sizeof(*q);
	ck_assert_int_eq(mprotect(two, page, PROT_READ), 0);
	ck_assert_int_eq(query(g, q), -EFAULT);
}
END_TEST

START_TEST(no_other_calls)
{
	struct umcg_group *g = open_group();
	unsigned long calls[] = {
		_IO(UMCG_IOC_MAGIC, 6),
		_IO(UMCG_IOC_MAGIC, 255),
		_IOW(UMCG_IOC_MAGIC, 0, struct umcg_query),
		_IOWR(UMCG_IOC_MAGIC, 3, struct umcg_wait),
		_IOW(UMCG_IOC_MAGIC, 3, struct umcg_query),
		_IO(UMCG_IOC_MAGIC + 1, 0),
		FIONREAD,
		0,
	};
	unsigned char arg[64];
	size_t i, j;

	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		memset(arg, 0xcc, sizeof(arg));
		ck_assert_int_eq(raw_ioctl(umcg_fd(g), calls[i], arg), -ENOTTY);
		for (j = 0; j < sizeof(arg); j++)
			ck_assert_uint_eq(arg[j], 0xcc);
	}
}
END_TEST

START_TEST(the_library_says_the_same)
{
	struct umcg_group *g = open_group();
	struct umcg_query a = { .size = sizeof(a) }, b;
	char why[UMCG_WHY_MAX];

	memset(&b, 0xcc, sizeof(b));
	memset(why, 0xcc, sizeof(why));
	ck_assert_int_eq(query(g, &a), 0);
	ck_assert_int_eq(umcg_query(g, &b), 0);
	ck_assert_mem_eq(&a, &b, sizeof(a));
	ck_assert_int_eq(umcg_available(why, sizeof(why)), 0);
	ck_assert_str_eq(why, "");
}
END_TEST

Suite *make_suite(void)
{
	Suite *s = suite_create("query");

	ADD(s, every_field_is_filled, 20);
	ADD(s, twice_the_same, 20);
	ADD(s, a_newer_caller_gets_zeroes_for_the_rest, 20);
	ADD(s, the_first_version_still_fits, 20);
	ADD(s, too_small_for_any_version, 20);
	ADD(s, memory_that_is_not_there, 20);
	ADD(s, no_other_calls, 20);
	ADD(s, the_library_says_the_same, 20);
	return s;
}
