// SPDX-License-Identifier: MIT
/*
 * A picture of a recording: a row for each server, with whom it ran, and one for each
 * worker, with what it did. Time goes to the right. A worker has one colour wherever it
 * runs. What is narrower than a pixel is not drawn twice, so a long recording makes no
 * endless file.
 */
#include <stdlib.h>
#include <string.h>

#include "syscalls.h"
#include "trace.h"

#define LEFT		190	/* of the plot, in pixels */
#define WIDTH		1180	/* of the plot */
#define RIGHT		150
#define TOP		96
#define SERVER_ROW	30
#define WORKER_ROW	18
#define GAP		3
#define ROWS_MAX	64	/* of workers, those that ran most */
#define LETTER		5.9	/* how wide one is, about */

static const char *const colours[] = {
	"#4e79a7", "#59a14f", "#b07aa1", "#76b7b2", "#9c755f", "#3d9970",
	"#6b6ecf", "#8c6d31", "#2c7fb8", "#7b4173", "#5f9ea0", "#a05d56",
};

#define NCOLOURS	(sizeof(colours) / sizeof(*colours))

static const char *const kind_colours[SPAN_KINDS] = {
	[SPAN_BLOCKED] = "#f7c6c0",
	[SPAN_QUEUED] = "#ffd54a",
	[SPAN_PARKED] = "#e4e7ec",
	[SPAN_IDLES] = "#ffffff",
	[SPAN_SCHEDULES] = "#3b4252",
	[SPAN_WAKES] = "#b8c2d6",
};

/**
 * struct row - of an actor; those without one have a height of 0
 * @drawn: the plot is drawn up to there, in pixels
 */
struct row {
	double y, height, drawn;
	const char *colour;
};

struct picture {
	FILE *out;
	const struct timeline *t;
	struct row *rows;
	double scale;	/* pixels for a nanosecond */
	double bottom;
	size_t hidden;	/* workers without a row */
};

/* XML has no place for other bytes than these; names of threads may be any. */
static void put_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("&<>\"'", *s))
			fprintf(out, "&#%d;", *s);
		else if (*s < ' ' || *s > '~')
			putc('?', out);
		else
			putc(*s, out);
	}
}

static double x_of(const struct picture *p, uint64_t ns)
{
	return LEFT + (double)(ns - p->t->begin) * p->scale;
}

/* "1.25 ms" */
static void duration_words(double ns, char *words, size_t size)
{
	if (ns < 1e6)
		snprintf(words, size, "%.4g us", ns / 1e3);
	else if (ns < 1e9)
		snprintf(words, size, "%.4g ms", ns / 1e6);
	else
		snprintf(words, size, "%.4g s", ns / 1e9);
}

/* --- rows -------------------------------------------------------------------- */

static const struct timeline *sorted;

/* Servers in their order, then workers; by group. */
static int by_place(const void *one, const void *two)
{
	const struct actor *a = &sorted->actors[*(const uint32_t *)one];
	const struct actor *b = &sorted->actors[*(const uint32_t *)two];

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->is_server != b->is_server)
		return a->is_server ? -1 : 1;
	return a->now.who < b->now.who ? -1 : 1;
}

static int by_runs(const void *one, const void *two)
{
	const struct actor *a = &sorted->actors[*(const uint32_t *)one];
	const struct actor *b = &sorted->actors[*(const uint32_t *)two];

	if (a->is_server != b->is_server)
		return a->is_server ? -1 : 1;
	if (a->sums.runs != b->sums.runs)
		return a->sums.runs > b->sums.runs ? -1 : 1;
	return a->now.who < b->now.who ? -1 : 1;
}

/* Those who get a row, in their order. Return: how many. */
static size_t choose(struct picture *p, uint32_t *order)
{
	size_t i, servers = 0, count = p->t->nactors;

	for (i = 0; i < count; i++) {
		order[i] = i;
		servers += p->t->actors[i].is_server;
	}
	sorted = p->t;
	qsort(order, count, sizeof(*order), by_runs);
	if (count > servers + ROWS_MAX) {
		p->hidden = count - servers - ROWS_MAX;
		count = servers + ROWS_MAX;
	}
	qsort(order, count, sizeof(*order), by_place);
	return count;
}

static bool lay_out(struct picture *p)
{
	uint32_t *order = calloc(p->t->nactors + 1, sizeof(*order));
	const struct actor *a, *last = NULL;
	size_t i, count, workers = 0;
	double y = TOP;
	struct row *r;

	p->rows = calloc(p->t->nactors + 1, sizeof(*p->rows));
	if (!order || !p->rows) {
		free(order);
		return false;
	}
	count = choose(p, order);
	for (i = 0; i < count; i++) {
		a = &p->t->actors[order[i]];
		r = &p->rows[order[i]];
		if (last && (last->is_server != a->is_server || last->group != a->group))
			y += 4 * GAP;
		r->y = y;
		r->height = a->is_server ? SERVER_ROW : WORKER_ROW;
		r->colour = a->is_server ? "" : colours[workers++ % NCOLOURS];
		y += r->height + GAP;
		last = a;
	}
	p->bottom = y;
	free(order);
	return true;
}

