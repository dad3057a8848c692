# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# only: 6.12
# mariadbd, which has a thread for each connection, under mysqlslap.

# shellcheck source=lib/inside.sh
. /umcg/tests/programs/lib/inside.sh

data=/tmp/data
small=(--no-defaults --user=root "--datadir=$data" --innodb-buffer-pool-size=16M
	--innodb-log-file-size=8M --innodb-flush-log-at-trx-commit=0 --skip-log-bin
	--thread-handling=one-thread-per-connection)
server=(mariadbd "${small[@]}" --skip-networking --skip-grant-tables)

# A statement on each line, as --bootstrap reads them.
makes_data() {
	mkdir -p "$data" || return
	{
		printf '%s;\n' 'create database mysql' 'create database slap' 'use mysql'
		cat /usr/share/mysql/mysql_system_tables.sql
	} | mariadbd "${small[@]}" --bootstrap >"$tmp/bootstrap" 2>&1 && return
	tail -n 20 "$tmp/bootstrap"
	return 1
}

sql() {
	mariadb --no-defaults -S "$1" -N -B -e "$2"
}

answers() {
	local tries=600
	until sql "$1" 'select 1' >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}

# client SOCKET FILE: 16 connections that write, and what is there then
client() {
	answers "$1" && sql "$1" 'create or replace table slap.t
			(id int auto_increment primary key, n int) engine=innodb;
			create or replace table slap.total (n bigint) engine=innodb;
			insert into slap.total values (0)' &&
		mariadb-slap --no-defaults -S "$1" --create-schema=slap --no-drop \
			--concurrency=16 --number-of-queries=320 --delimiter=';' \
			--query='insert into slap.t (n) values (3); update slap.total set n = n + 1; select count(*) from slap.t where n = 4' \
			>"$tmp/slap" 2>&1 &&
		sql "$1" 'select count(*), sum(n) from slap.t; select n from slap.total' | tee "$2" &&
		[ -s "$2" ] || { cat "$tmp/slap"; return 1; }
}

ends() {
	sql "$tmp/run.sock" shutdown && finish
}

plain() {
	"${server[@]}" --socket="$tmp/plain.sock" >"$tmp/plain.out" 2>&1 &
	client "$tmp/plain.sock" "$tmp/plain" && sql "$tmp/plain.sock" shutdown && wait $!
}

same_rows() {
	cmp "$tmp/plain" "$tmp/answers"
}

check makes_data makes_data
start -- "${server[@]}" --socket="$tmp/run.sock"
check serves client "$tmp/run.sock" "$tmp/answers"
check ends_by_shutdown ends
check plain plain
check same_rows same_rows
# of the kernel's io_uring
is_scheduled 'iou-wrk-[0-9]*' 'iou-sqp-[0-9]*'
tap_end
