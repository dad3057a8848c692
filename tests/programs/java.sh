# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# only: 6.12
# A JVM: its own threads (compilers, collectors) and those of a program.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

jdk=/usr/lib/jvm/java-17-openjdk-amd64
java=("$jdk/bin/java" -Xmx256m -Xshare:auto -XX:+UseParallelGC -XX:ParallelGCThreads=2 -cp "$tmp")

compiles() {
	"$jdk/bin/javac" -J-XX:TieredStopAtLevel=1 -d "$tmp" tests/programs/lib/Threads.java
}

same_sums() {
	"${java[@]}" Threads | tee "$tmp/plain" && diff "$tmp/plain" "$tmp/out" &&
		grep -qx "monitors $((12 * 2000 * 1999 / 2))" "$tmp/out"
}

check compiles compiles
check runs under -- "${java[@]}" Threads
check same_sums same_sums
is_scheduled
tap_end
