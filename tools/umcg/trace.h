/* SPDX-License-Identifier: MIT */
/* trace.h - what umcg trace makes of a recording */
#ifndef UMCG_TRACE_H
#define UMCG_TRACE_H

#include "timeline.h"
#include "tool.h"

/* "worker 145 (name)" */
void actor_words(const struct actor *a, char *words, size_t size);

/* A line for each. Return: how many. */
size_t check_rules(const struct trace *t, bool midway);
size_t check_starved(const struct timeline *t, uint64_t ns);

/* For chrome://tracing and ui.perfetto.dev. Return: false if there is no memory. */
bool write_trace_json(FILE *out, const struct timeline *t);

/* A picture; @title is what it is of. Return: likewise. */
bool write_trace_svg(FILE *out, const struct timeline *t, const char *title);

/* In words. */
void write_trace_sums(FILE *out, const struct timeline *t);

#endif /* UMCG_TRACE_H */
