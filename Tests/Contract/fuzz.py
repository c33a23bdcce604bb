"""Sends damaged requests: bodies, headers, paths, cursors, tokens and forms, MILLRACE_FUZZ of them from a fixed seed.

No answer may have a status of 5xx (but 501 and 505, which say that the request is not HTTP as we speak it) or not come at
all. Prints how the memory of the server, MILLRACE_PID, has grown over the last half.
"""
import concurrent.futures
import json
import os
import random
import socket
import sys
import urllib.parse

import api
from api import KEY, URL, send

COUNT = int(os.environ.get("MILLRACE_FUZZ", "20000"))
SEED = int(os.environ.get("MILLRACE_FUZZ_SEED", "5"))
contract = api.Contract()
operations = [(method, path, operation) for method, path, operation in contract.operations.values()]
schemas = contract.document["components"]["schemas"]

GRAPH = {
    "name": "fuzz",
    "nodes": [{"id": "t", "data": {"nodeType": "input:text", "config": {"text": "x"}}}, {"id": "o", "data": {"nodeType": "output:text"}}],
    "edges": [{"id": "e", "source": "t", "target": "o", "sourceHandle": "out-text", "targetHandle": "in-text"}],
}
made = send("POST", "/api/v1/workflows", GRAPH).json["id"]
run = send("POST", f"/api/v1/workflows/{made}/execute?wait=20", {}).json["executionId"]
for _ in range(3):
    send("POST", f"/api/v1/workflows/{made}/execute?wait=20", {})
cursor = send("GET", f"/api/v1/workflows/{made}/executions?limit=1").json["nextCursor"]
KNOWN = [made, run, cursor, "t", "o", "input:text", "none"]
TEXTS = ["", "x", "\u0000", "😀" * 50, "../..", "%", "'; --", "{{t.text}}", "null", "-1", "1e999", "9" * 40, "a" * 3000, "\ud7ff", "true", KEY]
VALUES = [None, True, False, 0, -1, 2**53, 2**63, 1e308, 0.1, "", "x", "😀", [], {}, [None], {"a": {"b": [1]}}, "draft", "2020-01-01T00:00:00Z"]


def damaged(random, data):
    """Bytes with a few of them changed, cut or doubled."""
    data = bytearray(data)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(data) + 1)
        match random.randrange(4):
            case 0: data[place:place + 1] = bytes([random.randrange(256)])
            case 1: del data[place:place + random.randint(1, 30)]
            case 2: data[place:place] = data[max(0, place - 20):place]
            case 3: data[place:place] = random.choice(TEXTS).encode("utf-8", "surrogatepass")[:200]
    return bytes(data)


