// SPDX-License-Identifier: MIT
/* What should not be: events against the rules, and workers that nobody runs. */
#include <stdlib.h>

#include "replay.h"
#include "trace.h"

#define GROUPS_MAX	4096

struct group {
	__u32 id;
	struct replay *replay;
};

static struct group groups[GROUPS_MAX];
static size_t ngroups;

static struct replay *replay_of(__u32 id, bool midway)
{
	struct group *g;

	for (g = groups + ngroups; g > groups; g--)
		if (g[-1].id == id)
			return g[-1].replay;
	if (ngroups == GROUPS_MAX)
		return NULL;
	g = &groups[ngroups++];
	*g = (struct group){ id, replay_new(midway) };
	return g->replay;
}

size_t check_rules(const struct trace *t, bool midway)
{
	const struct trace_event *e;
	const char *error;
	struct replay *r;
	size_t found = 0;

	for (e = t->events; e < t->events + t->count; e++) {
		if (trace_is(e, "fork"))
			continue;
		r = replay_of(e->group, midway);
		error = r ? replay_event(r, e) : "not checked, there are too many groups";
		if (!error)
			continue;
		fprintf(stderr, "rule: group %u, tid %u: %s; in: %s\n", e->group, e->tid,
			error, e->text);
		found++;
	}
	while (ngroups)
		replay_free(groups[--ngroups].replay);
	return found;
}

void actor_words(const struct actor *a, char *words, size_t size)
{
	const char *role = a->is_server ? "server" : "worker";

	if (a->comm[0])
		snprintf(words, size, "%s %u (%s)", role, a->tid, a->comm);
	else
		snprintf(words, size, "%s %u", role, a->tid);
}

size_t check_starved(const struct timeline *t, uint64_t ns)
{
	const struct span *s;
	char words[64];
	size_t found = 0;

	for (s = t->spans; s < t->spans + t->nspans; s++) {
		if (s->kind != SPAN_QUEUED || s->end - s->begin < ns)
			continue;
		actor_words(&t->actors[s->who], words, sizeof(words));
		fprintf(stderr, "starved: group %u, %s: could run for %.3f ms and was not run, from %.6f%s\n",
			t->actors[s->who].group, words, (double)(s->end - s->begin) / 1e6,
			(double)s->begin / 1e9, s->end == t->end ? ", to the end" : "");
		found++;
	}
	return found;
}
