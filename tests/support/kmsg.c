// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"
#include "suite.h"

int kmsg_open(void)
{
	int log = expect_sys(open("/dev/kmsg", O_RDONLY | O_NONBLOCK));

	lseek(log, 0, SEEK_END);
	return log;
}

/*
 * KCSAN finds data races in the kernel itself, most of them meant. Is @record of a
 * report of one, which ends with a line of its own?
 */
static bool is_race_of_linux(const char *record)
{
	static bool inside;

	if (strstr(record, "BUG: KCSAN: data-race"))
		inside = !strstr(record, "[umcg]");
	else if (strstr(record, "=========="))
		inside = false;
	return inside;
}

const char *kmsg_bad(int log)
{
	static const char *const words[] = { "umcg", "BUG", "WARNING",
					     "Call Trace", "Oops", "stall" };
	static char record[8192];
	ssize_t length;
	size_t i;

	/* each read is one record, and EPIPE says that some were too old */
	while ((length = read(log, record, sizeof(record) - 1)) > 0 ||
	       errno == EPIPE) {
		record[length > 0 ? length : 0] = '\0';
		if (is_race_of_linux(record))
			continue;
		for (i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (strstr(record, words[i]))
				return record;
	}
	return NULL;
}

void kmsg_clean(int log)
{
	const char *bad = kmsg_bad(log);

	if (bad)
		ck_abort_msg("the kernel log: %s", bad);
}
