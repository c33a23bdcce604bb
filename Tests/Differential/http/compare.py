#!/usr/bin/env python3
"""Compares the server's request parser with h11, the strictest HTTP/1.1 parser in wide use.

    python3 -m pip install h11
    swift build --product http-parser-probe
    python3 Tests/Differential/http/compare.py [--count 200000] [--seed 1] [--probe PATH]

Requests are made and changed from the seed. What the server takes h11 must take too, with the same method, target,
fields, body and end; the server may refuse more, but only for a reason listed in STRICTER. Exits 1 on any other
difference.
"""
import argparse
import collections
import random
import subprocess
import sys

import h11

# Why the server may refuse what h11 takes: (status, start of the reason).
STRICTER = {
    (400, "The request does not begin with a method and a space."): "h11 skips a blank line before the request line",
    (400, "A line ends in a bare line feed."): "h11 takes LF as a line end",
    (400, "A header line does not begin with a name and a colon."): "h11 unfolds folded lines",
    (400, "A header value has a control character."): "h11 takes controls other than NUL, and LF as a line end",
    (400, "The request line does not end after its version."): "h11 takes LF as a line end",
    (400, "The request line does not end in a version."): "h11 waits for the line's end before it looks",
    (400, "A carriage return stands alone."): "h11 waits for the line's end before it looks",
    (400, "The request target is empty or has a character that must be escaped."): "h11 takes fragments; or it waits",
    (400, "The request target is neither a path nor an address."): "h11 takes any visible characters as a target",
    (400, "Only OPTIONS may have the target"): "h11 takes any visible characters as a target",
    (400, "Target and Host name different hosts."): "h11 does not compare them",
    (400, "The Host is"): "h11 does not look into the Host",
    (400, "The Content-Length is not a number"): "h11 takes leading zeros, and lists of equal numbers",
    (400, "The request gives its length more than once."): "h11 takes equal lengths",
    (400, "The request gives a length and a transfer coding."): "h11 lets the coding win",
    (400, "HTTP/1.0 has no transfer codings."): "h11 takes chunks from HTTP/1.0",
    (400, "A chunk's size is not a hexadecimal number."): "h11 takes chunk extensions and blanks behind the size",
    (400, "A chunk's size has more than eight digits."): "h11 takes up to twenty digits",
    (400, "A chunk does not end in a line end."): "h11 takes LF behind a size, and waits for both bytes behind data",
    (400, "A trailer field must not stand behind the body."): "h11 takes lengths and hosts in trailers",
    (400, "The request names no Host."): "h11 waits for the head's end when the refusal comes early",
    (417, ""): "h11 leaves expectations to the application",
    (431, ""): "h11 has no limit on the number of fields",
    (413, ""): "h11 leaves the body's size to the application",
    (414, ""): "h11 leaves the target's size to the application",
    (501, "This method is not known here."): "h11 takes any token as a method",
    (505, ""): "h11 takes any version of one digit each",
}

SEEDS = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://a/b?c HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
    b"PUT /p HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
    b"OPTIONS * HTTP/1.0\r\nX-Empty:\r\n\r\n",
    b"DELETE /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nyGET / HTTP/1.1\r\n",
]
PIECES = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b":", b",", b";", b"0", b"+", b"-", b"x", b"\x0b", b"\x7f", b"\xff",
    b"chunked", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n", b"Content-Length: 5, 5\r\n", b"Host: b\r\n", b"HTTP/1.0", b"HTTP/1.1", b"\r\n\r\n",
    b" folded\r\n", b"transfer-encoding : chunked\r\n", b";ext=1", b"0\r\n\r\n", b"Connection: keep-alive\r\n",
]


