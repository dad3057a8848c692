// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library of the future on a module of today: it says that, and what to do. The
 * reverse is newer_answers_are_taken in device.c.
 */
/* libs: -Wl,--wrap=open,--wrap=ioctl,--wrap=close */
#define API_LEVEL_NEEDED 3
#include "../../lib/available.c"
#include "../../lib/device.c"
#include "../../lib/group.c"

#include <check.h>
#include <stdarg.h>

#include "wrapped.h"

#define FD 77

static struct umcg_query module;
static int closes;

int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	if (strcmp(path, UMCG_DEVICE) == 0)
		return FD;
	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return __real_open(path, flags, mode);
}

int __wrap_close(int fd)
{
	if (fd != FD)
		return __real_close(fd);
	closes++;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;

	va_start(ap, request);
	if (fd == FD && request == UMCG_IOC_QUERY)
		*va_arg(ap, struct umcg_query *) = module;
	va_end(ap);
	return 0;
}

static void setup(void)
{
	module = (struct umcg_query){
		.size = sizeof(module),
		.map_size = 8 * 64,
		.slot_stride = 64,
		.slots_max = 8,
	};
}

START_TEST(an_older_module_is_refused_by_name)
{
	char why[UMCG_WHY_MAX], levels[64];
	struct umcg_group *g;

	module.api_level = _i;
	ck_assert_int_eq(umcg_open(&g), -EPROTONOSUPPORT);
	ck_assert_ptr_null(g);
	ck_assert_int_eq(umcg_available(why, sizeof(why)), -EPROTONOSUPPORT);
	snprintf(levels, sizeof(levels), "API level %d, this program needs 3", _i);
	ck_assert_msg(strstr(why, levels), "%s", why);
	ck_assert_ptr_nonnull(strstr(why, "install a newer module"));
	ck_assert_int_eq(closes, 2);
}
END_TEST

START_TEST(one_as_new_as_needed_is_taken)
{
	char why[UMCG_WHY_MAX];

	module.api_level = 3 + _i;
	ck_assert_int_eq(umcg_available(why, sizeof(why)), 0);
	ck_assert_str_eq(why, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("levels");
	TCase *t = tcase_create("levels");
	SRunner *r;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, an_older_module_is_refused_by_name, 1, 3);
	tcase_add_loop_test(t, one_as_new_as_needed_is_taken, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	return srunner_ntests_failed(r) > 0;
}
