// SPDX-License-Identifier: GPL-2.0-only
/* trace.c - where the tracepoints are defined; trace.h says what they are */
#define CREATE_TRACE_POINTS
#include "trace.h"
