// SPDX-License-Identifier: GPL-2.0-only
/*
 * What umcg check says of machines which no guest is: older and newer modules,
 * containers, kernels that take signed modules only.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/umcg/causes.c"

/* One step each away from a machine where all is well. */
static struct facts all_is_well(void)
{
	return (struct facts){
		.kernel = "6.1.0-1-amd64",
		.loaded = true,
		.loaded_version = "1.0",
		.file = "/lib/modules/6.1.0-1-amd64/umcg.ko",
		.file_version = "1.0",
		.headers = true,
		.lockdown = "none",
		.node = true,
		.node_mode = 0666,
		.node_group = "root",
		.numbers = "10:120",
		.query = { .api_level = UMCG_API_LEVEL },
	};
}

static struct facts not_there(void)
{
	struct facts f = all_is_well();

	f.loaded = false;
	f.node = false;
	f.loaded_version[0] = '\0';
	f.query.api_level = 0;
	f.open_error = -ENOENT;
	return f;
}

static struct cause causes[CAUSES_MAX];

/* Exactly that cause, in whole sentences that were not cut. */
static void is(const struct facts *f, const char *id, bool note, const char *remedy)
{
	ck_assert_uint_eq(causes_find(f, causes), 1);
	ck_assert_str_eq(causes[0].id, id);
	ck_assert_int_eq(causes[0].note, note);
	ck_assert_ptr_nonnull(strstr(causes[0].remedy, remedy));
	ck_assert_uint_gt(strlen(causes[0].text), 0);
	ck_assert_uint_lt(strlen(causes[0].text), sizeof(causes[0].text) - 1);
	ck_assert_uint_lt(strlen(causes[0].remedy), sizeof(causes[0].remedy) - 1);
	ck_assert_ptr_null(strchr(causes[0].text, '\n'));
	ck_assert_ptr_null(strchr(causes[0].remedy, '\n'));
}

START_TEST(none)
{
	struct facts f = all_is_well();

	ck_assert_uint_eq(causes_find(&f, causes), 0);
}
END_TEST

START_TEST(opening_fails)
{
	static const struct {
		int error;
		const char *id;
		const char *remedy;
	} opens[] = {
		{ ENOENT, "no-node", "mknod -m 666 /dev/umcg c 10 120" },
		{ EACCES, "no-permission", "chmod 666" },
		{ EPERM, "forbidden", "--device" },
		{ ENODEV, "stale-node", "umcg load" },
		{ ENXIO, "stale-node", "umcg load" },
		{ EMFILE, "open", "open(2)" },
	};
	struct facts f = all_is_well();

	f.open_error = -opens[_i].error;
	is(&f, opens[_i].id, false, opens[_i].remedy);
}
END_TEST

START_TEST(container)
{
	struct facts f = all_is_well();

	f.container = true;
	f.open_error = -ENOENT;
	is(&f, "no-node", false, "start this container with --device /dev/umcg");
	f = not_there();
	f.container = true;
	is(&f, "not-loaded", false, "on the host");
}
END_TEST

START_TEST(registering_fails)
{
	static const struct {
		int error;
		const char *id;
		const char *remedy;
	} registers[] = {
		{ EPROTONOSUPPORT, "module-too-old", "install umcg-dkms " UMCG_VERSION },
		{ EPROTO, "foreign", "remove it" },
		{ EOPNOTSUPP, "hooks", "kernel log" },
		{ ENOMEM, "register", "umcg(4)" },
	};
	struct facts f = all_is_well();

	f.hooks_error = -registers[_i].error;
	is(&f, registers[_i].id, false, registers[_i].remedy);
}
END_TEST

START_TEST(something_else_answers)
{
	struct facts f = all_is_well();

	f.query_error = -ENOTTY;
	is(&f, "foreign", false, "remove it");
}
END_TEST

/* The way the module came here decides what is missing. */
START_TEST(not_built)
{
	struct facts f = not_there();

	f.file[0] = '\0';
	f.file_version[0] = '\0';
	is(&f, "no-module", false, "install umcg-dkms and linux-headers-6.1.0-1-amd64");
	strcpy(f.dkms_version, "1.0");
	is(&f, "not-built", false, "BUILD_EXCLUSIVE_KERNEL");
	strcpy(f.dkms_log, "/the/log");
	is(&f, "not-built", false, "/the/log");
	f.headers = false;
	is(&f, "no-headers", false, "linux-headers-6.1.0-1-amd64");
}
END_TEST

START_TEST(signatures)
{
	struct facts f = not_there();

	is(&f, "not-loaded", false, "umcg load");
	strcpy(f.lockdown, "integrity");
	is(&f, "not-signed", false, "Secure Boot");
	strcpy(f.signer, "DKMS module signing key");
	is(&f, "not-loaded", false, "umcg load");
	f.signer[0] = '\0';
	strcpy(f.lockdown, "none");
	f.sig_enforce = true;
	is(&f, "not-signed", false, "Secure Boot");
}
END_TEST

START_TEST(notes)
{
	struct facts f = all_is_well();

	strcpy(f.file_version, "1.1");
	is(&f, "other-version-loaded", true, "umcg unload");
	f = all_is_well();
	f.query.api_level = UMCG_API_LEVEL + 1;
	is(&f, "module-newer", true, "nothing needs to be done");
}
END_TEST

/* A cause and both notes: as many as there can be. */
START_TEST(all_at_once)
{
	struct facts f = all_is_well();

	f.ftrace_off = true;
	f.query.api_level = UMCG_API_LEVEL + 1;
	strcpy(f.file_version, "1.1");
	ck_assert_uint_eq(causes_find(&f, causes), 3);
	ck_assert_str_eq(causes[0].id, "ftrace-off");
	ck_assert(!causes[0].note && causes[1].note && causes[2].note);
}
END_TEST

/* The longest of everything still leaves whole sentences. */
START_TEST(nothing_is_cut)
{
	struct facts f = not_there();

	memset(f.file, 'x', sizeof(f.file) - 1);
	memset(f.lockdown, 'x', sizeof(f.lockdown) - 1);
	is(&f, "not-signed", false, "Secure Boot");
	f.file[0] = '\0';
	memset(f.kernel, 'x', sizeof(f.kernel) - 1);
	memset(f.dkms_version, 'x', sizeof(f.dkms_version) - 1);
	memset(f.dkms_log, 'x', sizeof(f.dkms_log) - 1);
	is(&f, "not-built", false, "how that failed is in");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("causes");
	TCase *tcase = tcase_create("causes");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, none);
	tcase_add_loop_test(tcase, opening_fails, 0, 6);
	tcase_add_test(tcase, container);
	tcase_add_loop_test(tcase, registering_fails, 0, 4);
	tcase_add_test(tcase, something_else_answers);
	tcase_add_test(tcase, not_built);
	tcase_add_test(tcase, signatures);
	tcase_add_test(tcase, notes);
	tcase_add_test(tcase, all_at_once);
	tcase_add_test(tcase, nothing_is_cut);
	suite_add_tcase(suite, tcase);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