/* --- spans -------------------------------------------------------------------- */

/* Their label on the plot, if there is room for it. */
static void label_span(const struct picture *p, const struct span *s, const struct row *r,
		       double x, double width, const char *words)
{
	int letters = (int)((width - 4) / LETTER);

	if (letters < 3)
		return;
	fprintf(p->out, "<text class=\"%c\" x=\"%.1f\" y=\"%.1f\">",
		s->kind == SPAN_RUNS || s->kind == SPAN_SCHEDULES ? 'w' : 'b', x + 3,
		r->y + r->height / 2 + 4);
	if ((int)strlen(words) <= letters) {
		put_text(p->out, words);
	} else {
		char cut[64];

		snprintf(cut, sizeof(cut), "%.*s", letters < 60 ? letters - 1 : 60, words);
		put_text(p->out, cut);
		fputs("&#8230;", p->out);
	}
	fputs("</text>\n", p->out);
}

/* What the pointer shows. */
static void tell_span(const struct picture *p, const struct span *s)
{
	char who[64], words[64], time[32], room[SYSCALL_NAME_MAX];

	actor_words(&p->t->actors[s->who], who, sizeof(who));
	duration_words((double)(s->end - s->begin), time, sizeof(time));
	fputs("<title>", p->out);
	put_text(p->out, who);
	if (s->kind == SPAN_RUNS) {
		span_words(s, words, sizeof(words));
		fprintf(p->out, " runs %s on server %u, then: %s", time,
			s->server == NOBODY_RAN ? 0 : p->t->actors[s->server].tid, words);
	} else if (s->kind == SPAN_BLOCKED && s->nr != NR_UNKNOWN) {
		fprintf(p->out, ": %s blocked in %s", time, syscall_name(s->nr, room));
	} else {
		fprintf(p->out, ": %s %s", time, kind_names[s->kind]);
	}
	fprintf(p->out, ", at %.3f ms</title>", (double)(s->begin - p->t->begin) / 1e6);
}

/* On that row; @words is what may be written on it. */
static void draw(struct picture *p, const struct span *s, struct row *r,
		 const char *colour, const char *words)
{
	double x = x_of(p, s->begin), width = x_of(p, s->end) - x, height = r->height;
	double y = r->y;

	/* there is as good as nothing left of it */
	if (r->drawn > x + width - 0.7 && width < 1.5)
		return;
	if (width < 0.7)
		width = 0.7;
	if (s->kind == SPAN_QUEUED || s->kind == SPAN_PARKED) {
		y += height / 4;
		height /= 2;
	}
	r->drawn = x + width;
	fprintf(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\">",
		x, y, width, height, colour);
	if (width > 2)
		tell_span(p, s);
	fputs("</rect>\n", p->out);
	label_span(p, s, r, x, width, words);
}

/* How a run has ended where its server's row and its own do not say so: a mark. */
static void mark(struct picture *p, const struct span *s, const struct row *r)
{
	double x = x_of(p, s->end), width = (double)(s->end - s->begin) * p->scale;

	if (width < 4 || (s->cause != WHY_PREEMPT && s->cause != WHY_EXIT))
		return;
	fprintf(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"3\" height=\"%.1f\" fill=\"%s\"/>\n",
		x - 3, r->y, r->height, s->cause == WHY_EXIT ? "#000" : "#e15759");
}

static void draw_worker(struct picture *p, const struct span *s)
{
	struct row *r = &p->rows[s->who];
	char words[64], room[SYSCALL_NAME_MAX];

	if (!r->height)
		return;
	if (s->kind != SPAN_RUNS) {
		bool known = s->kind == SPAN_BLOCKED && s->nr != NR_UNKNOWN;

		draw(p, s, r, kind_colours[s->kind],
		     known ? syscall_name(s->nr, room) : "");
		return;
	}
	snprintf(words, sizeof(words), "%s%u", s->server == NOBODY_RAN ? "" : "on ",
		 s->server == NOBODY_RAN ? 0 : p->t->actors[s->server].tid);
	draw(p, s, r, r->colour, words);
	mark(p, s, r);
}

static void draw_server(struct picture *p, const struct span *s)
{
	struct row *r = &p->rows[s->kind == SPAN_RUNS ? s->server : s->who];
	const struct row *worker = &p->rows[s->who];
	const struct actor *a = &p->t->actors[s->who];
	char words[64];

	if (s->kind != SPAN_RUNS) {
		draw(p, s, r, kind_colours[s->kind],
		     s->kind == SPAN_IDLES ? "idle" : kind_names[s->kind]);
		return;
	}
	snprintf(words, sizeof(words), "%u%s%s", a->tid, a->comm[0] ? " " : "", a->comm);
	draw(p, s, r, worker->height ? worker->colour : "#999", words);
	mark(p, s, r);
}

/* --- around them ---------------------------------------------------------------- */

