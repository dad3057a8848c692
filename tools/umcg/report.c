// SPDX-License-Identifier: MIT
/* What check and status have in common: who talks to whom, and what is wrong. */
#include "tool.h"

static const char *or_unknown(const char *s)
{
	return s[0] ? s : "unknown";
}

static bool answered(const struct facts *f)
{
	return !f->open_error && !f->query_error;
}

void report_versions(const struct facts *f)
{
	printf("command   %s, API level %u\n", UMCG_VERSION, UMCG_API_LEVEL);
	if (!f->loaded)
		printf("module    not loaded\n");
	else if (answered(f))
		printf("module    %s, API level %u\n", or_unknown(f->loaded_version),
		       f->query.api_level);
	else
		printf("module    %s, loaded\n", or_unknown(f->loaded_version));
	if (f->file[0])
		printf("file      %s, %s, %s%s\n", f->file, or_unknown(f->file_version),
		       f->signer[0] ? "signed by " : "not signed", f->signer);
	else
		printf("file      none for this kernel\n");
	printf("kernel    %s\n", f->kernel);
}

void report_versions_json(struct json *j, const struct facts *f)
{
	json_open(j, "command", '{');
	json_text(j, "version", UMCG_VERSION);
	json_number(j, "api_level", UMCG_API_LEVEL);
	json_close(j, '}');

	json_open(j, "module", '{');
	json_flag(j, "loaded", f->loaded);
	if (f->loaded_version[0])
		json_text(j, "version", f->loaded_version);
	if (answered(f))
		json_number(j, "api_level", f->query.api_level);
	json_close(j, '}');

	json_open(j, "file", '{');
	if (f->file[0]) {
		json_text(j, "path", f->file);
		json_text(j, "version", f->file_version);
		json_text(j, "signer", f->signer);
	}
	json_close(j, '}');
	json_text(j, "kernel", f->kernel);
}

void report_causes(const struct cause *causes, size_t n)
{
	for (; n; n--, causes++)
		printf("%-9s %s: %s. Remedy: %s\n", causes->note ? "note" : "problem",
		       causes->id, causes->text, causes->remedy);
}

void report_causes_json(struct json *j, const struct cause *causes, size_t n)
{
	json_open(j, "causes", '[');
	for (; n; n--, causes++) {
		json_open(j, NULL, '{');
		json_text(j, "id", causes->id);
		json_flag(j, "note", causes->note);
		json_text(j, "text", causes->text);
		json_text(j, "remedy", causes->remedy);
		json_close(j, '}');
	}
	json_close(j, ']');
}
