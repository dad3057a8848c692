# SPDX-License-Identifier: GPL-2.0-only
"""
Requests to a TLS server on two ports: how long do the important ones take?

usage: client.py IMPORTANT-PORT OTHER-PORT CROWD COUNT

CROWD threads connect to OTHER-PORT all the time, each shakes hands, sends a line, reads
the answer and begins anew. Beside them one thread does the same on IMPORTANT-PORT, COUNT
times, a moment apart. Prints what that took, in milliseconds, one on each line, and then
"others N.N", how many of the others' requests were served in a second.
"""
import socket
import ssl
import sys
import threading
import time

PAUSE = 0.1    # seconds between two important requests
SETTLE = 1.0    # before the first that counts

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
served = 0
ending = False


def request(port):
    with socket.create_connection(("127.0.0.1", port)) as plain:
        with context.wrap_socket(plain) as tls:
            tls.sendall(b"hello\n")
            if tls.recv(100) != b"hello\n":
                sys.exit("client: not what was sent")


def crowd(port):
    global served
    while not ending:
        request(port)
        served += 1     # of many threads: a few may get lost


def main():
    global ending, served
    important, other, threads, count = map(int, sys.argv[1:])
    for _ in range(threads):
        threading.Thread(target=crowd, args=(other,), daemon=True).start()
    request(important)
    time.sleep(SETTLE)
    began, served = time.monotonic(), 0
    for _ in range(count):
        time.sleep(PAUSE)
        begin = time.monotonic()
        request(important)
        print(f"{(time.monotonic() - begin) * 1000:.3f}")
    print(f"others {served / (time.monotonic() - began):.1f}")
    ending = True


main()
