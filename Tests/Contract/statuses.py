"""Asks for every documented status that follows from the shape of an operation, and for what runs and files bring.

Every answer is checked against the document and noted; `covered.py` says afterwards what nobody has seen.
"""
import itertools
import json
import os
import shutil
import socket
import time

import api
import rooms
from api import KEY, URL, send
from expect import TEXT, ask, contract, expect, graph, key, made, problems, run
from things import APPROVAL, EVENT, Things, asked, waits


# MARK: What follows from the shape of an operation


def by(path, headers):
    """What proves who asks: of sessions that of a person, of anything else the key."""
    person = path.startswith("/api/v1/auth/")
    return {"key": None if person else KEY, "headers": headers | (things.session if person else {})}


def shapes():
    keys = {"usage:read": key("usage:read"), "models:read": key("models:read")}
    # Who asks through a proxy does not ask from this machine.
    elsewhere = {"X-Forwarded-For": "192.0.2.1"}
    for method, path, operation in contract.operations.values():
        known, security = operation["responses"], operation["security"]
        there, missing = things.path(path), things.missing(path)
        types = list((operation.get("requestBody") or {}).get("content", {}))
        body = b"{}" if types else None
        sent = {"Content-Type": types[0]} if types and types[0] != "multipart/form-data" else {}
        expect(400, method, f"{missing}?x=%zz")
        if "414" in known:
            expect(414, method, f"{missing}?x={'x' * 9000}")
        if "431" in known:
            expect(431, method, missing, headers={"X-Long": "x" * 20_000})
        if "401" in known and security:
            expect(401, method, there, key=None, headers=elsewhere)
            expect(401, method, there, headers=elsewhere | {"Authorization": "Basic eDp5"})
            expect(401, method, there, key="sk-nobody-has-this-key-0123456789abcdef", headers=elsewhere)
        if "403" in known and security:
            scopes = operation.get("description", "")
            if scopes != "Needs a key or a session.":
                narrow = keys["models:read" if "usage:read" in scopes else "usage:read"]
                expect(403, method, there, body, key=narrow, headers=elsewhere)
            if method != "GET":
                # A page elsewhere has the cookie, and not the token.
                expect(403, method, there, body, key=None, headers={"Cookie": things.session["Cookie"]})
        if "404" in known:
            ask(method, missing, body, headers=sent)
        if "application/json" in types and path != "/api/v1/setup":
            expect(400, method, there, b"{", **by(path, sent))
        if "415" in known:
            ask(method, there, b"<p>", **by(path, {"Content-Type": "application/xml"}))
        if "413" in known:
            ask(method, there, b'{"x": "' + b"x" * (9 << 20) + b'"}', **by(path, sent))


def set_up():
    """What is there only while nobody can sign in."""
    path, person = "/api/v1/setup", {"token": "wrong", "name": "Ada", "email": "a@example.com", "password": "x" * 12}
    expect(400, "POST", path, b"{", key=None)
    expect(401, "POST", path, person, key=None)
    expect(413, "POST", path, b"x" * (2 << 20), key=None)
    expect(415, "POST", path, b"<p>", key=None, headers={"Content-Type": "application/xml"})


# MARK: What is there


