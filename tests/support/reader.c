// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <unistd.h>

#include "reader.h"
#include "suite.h"

static long read_on(struct worker *w)
{
	struct reader *r = w->arg;
	char byte = 0;

	while (byte != 'q') {
		expect_eq(read(r->ends[0], &byte, 1), 1);
		step_set(w, step_get(w) + 1);
	}
	return 0;
}

void reader_start(struct reader *r, struct server *s)
{
	r->worker.run = read_on;
	r->worker.arg = r;
	expect_sys(pipe(r->ends));
	worker_hire(s, &r->worker);
	expect_eq(server_run(s, &r->worker), UMCG_CUR_BLOCK);
}

void reader_write(struct reader *r, char byte)
{
	expect_eq(write(r->ends[1], &byte, 1), 1);
}

void reader_finish(struct reader *r, struct server *s)
{
	reader_write(r, 'q');
	server_expect(s, &r->worker, UMCG_EV_WAKE);
	server_run_out(s, &r->worker);
	close(r->ends[0]);
	close(r->ends[1]);
}