static void begin(struct picture *p, const char *title)
{
	const struct timeline *t = p->t;
	char time[32];
	size_t i, servers = 0;
	uint64_t runs = 0;

	for (i = 0; i < t->nactors; i++) {
		servers += t->actors[i].is_server;
		runs += t->actors[i].is_server ? 0 : t->actors[i].sums.runs;
	}
	duration_words((double)(t->end - t->begin), time, sizeof(time));
	fprintf(p->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" font-family=\"sans-serif\" font-size=\"11\">\n",
		LEFT + WIDTH + RIGHT, p->bottom + 30);
	fputs("<style>.w{fill:#fff}.b{fill:#333}.t{fill:#777}</style>\n"
	      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
	      "<text x=\"12\" y=\"24\" font-size=\"16\" font-weight=\"bold\">", p->out);
	put_text(p->out, title);
	fprintf(p->out, "</text>\n<text class=\"t\" x=\"12\" y=\"42\">%s, %zu servers, %zu workers, %llu runs</text>\n",
		time, servers, t->nactors - servers, (unsigned long long)runs);
}

static void put_legend(const struct picture *p)
{
	static const struct {
		const char *colour, *words;
		int height;
	} keys[] = {
		{ "#4e79a7", "runs (each worker has a colour)", 12 },
		{ "#f7c6c0", "blocked in that call", 12 },
		{ "#ffd54a", "could run, waits for a server", 6 },
		{ "#e4e7ec", "parked", 6 },
		{ "#3b4252", "server schedules", 12 },
		{ "#b8c2d6", "told to, and wakes", 12 },
		{ "#e15759", "preempted", 12 },
		{ "#000", "exited", 12 },
	};
	double x = LEFT;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		fprintf(p->out, "<rect x=\"%.0f\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n"
				"<text class=\"b\" x=\"%.0f\" y=\"66\">%s</text>\n",
			x, 62 - keys[i].height / 2, i < 6 ? 14 : 3, keys[i].height,
			keys[i].colour, x + 18, keys[i].words);
		x += 36 + (double)strlen(keys[i].words) * LETTER;
	}
}

/* 1, 2 or 5 with zeroes: about ten of them are in the plot. */
static double step_of(double whole)
{
	double step = 1;

	while (step * 10 < whole / 10)
		step *= 10;
	if (step * 5 < whole / 10)
		return step * 5;
	return step * 2 < whole / 10 ? step * 2 : step;
}

static void put_axis(const struct picture *p)
{
	double whole = (double)(p->t->end - p->t->begin), step = step_of(whole), at;
	char words[32];

	for (at = 0; at <= whole; at += step) {
		double x = LEFT + at * p->scale;

		duration_words(at, words, sizeof(words));
		fprintf(p->out, "<path d=\"M%.1f %d V%.0f\" stroke=\"#e8e8e8\"/>\n"
				"<text class=\"t\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			x, TOP - 8, p->bottom, x, TOP - 12, at > 0 ? words : "0");
	}
}

static void put_names(const struct picture *p)
{
	char words[64];
	uint64_t whole = p->t->end - p->t->begin;
	size_t i;

	for (i = 0; i < p->t->nactors; i++) {
		const struct actor *a = &p->t->actors[i];
		const struct row *r = &p->rows[i];
		double y = r->y + r->height / 2 + 4;

		if (!r->height)
			continue;
		actor_words(a, words, sizeof(words));
		if (a->is_server)
			fprintf(p->out, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"#fff\" stroke=\"#bbb\"/>\n",
				LEFT, r->y - 0.5, WIDTH, r->height + 1);
		fprintf(p->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\"%s>", LEFT - 8, y,
			a->is_server ? " font-weight=\"bold\"" : "");
		put_text(p->out, words);
		fprintf(p->out, "</text>\n<text class=\"t\" x=\"%d\" y=\"%.1f\">%.1f %% %s, %llu runs</text>\n",
			LEFT + WIDTH + 8, y,
			whole ? 100.0 * (double)a->sums.time[SPAN_RUNS] / (double)whole : 0.0,
			a->is_server ? "busy" : "ran", (unsigned long long)a->sums.runs);
	}
}

static void put_spans(struct picture *p)
{
	const struct span *s;

	for (s = p->t->spans; s < p->t->spans + p->t->nspans; s++) {
		if (!p->t->actors[s->who].is_server)
			draw_worker(p, s);
		if (p->t->actors[s->who].is_server || s->server != NOBODY_RAN)
			draw_server(p, s);
	}
}

bool write_trace_svg(FILE *out, const struct timeline *t, const char *title)
{
	struct picture p = { .out = out, .t = t };

	if (!lay_out(&p)) {
		free(p.rows);
		return false;
	}
	p.scale = t->end > t->begin ? WIDTH / (double)(t->end - t->begin) : 0;
	begin(&p, title);
	put_legend(&p);
	put_axis(&p);
	put_names(&p);
	put_spans(&p);
	if (p.hidden)
		fprintf(out, "<text class=\"t\" x=\"%d\" y=\"%.0f\">and %zu workers that ran less often</text>\n",
			LEFT, p.bottom + 16, p.hidden);
	fputs("</svg>\n", out);
	free(p.rows);
	return true;
}