def workflows():
    id = things.workflow
    got = expect(200, "GET", f"/api/v1/workflows/{id}")
    expect(304, "GET", f"/api/v1/workflows/{id}", headers={"If-None-Match": got.headers["etag"]})
    expect(200, "GET", "/api/v1/workflows?limit=1")
    stale = {"If-Match": '"old"'}
    past = {"baseUpdatedAt": "2020-01-01T00:00:00.000Z"}
    broken = graph(("t", "none:such", {}))
    for method, path, body in [
        ("POST", "/api/v1/workflows", {"id": id, "name": "new"}),
        ("PUT", f"/api/v1/workflows/{id}", {"name": "newer"}),
        ("PATCH", f"/api/v1/workflows/{id}", {"description": "d", "settings": {"concurrency": 2}}),
        ("PATCH", f"/api/v1/workflows/{id}/nodes/t", {"config": {"text": "y"}}),
        ("POST", f"/api/v1/workflows/{id}/layout", {}),
    ]:
        expect(200, method, path, body)
        expect(412, method, path, body, headers=stale)
        expect(409, method, path, {**body, **past})
    expect(200, "POST", "/api/v1/workflows/lint", broken)
    for method, path, body in [
        ("POST", "/api/v1/workflows", broken),
        ("PUT", f"/api/v1/workflows/{id}", broken),
        ("PATCH", f"/api/v1/workflows/{id}/nodes/o", {"config": {"text": "{{nobody.text}}"}}),
        ("POST", "/api/v1/workflows/import", {"millrace": 1, "kind": "workflow", "workflow": broken}),
    ]:
        expect(422, method, path, body)
    bad = expect(201, "POST", "/api/v1/workflows?strict=false", broken).json["id"]
    for method, path in [("GET", "run"), ("POST", "run"), ("POST", "execute")]:
        expect(422, method, f"/api/v1/workflows/{bad}/{path}", {} if method == "POST" else None)
    expect(422, "PATCH", f"/api/v1/workflows/{bad}", {"settings": {"concurrency": 3}})
    many = graph(*[(f"n{n}", "input:text", {"text": "x"}) for n in range(501)])
    large = expect(201, "POST", "/api/v1/workflows?strict=false", many).json["id"]
    expect(422, "POST", f"/api/v1/workflows/{large}/layout", {})
    for format in ["millrace", "wireflow", "reactflow", "yaml"]:
        expect(200, "GET", f"/api/v1/workflows/{id}/export?format={format}")
    export = send("GET", f"/api/v1/workflows/{id}/export").body
    expect(200, "POST", "/api/v1/workflows/import?dryRun=true", export)
    expect(201, "POST", "/api/v1/workflows/import", export)
    expect(201, "POST", f"/api/v1/workflows/{id}/duplicate", {})
    expect(200, "GET", f"/api/v1/workflows/{id}/run")
    nodes = expect(200, "GET", "/api/v1/nodes")
    expect(304, "GET", "/api/v1/nodes", headers={"If-None-Match": nodes.headers["etag"]})
    expect(200, "GET", "/api/v1/nodes/input:text")
    off = made({**TEXT, "isActive": False})
    expect(400, "POST", f"/api/v1/workflows/{off}/execute", {})
    expect(204, "DELETE", f"/api/v1/workflows/{off}")
    expect(404, "POST", "/api/v1/workflows", {"id": off})
    named()


def named():
    """Requests that name themselves: the same key with another request is refused."""
    bodies = {"/api/v1/workflows": TEXT}
    for number, (method, path, operation) in enumerate(contract.operations.values()):
        if not any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", [])):
            continue
        headers, there = {"Idempotency-Key": f"contract-{number}"}, things.path(path)
        first = bodies.get(path, {})
        if path.endswith("/import"):
            first = json.loads(send("GET", f"/api/v1/workflows/{things.workflow}/export").body)
        if ask(method, there, first, headers=headers).status < 300:
            again = ask(method, there, first, headers=headers)
            assert again.headers.get("idempotent-replayed") == "true", there
            expect(422, method, there, {**first, "name": "other", "metadata": {"a": "b"}}, headers=headers)


def executions():
    id = made(TEXT)
    run(id)
    expect(200, "POST", f"/api/v1/workflows/{id}/run?wait=30", {"inputs": {"t": "z"}})
    started = expect(202, "POST", f"/api/v1/workflows/{id}/run", {}).json["data"]["executionId"]
    for path in ["poll", "poll?fields=status", "poll?wait=30", "events"]:
        answer = expect(200, "GET", f"/api/v1/workflows/executions/{started}/{path}")
    state = expect(200, "GET", f"/api/v1/workflows/executions/{started}/poll")
    expect(304, "GET", f"/api/v1/workflows/executions/{started}/poll", headers={"If-None-Match": state.headers["etag"]})
    expect(200, "GET", f"/api/v1/workflows/executions/{started}?include=graph,logs")
    expect(200, "GET", f"/api/v1/workflows/{id}/executions?include=nodes")
    expect(200, "GET", "/api/v1/executions?limit=2")
    expect(200, "GET", f"/api/v1/executions/{started}/nodes/o/items?include=attempts")
    for verb in ["cancel", "pause", "resume"]:
        expect(409, "POST", f"/api/v1/workflows/executions/{started}/{verb}", {})
    expect(201, "POST", f"/api/v1/workflows/executions/{started}/retry", {"from": "start"})
    expect(200, "POST", f"/api/v1/workflows/executions/{started}/retry?dryRun=true", {"from": "start"})
    expect(200, "POST", f"/api/v1/workflows/executions/{started}/retry?wait=30", {"from": "start"})
    gone = made(TEXT)
    orphan = run(gone)["executionId"]
    expect(204, "DELETE", f"/api/v1/workflows/{gone}")
    expect(404, "POST", f"/api/v1/workflows/executions/{orphan}/retry", {"version": "draft"})
    draft = run(id)["executionId"]
    expect(200, "PUT", f"/api/v1/workflows/{id}?strict=false", {**graph(("t", "none:such", {}))})
    expect(422, "POST", f"/api/v1/workflows/executions/{draft}/retry", {"version": "draft"})


