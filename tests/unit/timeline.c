// SPDX-License-Identifier: GPL-2.0-only
/* What umcg trace makes of events: spans, and what is wrong with them. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/umcg/timeline.c"
#include "../../tools/umcg/trace_check.c"

#define LINE(time, event)	"       worker-11      [001] d..2.    15." time ": umcg_" event "\n"
#define SERVER	": group=7 tid=10 slot=1 "
#define WORKER	": group=7 tid=11 slot=2 "

static const char *const life[] = {
	LINE("000000", "register" SERVER "NONE -> RUNNING flags=0x1"),
	LINE("000100", "register" WORKER "NONE -> BLOCKED flags=0x2"),
	LINE("000200", "hold" WORKER "BLOCKED -> RUNNABLE"),
	LINE("000200", "wake" WORKER "RUNNABLE -> RUNNABLE+queued list=server server=10"),
	LINE("001200", "run" WORKER "RUNNABLE+queued -> RUNNING server=10 run=1 handoff=0"),
	LINE("001200", "server_wait: group=7 tid=10 slot=1 worker=11"),
	LINE("003200", "block" WORKER "RUNNING -> BLOCKED server=10 nr=0"),
	LINE("003300", "server_wake: group=7 tid=10 slot=1 result=0"),
	LINE("003400", "server_wait: group=7 tid=10 slot=1 worker=0"),
	LINE("007200", "hold" WORKER "BLOCKED -> RUNNABLE"),
	LINE("007200", "wake" WORKER "RUNNABLE -> RUNNABLE+queued list=server server=10"),
	LINE("007400", "server_wake: group=7 tid=10 slot=1 result=0"),
	LINE("007500", "run" WORKER "RUNNABLE+queued -> RUNNING server=10 run=2 handoff=0"),
	LINE("007500", "server_wait: group=7 tid=10 slot=1 worker=11"),
	LINE("008000", "preempt" WORKER "RUNNING -> RUNNABLE server=10"),
	LINE("008000", "wake" WORKER "RUNNABLE -> RUNNABLE+queued list=server server=10"),
	LINE("009000", "unregister" WORKER "RUNNABLE+queued -> NONE+queued server=0"),
	NULL
};

/* The lines as one text, which the caller has to free. */
static char *text_of(const char *const *lines)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(out);
	for (; *lines; lines++)
		fputs(*lines, out);
	fclose(out);
	return text;
}

static void read_trace(struct trace *trace, const char *const *lines)
{
	ck_assert_int_eq(trace_parse(trace, text_of(lines)), 0);
}

static void read_timeline(struct timeline *t, const char *const *lines)
{
	struct trace trace;
	size_t i;

	read_trace(&trace, lines);
	*t = (struct timeline){ 0 };
	for (i = 0; i < trace.count; i++)
		timeline_add(t, &trace.events[i]);
	timeline_end(t);
	ck_assert(!t->failed);
	trace_free(&trace);
}

/* The nth span of an actor. */
static const struct span *nth(const struct timeline *t, uint32_t who, unsigned int n)
{
	const struct span *s;

	for (s = t->spans; s < t->spans + t->nspans; s++)
		if (s->who == who && !n--)
			return s;
	ck_abort_msg("not so many spans");
	return NULL;
}

static void is_span(const struct timeline *t, uint32_t who, unsigned int n,
		    enum span_kind kind, enum why cause, uint64_t us)
{
	const struct span *s = nth(t, who, n);

	ck_assert_msg(s->kind == kind && s->cause == cause && s->end - s->begin == us * 1000,
		      "span %u is %s, %s, %llu ns", n, kind_names[s->kind], why_names[s->cause],
		      (unsigned long long)(s->end - s->begin));
}

START_TEST(spans_of_a_life)
{
	struct timeline t;
	char words[64];

	read_timeline(&t, life);
	ck_assert_uint_eq(t.nactors, 2);
	ck_assert(t.actors[0].is_server && !t.actors[1].is_server);
	ck_assert_str_eq(t.actors[1].comm, "worker");
	is_span(&t, 1, 0, SPAN_QUEUED, WHY_WAKE, 1000);
	is_span(&t, 1, 1, SPAN_RUNS, WHY_BLOCK, 2000);
	span_words(nth(&t, 1, 1), words, sizeof(words));
	ck_assert_str_eq(words, "blocks in read");
	ck_assert_uint_eq(nth(&t, 1, 1)->server, 0);
	ck_assert_uint_eq(nth(&t, 1, 1)->cpu, 1);
	is_span(&t, 1, 2, SPAN_BLOCKED, WHY_BLOCK, 4000);
	is_span(&t, 1, 3, SPAN_QUEUED, WHY_WAKE, 300);
	is_span(&t, 1, 4, SPAN_RUNS, WHY_PREEMPT, 500);
	is_span(&t, 1, 5, SPAN_QUEUED, WHY_PREEMPT, 1000);
	is_span(&t, 0, 1, SPAN_WAKES, WHY_NONE, 100);
	is_span(&t, 0, 3, SPAN_IDLES, WHY_NONE, 4000);
	ck_assert_uint_eq(t.actors[0].sums.runs, 2);
	ck_assert_uint_eq(t.actors[0].sums.stops[WHY_BLOCK], 1);
	ck_assert_uint_eq(t.actors[0].sums.time[SPAN_RUNS], 2500 * 1000);
	ck_assert_uint_eq(t.actors[0].queue, 0);
	timeline_free(&t);
}
END_TEST

