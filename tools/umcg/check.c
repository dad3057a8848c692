// SPDX-License-Identifier: MIT
/* umcg check: can this process use UMCG, and if not, why not? */
#include <stdlib.h>

#include "tool.h"

static bool is_usable(const struct cause *causes, size_t n)
{
	for (; n; n--, causes++)
		if (!causes->note)
			return false;
	return true;
}

int command_check(bool json)
{
	static struct facts f;
	static struct cause causes[CAUSES_MAX];
	struct json j = { .out = stdout };
	bool usable;
	size_t n;

	facts_gather(&f);
	n = causes_find(&f, causes);
	usable = is_usable(causes, n);
	if (json) {
		json_open(&j, NULL, '{');
		json_flag(&j, "usable", usable);
		report_versions_json(&j, &f);
		report_causes_json(&j, causes, n);
		json_close(&j, '}');
		json_finish(&j);
	} else {
		report_versions(&f);
		report_causes(causes, n);
		if (usable)
			puts("ok        UMCG can be used here");
	}
	return usable ? EXIT_SUCCESS : EXIT_FAILURE;
}
