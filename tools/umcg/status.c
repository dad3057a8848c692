// SPDX-License-Identifier: MIT
/* umcg status: what is loaded, and what it offers */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static bool answered(const struct facts *f)
{
	return !f->open_error && !f->query_error;
}

static const char *hooks(const struct facts *f)
{
	return f->hooks_error ? strerror(-f->hooks_error) : "ok";
}

static void show_features(__u64 set)
{
	const struct feature *feature;
	__u64 unknown = features_unknown(set);

	for (feature = features; feature->bit; feature++)
		if (set & feature->bit)
			printf("feature   %-15s %s\n", feature->name, feature->words);
	if (unknown)
		printf("feature   %#-15" PRIx64 " newer than this command\n", (uint64_t)unknown);
}

static void show(const struct facts *f)
{
	report_versions(f);
	if (!f->loaded)
		return;
	if (f->users >= 0)
		printf("users     %ld (open files, mappings, threads)\n", f->users);
	if (f->node)
		printf("device    %s, mode %04o, group %s\n", UMCG_DEVICE,
		       (unsigned int)f->node_mode, f->node_group);
	if (f->open_error)
		printf("device    cannot be opened: %s; see umcg check\n",
		       strerror(-f->open_error));
	if (!answered(f))
		return;
	printf("hooks     %s\n", hooks(f));
	printf("slots     %u of %u bytes in a group\n", f->query.slots_max,
	       f->query.slot_stride);
	if (f->query.slice_min_ns)
		printf("slice     %llu ns at least\n", (unsigned long long)f->query.slice_min_ns);
	show_features(f->query.features);
}

static void show_features_json(struct json *j, __u64 set)
{
	const struct feature *feature;

	json_open(j, "features", '[');
	for (feature = features; feature->bit; feature++)
		if (set & feature->bit)
			json_text(j, NULL, feature->name);
	json_close(j, ']');
	json_number(j, "features_unknown", (long long)features_unknown(set));
}

static void show_json(const struct facts *f)
{
	struct json j = { .out = stdout };

	json_open(&j, NULL, '{');
	report_versions_json(&j, f);
	if (f->loaded && f->users >= 0)
		json_number(&j, "users", f->users);
	if (f->open_error)
		json_text(&j, "open_error", strerror(-f->open_error));
	if (answered(f)) {
		json_text(&j, "hooks", hooks(f));
		json_number(&j, "slots_max", f->query.slots_max);
		json_number(&j, "slot_stride", f->query.slot_stride);
		json_number(&j, "slice_min_ns", (long long)f->query.slice_min_ns);
		show_features_json(&j, f->query.features);
	}
	json_close(&j, '}');
	json_finish(&j);
}

int command_status(bool json)
{
	static struct facts f;

	facts_gather(&f);
	if (json)
		show_json(&f);
	else
		show(&f);
	return f.loaded ? EXIT_SUCCESS : EXIT_FAILURE;
}
