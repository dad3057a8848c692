// SPDX-License-Identifier: GPL-2.0-only
#include "command.h"
#include "crew.h"
#include "suite.h"
#include "yielder.h"

static long yield(struct worker *w)
{
	int times = *(int *)w->arg, done = 0;

	while (!times || done++ < times)
		umcg_run(w->group, worker_slot(w), 0, UMCG_WAIT_ENQUEUE, 0);
	return 0;
}

int yield_as_server(int times, const char *started)
{
	struct worker w = { .run = yield, .arg = &times };
	struct server boss;

	server_start(&boss, open_group());
	worker_hire(&boss, &w);
	make_file(started, "");
	server_run_out(&boss, &w);
	return 0;
}