def waiting():
    execution = waits(made(EVENT))
    expect(409, "POST", f"/api/v1/workflows/executions/{execution}/resume", {"nodeId": "t", "data": 1})
    expect(409, "POST", f"/api/v1/workflows/executions/{execution}/retry", {})
    for verb, status in [("pause", 202), ("resume", 202), ("cancel", 202)]:
        expect(status, "POST", f"/api/v1/workflows/executions/{execution}/{verb}", {})


def approvals():
    for verb in ["approve", "reject"]:
        path = f"/api/v1/approvals/{asked()}"
        for page in [path, f"{path}/approve", f"{path}/reject"]:
            expect(200, "GET", page)
            expect(200, "GET", page, headers={"Accept": "text/html"})
        expect(401, "GET", f"{path}?token=wrong", key=None)
        expect(200, "POST", f"{path}/{verb}", {"comment": "yes"})
        expect(409, "POST", f"{path}/{verb}", {})


def batches():
    id = made(TEXT)
    started = expect(201, "POST", f"/api/v1/workflows/{id}/execute", {"iteratorConfigs": [{"nodeId": "t", "items": ["a", "b", "c"]}]})
    execution = started.json["executionId"]
    while ask("GET", f"/api/v1/workflows/executions/{execution}/poll?wait=30").json["status"] == "RUNNING":
        pass
    expect(200, "GET", f"/api/v1/workflows/executions/{execution}/poll")
    expect(200, "GET", f"/api/v1/workflows/executions/{execution}")
    expect(200, "GET", f"/api/v1/batches/{started.json['batchId']}?limit=2")
    expect(200, "GET", f"/api/v1/workflows/{id}/executions?include=nodes")


def dead_letters():
    fails = graph(("e", "utility:expression", {"expression": "1 / 0"}))
    for _ in range(2):
        execution = run(made(fails))
        if execution["status"] != "FAILED":
            problems.append(f"a run that should fail: {execution}")
    letters = expect(200, "GET", "/api/v1/dead-letters?status=open").json["data"]
    first, second = (letter["id"] for letter in letters[:2])
    expect(404, "POST", f"/api/v1/dead-letters/{first}/retry".replace(first, "dlq_unknown"), {})
    expect(200, "PUT", f"/api/v1/workflows/{letters[0]['workflowId']}?strict=false", graph(("t", "none:such", {})))
    expect(422, "POST", f"/api/v1/dead-letters/{first}/retry", {"version": "draft"})
    expect(202, "POST", f"/api/v1/dead-letters/{first}/retry", {})
    expect(409, "DELETE", f"/api/v1/dead-letters/{first}")
    expect(204, "DELETE", f"/api/v1/dead-letters/{second}")
    expect(409, "POST", f"/api/v1/dead-letters/{second}/retry", {})


