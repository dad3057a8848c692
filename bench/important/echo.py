# SPDX-License-Identifier: GPL-2.0-only
"""What is behind the TLS server: sends back each line. usage: echo.py PORT"""
import socketserver
import sys


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                self.wfile.write(line)
        except ConnectionError:
            pass    # the server was ended


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


Server(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
