#!/usr/bin/python3
"""`az-client.py SOCKET ARGUMENT...`: runs `az ARGUMENT...` by az-server.py, with this process's streams and exit code."""
import json
import os
import socket
import sys

connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
connection.connect(sys.argv[1])
request = json.dumps({'arguments': sys.argv[2:], 'environment': dict(os.environ), 'folder': os.getcwd()}).encode()
socket.send_fds(connection, [b'%8d' % len(request)], [0, 1, 2])
connection.sendall(request)
answer = connection.recv(1)
sys.exit(answer[0] if answer else 1)
