"""A stand-in for Asterisk's process: `run SOCKET JOURNAL CALL` and `console SOCKET -rx COMMAND`.

It ends on `core stop now`, and on `core stop when convenient` once the file CALL (a talk in progress) is gone. Every
command is written to JOURNAL. A file named CALL + ".refuse" makes it fail at its start; CALL + ".deaf" makes the
console fail.
"""
# ruff: noqa: PTH108, PTH110, PTH123 - it must start in 20 ms, and pathlib is half of that

import os
import socket
import sys


def run(path: str, journal: str, call: str) -> int:
    if os.path.exists(call + ".refuse"):
        print("ERROR: cannot bind", flush=True)
        return 1
    if os.path.exists(path):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    server.settimeout(0.05)
    leaving = False
    while not (leaving and not os.path.exists(call)):
        try:
            peer, _ = server.accept()
        except TimeoutError:
            continue
        with peer:
            command = peer.recv(200).decode()
            if not command:
                continue
            with open(journal, "a") as file:
                file.write(command + "\n")
            if os.path.exists(call + ".deaf"):
                continue
            peer.sendall(b"ok\n")
            if command == "core stop now":
                return 0
            if command in ("core stop when convenient", "core abort shutdown"):
                leaving = command == "core stop when convenient"
    return 0


def console(path: str, command: str) -> int:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(path)
        client.sendall(command.encode())
        answer = client.recv(100)
        print(answer.decode())
        return 0 if answer else 1


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    sys.exit(run(*arguments) if what == "run" else console(arguments[0], arguments[2]))
