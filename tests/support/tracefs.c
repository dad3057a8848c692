// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "instance.h"
#include "suite.h"
#include "tracefs.h"

static struct instance instance;

static void put(const char *file, const char *value)
{
	int error = instance_put(&instance, file, value);

	if (error)
		ck_abort_msg("cannot write %s to %s: %d", value, file, error);
}

bool trace_possible(void)
{
	return !access(TRACEFS "/instances", W_OK);
}

void trace_start(unsigned int kb)
{
	expect_eq(instance_make(&instance), 0);
	expect_eq(instance_setup(&instance, kb, "counter"), 0);
	put("events/umcg/enable", "1");
}

void trace_take(struct trace *t, char *text)
{
	expect(text);
	if (trace_parse(t, text))
		ck_abort_msg("cannot be, or not behind that before: %s",
			     t->bad ? t->bad : strerror(ENOMEM));
}

void trace_stop(struct trace *t)
{
	int fd, error;

	put("events/umcg/enable", "0");
	put("tracing_on", "0");
	expect_eq(instance_lost(&instance), 0);
	fd = instance_open(&instance, "trace");
	expect(fd >= 0);
	trace_take(t, instance_read(fd));
	error = instance_remove(&instance, 0);
	if (error)
		note("%s stays: %d", instance.path, error);
}
