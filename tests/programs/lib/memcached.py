# SPDX-License-Identifier: GPL-2.0-only
"""A client of memcached: sixteen threads that set, get, add up and check each answer."""
import sys
import threading

from pymemcache.client.base import Client

THREADS, ROUNDS = 16, 10
wrong = []


def work(port, me):
    client = Client(("127.0.0.1", port), timeout=60, connect_timeout=60)
    for i in range(ROUNDS):
        key, value = f"{me}:{i}", f"{me * i}".encode() * (1 + i * 100)
        client.set(key, value, noreply=False)
        if client.get(key) != value:
            wrong.append(key)
        client.incr("sum", i)
    client.close()


def main():
    port = int(sys.argv[1])
    first = Client(("127.0.0.1", port), timeout=60, connect_timeout=60)
    first.set("sum", "0", noreply=False)
    threads = [threading.Thread(target=work, args=(port, n)) for n in range(THREADS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    total = int(first.get("sum"))
    stats = first.stats()
    print("wrong", len(wrong), "sum", total, "sets", stats[b"cmd_set"], "gets", stats[b"cmd_get"])
    return bool(wrong) or total != THREADS * sum(range(ROUNDS))


sys.exit(main())