def value(random, schema, depth=0):
    """A value that fits a schema, mostly."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].split("/")[-1]]
    if random.random() < 0.12 or depth > 5:
        return random.choice(VALUES)
    if "enum" in schema:
        return random.choice(schema["enum"])
    if choices := schema.get("anyOf"):
        return value(random, random.choice(choices), depth + 1)
    kind = schema.get("type", "object")
    kind = random.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        known = schema.get("properties", {})
        object = {name: value(random, inner, depth + 1) for name, inner in known.items() if name in schema.get("required", []) or random.random() < 0.3}
        if random.random() < 0.1:
            object[random.choice(TEXTS)[:50]] = random.choice(VALUES)
        return object
    if kind == "array":
        return [value(random, schema.get("items", {}), depth + 1) for _ in range(random.randrange(4))]
    if kind == "integer":
        return random.choice([schema.get("minimum", 0), schema.get("maximum", 7), 1, 2, -1, 2**40])
    if kind == "number":
        return random.choice([0, 0.5, 1, 1e9, -1])
    if kind == "boolean":
        return random.random() < 0.5
    return random.choice(TEXTS + KNOWN) if kind == "string" else None


def body(random, operation):
    content = (operation.get("requestBody") or {}).get("content") or {}
    if not content:
        return None, {}
    kind = random.choice(list(content))
    if kind == "multipart/form-data":
        form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n'
        return damaged(random, form), {"Content-Type": random.choice(["multipart/form-data; boundary=b", "multipart/form-data", 'multipart/form-data; boundary="'])}
    if kind != "application/json":
        return damaged(random, json.dumps(GRAPH).encode()), {"Content-Type": kind}
    made = GRAPH if random.random() < 0.2 else value(random, content[kind]["schema"])
    if isinstance(made, dict) and random.random() < 0.8:
        made.pop("callbackUrl", None)
    data = json.dumps(made, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    return (damaged(random, data) if random.random() < 0.3 else data), {"Content-Type": "application/json"}


def target(random, path, operation):
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            given = random.choice(KNOWN + TEXTS) if random.random() < 0.9 else random.choice(TEXTS) * 3
            path = path.replace("{%s}" % parameter["name"], urllib.parse.quote(given, safe="", errors="surrogatepass") or "x")
    items = []
    for parameter in operation.get("parameters", []) + [{"in": "query", "name": "envelope"}, {"in": "query", "name": "errors"}]:
        if parameter["in"] == "query" and parameter["name"] not in ("wait", "sync") and random.random() < 0.3:
            words = parameter.get("schema", {}).get("enum", ["data", "object"])
            items.append((parameter["name"], str(random.choice(words + TEXTS + [cursor, 5]))))
    query = urllib.parse.urlencode(items, errors="surrogatepass")
    if random.random() < 0.05:
        query += random.choice(["&%", "&=&&", "&a=%ff", "&" + "b=1&" * 120])
    return f"{path}?{query}" if query else path


def headers(random):
    fields = {}
    for name in ["If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID", "X-Request-Id", "Accept", "Range", "Expect"]:
        if random.random() < 0.06:
            fields[name] = random.choice(["", "*", '"x"', "W/\"1.1\"", "a" * 300, "text/html", "bytes=0-1", "-1", "\x01"])
    if random.random() < 0.05:
        fields["Authorization"] = random.choice(["", "Bearer", f"Bearer {KEY}x", "Basic x", "Bearer sk-" + "x" * 300])
    return fields


def raw(random):
    """A request that is damaged as text."""
    method, path, operation = random.choice(operations)
    text = f"{method} {target(random, path, operation)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    with socket.create_connection((URL.hostname, URL.port), timeout=30) as connection:
        connection.sendall(damaged(random, text.encode("utf-8", "surrogatepass")))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 2 else 0, f"{text} {answer[-400:]}"


def one(number):
    chance = random.Random(SEED * 1_000_003 + number)
    try:
        if chance.random() < 0.15:
            status, place = raw(chance)
        else:
            method, path, operation = chance.choice(operations)
            # What is known stays, so that later requests find it.
            if method == "DELETE":
                path = path.replace("{id}", "none")
            place = f"{method} {target(chance, path, operation)}"
            data, kind = body(chance, operation)
            answer = send(method, place.split(" ", 1)[1], data, headers=kind | headers(chance))
            status = answer.status
            place += f" {(data or b'')[:600]} {answer.body[:300]}"
        return None if status < 500 or status in (501, 505) else f"request {number}: {status}: {place[:1500]}"
    except (ValueError, UnicodeError):
        return None  # The client cannot send this.
    except (ConnectionResetError, BrokenPipeError):
        return None
    except Exception as error:
        return f"request {number}: no answer: {type(error).__name__} {error}"


def memory():
    pid = os.environ.get("MILLRACE_PID")
    if not pid:
        return 0
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


failures = []
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    half = COUNT // 2
    failures += [failure for failure in pool.map(one, range(half)) if failure]
    before = memory()
    failures += [failure for failure in pool.map(one, range(half, COUNT)) if failure]
slope = (memory() - before) / max(1, COUNT - half) * 1000
if send("GET", "/readyz").status != 200:
    failures.append("the server is not ready afterwards")
print(f"{COUNT} requests from seed {SEED}: {len(failures)} failures, memory grew by {slope:.0f} bytes for 1,000 requests", file=sys.stderr)
for failure in failures[:20]:
    print(failure)