/* Queued twice with no run between: it is on one list, once. */
START_TEST(a_run_that_was_lost)
{
	const char *lines[sizeof(life) / sizeof(*life)];
	struct timeline t;
	size_t i, n = 0;

	for (i = 0; life[i]; i++)
		if (!strstr(life[i], "run" WORKER))
			lines[n++] = life[i];
	lines[n] = NULL;
	read_timeline(&t, lines);
	ck_assert_uint_eq(t.actors[0].queue, 0);
	timeline_free(&t);
}
END_TEST

/* The same life, from its fifth event on: it was queued since the beginning. */
START_TEST(spans_from_midway)
{
	struct timeline t;

	read_timeline(&t, life + 4);
	ck_assert_uint_eq(t.nactors, 2);
	is_span(&t, 0, 0, SPAN_QUEUED, WHY_NONE, 0);
	is_span(&t, 0, 2, SPAN_BLOCKED, WHY_BLOCK, 4000);
	ck_assert(t.actors[1].is_server);
	timeline_free(&t);
}
END_TEST

START_TEST(starved)
{
	struct timeline t;

	read_timeline(&t, life);
	ck_assert_uint_eq(check_starved(&t, 300 * 1000), 3);
	ck_assert_uint_eq(check_starved(&t, 1000 * 1000), 2);
	ck_assert_uint_eq(check_starved(&t, 1001 * 1000), 0);
	timeline_free(&t);
}
END_TEST

/* How it goes on, with two events that cannot be. */
static const char *const wrong[] = {
	LINE("009100", "register" WORKER "NONE -> BLOCKED flags=0x2"),
	LINE("009200", "run" WORKER "BLOCKED -> RUNNING server=10 run=1 handoff=1"),
	LINE("009300", "park" WORKER "RUNNING -> RUNNABLE+parked server=10"),
	LINE("009400", "run" WORKER "RUNNABLE+parked -> RUNNING server=10 run=9 handoff=1"),
	LINE("009500", "run" WORKER "RUNNABLE+queued -> RUNNING server=10 run=10 handoff=1"),
	NULL
};

/* One event that cannot be is told once, and what follows is looked at all the same. */
START_TEST(rules)
{
	struct trace t;
	size_t i;

	read_trace(&t, life);
	ck_assert_uint_eq(check_rules(&t, false), 0);
	ck_assert_uint_eq(check_rules(&t, true), 0);
	/* without who is there, only from midway, wherever that is */
	for (i = 0; i < 10; i++) {
		t.events++;
		t.count--;
		ck_assert_uint_ge(check_rules(&t, false), 1);
		ck_assert_uint_eq(check_rules(&t, true), 0);
	}
	t.events -= i;
	trace_free(&t);

	/* those who are there are believed: the first is of a life before */
	read_trace(&t, wrong);
	ck_assert_uint_eq(check_rules(&t, true), 2);
	trace_free(&t);
}
END_TEST

START_TEST(names_of_threads_are_not_events)
{
	static const char *const lines[] = {
		"   a: umcg_b: -4-11      [003] d..2.    15.5: umcg_hold" WORKER
		"BLOCKED -> RUNNABLE\n",
		NULL
	};
	struct trace t;
	char comm[16];

	read_trace(&t, lines);
	ck_assert_uint_eq(t.count, 1);
	ck_assert(trace_is(&t.events[0], "hold"));
	ck_assert_uint_eq(t.events[0].pid, 11);
	ck_assert_uint_eq(t.events[0].cpu, 3);
	ck_assert_uint_eq(t.events[0].time, 15500000000);
	ck_assert(t.is_time);
	trace_comm(&t.events[0], comm);
	ck_assert_str_eq(comm, "a: umcg_b: -4");
	trace_free(&t);
}
END_TEST

START_TEST(no_traces)
{
	static const char *const older[] = {
		LINE("2", "hold" WORKER "BLOCKED -> RUNNABLE"),
		LINE("1", "hold" WORKER "BLOCKED -> RUNNABLE"),
		NULL
	};
	static const char *const nonsense[] = {
		LINE("1", "hold" WORKER "BLOCKED -> NONSENSE"),
		NULL
	};
	/* a line that was cut is none */
	static const char *const nothing[] = {
		"# tracer: nop\n: umcg_hold:\numcg_\n-\n\n", ": umcg_hold", NULL
	};
	struct trace t;

	ck_assert_int_eq(trace_parse(&t, text_of(older)), -EINVAL);
	ck_assert_ptr_nonnull(t.bad);
	trace_free(&t);
	ck_assert_int_eq(trace_parse(&t, text_of(nonsense)), -EINVAL);
	ck_assert_ptr_nonnull(t.bad);
	trace_free(&t);
	read_trace(&t, nothing);
	ck_assert_uint_le(t.count, 1);
	trace_free(&t);
}
END_TEST

START_TEST(calls_have_names)
{
	char room[SYSCALL_NAME_MAX];

	ck_assert_str_eq(syscall_name(0, room), "read");
	ck_assert_str_eq(syscall_name(202, room), "futex");
	ck_assert_str_eq(syscall_name(UMCG_BLOCKED_FAULT, room), "page fault");
	ck_assert_str_eq(syscall_name(9999, room), "call 9999");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("timeline");
	TCase *tc = tcase_create("timeline");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, spans_of_a_life);
	tcase_add_test(tc, a_run_that_was_lost);
	tcase_add_test(tc, spans_from_midway);
	tcase_add_test(tc, starved);
	tcase_add_test(tc, rules);
	tcase_add_test(tc, names_of_threads_are_not_events);
	tcase_add_test(tc, no_traces);
	tcase_add_test(tc, calls_have_names);
	suite_add_tcase(s, tc);
	/* what is found there is on purpose */
	if (!freopen("/dev/null", "w", stderr))
		return EXIT_FAILURE;
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