def change(request: bytes, generator: random.Random) -> bytes:
    data = bytearray(request)
    for _ in range(generator.choice([0, 1, 1, 1, 2, 2, 3, 5])):
        start = generator.randint(0, len(data))
        end = min(len(data), start + generator.randint(0, 4))
        kind = generator.randrange(6)
        if kind == 0:
            data[start:end] = bytes([generator.randrange(256)])
        elif kind == 1:
            del data[start:end]
        elif kind in (2, 3):
            data[start:start] = generator.choice(PIECES)
        elif kind == 4:
            data[start:start] = data[start:end]
        elif start < len(data):
            data[start] ^= 1 << generator.randrange(8)
    return bytes(data)


def judge(data: bytes):
    """h11's view: ("accept", method, target, fields, body, used), ("refuse", reason) or ("unfinished",)."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=16 * 1024)
    body = b""
    request = None
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                return ("unfinished",)
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                used = len(data) - len(connection.trailing_data[0])
                fields = [(bytes(name), bytes(value)) for name, value in request.headers]
                return ("accept", request.method.decode(), bytes(request.target), fields, body, used)
            else:
                return ("unfinished",)
    except h11.RemoteProtocolError as error:
        return ("refuse", str(error))


def origin_form(target: bytes) -> bytes:
    lower = target.lower()
    for scheme in (b"http://", b"https://"):
        if lower.startswith(scheme):
            rest = target[len(scheme):]
            ends = [index for index in (rest.find(b"/"), rest.find(b"?")) if index >= 0]
            rest = rest[min(ends):] if ends else b""
            return rest if rest.startswith(b"/") else b"/" + rest
    return target


def difference(ours: str, theirs: tuple, counts: collections.Counter):
    """What is wrong, or None."""
    words = ours.split(" ")
    if words[0] == "refuse":
        counts["both refuse" if theirs[0] == "refuse" else "stricter"] += 1
        if theirs[0] == "refuse":
            return None
        status, reason = int(words[1]), " ".join(words[2:])
        if any(status == code and reason.startswith(start) for code, start in STRICTER):
            return None
        return "refused for a reason that is not listed"
    if words[0] == "unfinished":
        counts["unfinished"] += 1
        return "waits for more where h11 has the whole request" if theirs[0] == "accept" else None
    counts["both accept" if theirs[0] == "accept" else "laxer"] += 1
    if theirs[0] != "accept":
        return "LAXER: taken where h11 does not"
    _, method, target, fields, body, used = theirs
    own_target, own_fields, own_body = (bytes.fromhex(word[1:]) for word in words[2:5])
    if method != words[1]:
        return "another method"
    if origin_form(target) != own_target:
        return "another target"
    expected = b"\n".join(name + b"\n" + value for name, value in fields)
    # Fields are given as text, so bytes that are no UTF-8 are replaced; h11 makes the coding's name small.
    expected_text, own_text = (text.decode("utf-8", "replace") for text in (expected, own_fields))
    if b"transfer-encoding\n" in expected:
        expected_text, own_text = expected_text.lower(), own_text.lower()
    if expected_text != own_text:
        return "other fields"
    if body != own_body:
        return "another body"
    return None if used == int(words[5]) else "another end"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--probe", default=".build/debug/http-parser-probe")
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    requests = [change(generator.choice(SEEDS), generator) for _ in range(arguments.count)]
    text = "".join(request.hex() + "\n" for request in requests)
    answers = subprocess.run([arguments.probe], input=text, capture_output=True, text=True, check=True).stdout
    verdicts = answers.splitlines()
    assert len(verdicts) == len(requests), "the probe did not judge every request"
    counts: collections.Counter = collections.Counter()
    failures = 0
    for request, ours in zip(requests, verdicts):
        theirs = judge(request)
        wrong = difference(ours, theirs, counts)
        if wrong:
            failures += 1
            if failures <= 20:
                print(f"{wrong}\n  request {request!r}\n  server  {ours}\n  h11     {theirs}")
    print(f"{len(requests)} requests from seed {arguments.seed}: {dict(counts)}; {failures} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
