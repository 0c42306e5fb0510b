#!/usr/bin/python3
"""`az-server.py SOCKET`: imports az once and runs each command that az-client.py sends in a process of its own.

A command of az takes one to two seconds of CPU, nearly all of which Python spends on importing modules. A process that
is forked has them already. What a command imports anew is reported to the server, which imports it for the next ones.
"""
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys



def receive(connection):
    """The request of a client: its arguments, environment and folder, and its standard streams."""
    size, streams, _, _ = socket.recv_fds(connection, 8, 3)
    expected, data = int(size), b''
    while len(data) < expected:
        data += connection.recv(expected - len(data))
    return json.loads(data), streams


def run(arguments):
    """Runs az as its own script does; answers the exit code."""
    sys.argv = ['az', *arguments]
    try:
        runpy.run_module('azure.cli', run_name='__main__')
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def serve(connection, report):
    """What a forked process does: one command, and then the names of the modules that it imported, to `report`."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams = receive(connection)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.chdir(request['folder'])
    os.environ.clear()
    os.environ.update(request['environment'])
    before = set(sys.modules)
    code = run(request['arguments'])
    connection.sendall(bytes([code & 255]))
    imported = [name for name in list(sys.modules) if name not in before and name.startswith('azure.')]
    with os.fdopen(report, 'w') as file:
        json.dump(imported, file)


def accept(listener):
    """Runs the command of the next client; answers the end of a pipe at which its modules are named."""
    connection, _ = listener.accept()
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            listener.close()
            os.close(reader)
            serve(connection, writer)
        finally:
            os._exit(0)
    os.close(writer)
    connection.close()
    return reader


def learn(report):
    """Imports what a command has imported."""
    with os.fdopen(report) as file:
        names = file.read()
    for name in json.loads(names or '[]'):
        try:
            importlib.import_module(name)
        except ImportError:
            pass


def main():
    runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'az-repaired.py'))['repair']()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(sys.argv[1])
    listener.listen()
    print('listening', flush=True)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(accept(listener), selectors.EVENT_READ)
            else:
                selector.unregister(key.fileobj)
                learn(key.fileobj)


main()