def media():
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n'
    item = expect(201, "POST", "/api/v1/media/upload", body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    expect(200, "GET", f"/api/v1/media/{item.json['data']['id']}")
    expect(413, "POST", "/api/v1/media/upload", b"x" * (3 << 20), headers={"Content-Type": "application/octet-stream"})
    path = item.json["data"]["url"].split("/", 3)[3]
    expect(416, "GET", f"/{path}", headers={"Range": "bytes=100-200"})


def keys():
    made = expect(201, "POST", "/api/v1/api-keys", {"name": "k", "scopes": ["*"], "expiresAt": "2999-01-01T00:00:00.000Z"}).json
    expect(200, "GET", "/api/v1/api-keys")
    expect(204, "DELETE", f"/api/v1/api-keys/{made['id']}")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    short = expect(201, "POST", "/api/v1/api-keys", {"name": "short", "expiresAt": soon}).json["key"]
    while (answer := send("GET", "/api/v1/workflows", key=short)).status == 200:
        time.sleep(0.1)
    if answer.code != "api_key_expired":
        problems.append(f"an expired key: {answer.body}")


def words():
    """The codes that only differ from others of the same status."""
    path = f"/api/v1/workflows/{things.workflow}"
    deep = b"[" * 70 + b"]" * 70
    for code, method, target, body, headers in [
        ("invalid_json", "POST", "/api/v1/workflows", b"{", {}),
        ("json_too_deep", "POST", "/api/v1/workflows", b'{"x": %s}' % deep, {}),
        ("missing_fields", "POST", "/api/v1/workflows", {"name": "x"}, {}),
        ("no_nodes", "POST", "/api/v1/workflows", {"name": "x", "nodes": [], "edges": []}, {}),
        ("node_id_missing", "POST", "/api/v1/workflows", {"name": "x", "nodes": [{}], "edges": []}, {}),
        ("invalid_field", "POST", f"{path}/execute", {"input": {}}, {}),
        ("invalid_input", "POST", f"{path}/execute", {"inputs": {"nobody": 1}}, {}),
        ("invalid_cursor", "GET", "/api/v1/executions?cursor=x", None, {}),
        ("invalid_filter", "GET", "/api/v1/workflows?isActive=x", None, {}),
        ("invalid_idempotency_key", "POST", f"{path}/execute", {}, {"Idempotency-Key": '""'}),
        ("unsupported_import", "POST", "/api/v1/workflows/import", {"what": "is this"}, {}),
    ]:
        answer = ask(method, target, body, headers=headers)
        if answer.code != code:
            problems.append(f"{method} {target}: {answer.code} and not {code}")


def lost():
    """What is damaged or gone on the disk: the server cannot give it, and says so."""
    data = os.environ.get("MILLRACE_DATA")
    if not data:
        return
    item = ask("POST", "/api/v1/media/upload", b"kept", headers={"Content-Type": "text/plain"}).json["data"]
    takes = graph(("f", "input:file", {}), ("e", "utility:expression", {"expression": "1 / 0"}), edges=[])
    id = made(takes)
    execution = run(id, {"inputs": {"f": item["url"]}})["executionId"]
    letter = expect(200, "GET", f"/api/v1/dead-letters?executionId={execution}").json["data"][0]["id"]
    shutil.rmtree(f"{data}/media")
    expect(410, "POST", f"/api/v1/workflows/executions/{execution}/retry", {})
    expect(410, "POST", f"/api/v1/dead-letters/{letter}/retry", {})
    # A file where a folder should be.
    with open(f"{data}/media", "w"):
        answer = send("POST", "/api/v1/media/upload", b"other", headers={"Content-Type": "text/plain"})
    if answer.code != "internal_error":
        problems.append(f"an upload to a damaged disk: {answer.status} {answer.body[:200]}")


def server():
    for path in ["/healthz", "/readyz", "/api/v1/openapi.json"]:
        expect(200, "GET", path, key=None)
    expect(404, "GET", "/api/v1/none")
    expect(405, "DELETE", "/api/v1/workflows")


# MARK: What the HTTP server refuses by itself


def raw(text, status):
    connection = socket.create_connection((URL.hostname, URL.port), timeout=60)
    try:
        connection.sendall(text)
        head = b""
        while b"\r\n\r\n" not in head and (piece := connection.recv(65536)):
            head += piece
        while (piece := connection.recv(65536)) and not head.endswith(b"}"):
            head += piece
    except (ConnectionResetError, TimeoutError, BrokenPipeError):
        pass
    finally:
        connection.close()
    words = head.split(b" ", 2)
    found = int(words[1]) if len(words) > 2 else 0
    answer = api.Answer(found, {}, head.partition(b"\r\n\r\n")[2])
    api.note("RAW", "/", answer)
    if found != status:
        problems.append(f"{text[:60]!r}: {found} and not {status}")


def refusals():
    host = b"Host: x\r\n"
    raw(b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n" + host + b"\r\n", 414)
    raw(b"GET /healthz HTTP/1.1\r\n" + host + b"X: " + b"x" * 200_000 + b"\r\n\r\n", 431)
    raw(b"GET /healthz HTTP/2.0\r\n" + host + b"\r\n", 505)
    raw(b"POST /healthz HTTP/1.1\r\n" + host + b"Transfer-Encoding: gzip\r\n\r\n", 501)
    raw(b"POST /healthz HTTP/1.1\r\n" + host + b"Expect: magic\r\nContent-Length: 1\r\n\r\nx", 417)
    raw(b"GET /healthz HTTP/1.1\r\n\r\n", 400)
    raw(b"GET /healthz HTTP/1.1\r\n", 408)


set_up()
things = Things("shapes")
if record := os.environ.get("MILLRACE_ANSWERS"):
    with open(f"{record}.json", "w") as file:
        json.dump(contract.document, file)
STEPS = [shapes, server, words, workflows, executions, waiting, approvals, batches, dead_letters, media, keys]
for step in [*STEPS, *rooms.STEPS, refusals, lost]:
    try:
        step()
    except Exception as error:
        problems.append(f"{step.__name__}: {type(error).__name__}: {error}")
for problem in itertools.islice(dict.fromkeys(problems), 100):
    print(problem)
