"""What versions, apps, money, people, the vault, triggers and alerts answer: that all goes well, and what is their own."""
import concurrent.futures

from expect import TEXT, ask, coded, contract, expect, graph, key, made, published
from things import NOWHERE, PASSWORD, Things, hook, joined, uploaded

BROKEN = graph(("t", "none:such", {}))
FOREIGN = "wf_00000000000000000000000000"
STALE = {"baseUpdatedAt": "2020-01-01T00:00:00.000Z"}


def reads():
    """Everything that is there can be read."""
    things = Things("reads")
    for method, path, _ in contract.operations.values():
        if method == "GET" and path not in ("/api/v1/auth/session", "/readyz", "/metrics"):
            query = "?from=1&to=draft" if path.endswith("/diff") else ""
            expect(200, "GET", things.path(path) + query)
    expect(200, "GET", "/metrics", key=None)
    session = {"Cookie": things.session["Cookie"]}
    expect(200, "GET", "/api/v1/auth/session", key=None, headers=session)
    for window in ["1h", "24h", "7d", "30d"]:
        for room in ["summary", "nodes", "series"]:
            ask("GET", f"/api/v1/metrics/{room}?window={window}")


def versions():
    id = made(TEXT)
    path = f"/api/v1/workflows/{id}"
    expect(201, "POST", f"{path}/versions", {"message": "one", "tag": "one"})
    coded("name_taken", 409, "POST", f"{path}/versions", {"tag": "one"})
    expect(200, "PATCH", f"{path}/nodes/t", {"config": {"text": "y"}})
    expect(201, "POST", f"{path}/versions", {"message": "two"})
    expect(200, "GET", f"{path}/versions/diff?from=1&to=2")
    expect(200, "GET", f"{path}/versions/one")
    for verb in ["versions/1/restore", "publish", "unpublish"]:
        expect(200, "POST", f"{path}/{verb}", {})
        coded("stale_write", 409, "POST", f"{path}/{verb}", STALE)
        coded("precondition_failed", 412, "POST", f"{path}/{verb}", {}, headers={"If-Match": '"old"'})
    coded("stale_write", 409, "POST", f"{path}/versions", STALE)
    expect(412, "POST", f"{path}/versions", {}, headers={"If-Match": '"old"'})
    expect(404, "GET", f"{path}/versions/published")
    bad = expect(201, "POST", "/api/v1/workflows?strict=false", BROKEN).json["id"]
    expect(422, "POST", f"/api/v1/workflows/{bad}/publish", {})
    expect(412, "DELETE", f"/api/v1/workflows/{bad}", headers={"If-Match": '"old"'})
    expect(409, "DELETE", f"/api/v1/workflows/{bad}?baseUpdatedAt=2020-01-01T00:00:00.000Z")
    expect(422, "POST", f"/api/v1/workflows/{bad}/estimate", {})
    expect(200, "POST", f"{path}/estimate", {})


def templates():
    for template in expect(200, "GET", "/api/v1/templates?limit=100").json["data"]:
        expect(200, "GET", f"/api/v1/templates/{template['id']}")
    expect(201, "POST", f"/api/v1/templates/{template['id']}/clone", {"name": "mine"})
    expect(200, "GET", "/api/v1/models?limit=100")


def apps():
    id = published(TEXT)
    path = f"/api/v1/workflows/{id}/app"
    expect(201, "PUT", path, {"slug": "rooms"})
    expect(200, "PUT", path, {"slug": "rooms", "name": "Rooms", "access": "public", "limits": {"runsPerDay": 3}})
    coded("name_taken", 409, "PUT", f"/api/v1/workflows/{made(TEXT)}/app", {"slug": "rooms"})
    expect(202, "POST", "/api/v1/apps/rooms/run", {"inputs": {"t": "a"}, "customer": "c"})
    expect(200, "POST", "/api/v1/apps/rooms/run?wait=30", {})
    expect(204, "DELETE", path)
    expect(404, "DELETE", path)


def deployments():
    flow = {**TEXT, "name": "deployed"}
    expect(200, "POST", "/api/v1/deployments", {"workflows": [flow], "dryRun": True})
    made = expect(201, "POST", "/api/v1/deployments", {"workflows": [flow], "message": "one"}).json
    expect(404, "POST", "/api/v1/deployments", {"workflows": [{**flow, "id": FOREIGN}]})
    expect(422, "POST", "/api/v1/deployments", {"workflows": [{**BROKEN, "name": "broken"}]})
    expect(200, "POST", f"/api/v1/deployments/{made['id']}/rollback")
    expect(409, "POST", f"/api/v1/deployments/{made['id']}/rollback")


def money():
    made = expect(201, "POST", "/api/v1/budgets", {"scope": "customer", "target": "c", "unit": "tokens", "limit": 5})
    path = f"/api/v1/budgets/{made.json['id']}"
    coded("invalid_json", 400, "PATCH", path)
    expect(200, "PATCH", path, {"name": "n", "limit": 6.5, "hard": False})
    expect(204, "DELETE", path)


def people():
    ada, member = joined("ada@example.com")
    path = "/api/v1/account"
    expect(200, "PATCH", path, {"name": "Contract"})
    expect(200, "PATCH", f"{path}/members/{member}", {"role": "editor"})
    expect(404, "PATCH", f"{path}/members/per_00000000000000000000000000", {"role": "editor"})
    coded("already_member", 409, "POST", f"{path}/invitations", {"email": "ada@example.com", "role": "viewer"})
    link = expect(201, "POST", f"{path}/invitations", {"email": "eve@example.com", "role": "viewer"}).json["id"]
    expect(204, "DELETE", f"{path}/invitations/{link}")
    members = expect(200, "GET", f"{path}/members?limit=100").json["data"]
    *others, owner = (f"{path}/members/{row['id']}" for row in members if row["role"] == "owner")
    coded("insufficient_scope", 403, "DELETE", owner, key=None, headers=ada)
    for other in others:
        expect(200, "PATCH", other, {"role": "admin"})
    coded("last_owner", 409, "PATCH", owner, {"role": "viewer"})
    coded("last_owner", 409, "DELETE", owner)
    acceptance = {"token": "nobody's", "name": "Ada", "password": PASSWORD}
    coded("invalid_access_token", 401, "POST", f"{path}/invitations/accept", acceptance, key=None)
    reset = {"token": "nobody's", "password": PASSWORD}
    coded("invalid_access_token", 401, "POST", "/api/v1/auth/password-reset", reset, key=None)
    change = {"currentPassword": PASSWORD, "newPassword": "another long one"}
    coded("invalid_csrf_token", 403, "PUT", "/api/v1/auth/password", change, key=None, headers={"Cookie": ada["Cookie"]})
    expect(204, "PUT", "/api/v1/auth/password", change, key=None, headers=ada)
    session = {"email": "ada@example.com", "password": "another long one"}
    expect(200, "POST", "/api/v1/auth/sign-in", session, key=None)
    expect(204, "POST", "/api/v1/auth/sign-out", key=None, headers=ada)
    for _ in range(20):
        wrong = ask("POST", "/api/v1/auth/sign-in", {**session, "password": "wrong"}, key=None)
    if wrong.code != "sign_in_locked":
        expect(429, "POST", "/api/v1/auth/sign-in", session, key=None)
    expect(204, "DELETE", f"{path}/members/{member}")
    # What somebody without a scope may not give.
    coded("insufficient_scope", 403, "POST", "/api/v1/api-keys", {"name": "n", "scopes": ["*"]}, key=key("keys:admin"))
    id = expect(201, "POST", "/api/v1/api-keys", {"name": "n", "test": True}).json["id"]
    expect(200, "POST", f"/api/v1/api-keys/{id}/rotate", {"graceMs": 1000})


def vault():
    body = {"value": "x", "hosts": ["a.example"]}
    expect(200, "PUT", "/api/v1/secrets/ROOMS", body)
    expect(200, "PUT", "/api/v1/vars/rooms", {"value": {"a": [1]}})
    for path in ["/api/v1/secrets/ROOMS", "/api/v1/vars/rooms"]:
        expect(200, "GET", path)
        expect(204, "DELETE", path)
    fields = {"provider": "fal", "fields": {"key": "x"}}
    one = expect(201, "POST", "/api/v1/credentials", {**fields, "name": "one"}).json["id"]
    expect(201, "POST", "/api/v1/credentials", {**fields, "name": "two", "environment": "test"})
    coded("name_taken", 409, "POST", "/api/v1/credentials", {**fields, "name": "two"})
    coded("name_taken", 409, "PATCH", f"/api/v1/credentials/{one}", {"name": "two"})
    expect(200, "PATCH", f"/api/v1/credentials/{one}", {"isDefault": True, "rotateAt": "2999-01-01T00:00:00Z"})
    expect(200, "POST", f"/api/v1/credentials/{one}/test", timeout=60)
    expect(204, "DELETE", f"/api/v1/credentials/{one}")


def library():
    item = uploaded(b"library")
    expect(200, "GET", "/api/v1/media?q=a&limit=1")
    address = expect(200, "GET", "/api/v1/media?limit=1").json["data"][0]["url"]
    taken = graph(("f", "input:file", {}))
    expect(200, "POST", f"/api/v1/workflows/{made(taken)}/execute?wait=30", {"inputs": {"f": address}})
    coded("media_in_use", 409, "DELETE", f"/api/v1/media/{item}")
    expect(204, "DELETE", f"/api/v1/media/{uploaded(b'nobody needs it')}")


def webhooks():
    def path(**settings):
        return f"/api/v1/workflow/{hook(**settings)}/trigger"

    plain, waiting, small = path(), path(responseMode="sync"), path(maxPerMinute=1)
    closed, away, signed = path(enabled=False), path(ipAllow=["192.0.2.0/24"]), path(secret="auto")
    gets = path(allowedMethods=["PUT"])
    for method in ["POST", "PUT"]:
        expect(202, method, plain, {"a": 1}, key=None)
        expect(202, method, plain, b"a=1", key=None, headers={"Content-Type": "application/x-www-form-urlencoded"})
        expect(200, method, waiting, {}, key=None)
        expect(415, method, plain, b"<p>", key=None, headers={"Content-Type": "application/xml"})
        expect(413, method, plain, b"x" * (9 << 20), key=None)
        coded("forbidden", 403, method, away, {}, key=None)
        coded("invalid_webhook_signature", 401, method, signed, {}, key=None)
        coded("webhook_disabled", 403, method, closed, {}, key=None)
        name = {"Idempotency-Key": f"named-{method}"}
        expect(202, method, plain, {"a": 1}, key=None, headers=name)
        coded("idempotency_key_reused", 422, method, plain, {"a": 2}, key=None, headers=name)
        ask(method, small, {}, key=None)
        coded("rate_limited", 429, method, small, {}, key=None)
    coded("method_not_allowed", 405, "POST", gets, {}, key=None)
    coded("method_not_allowed", 405, "PUT", path(allowedMethods=["POST"]), {}, key=None)
    expect(200, "GET", plain, key=None)
    expect(204, "OPTIONS", plain, key=None)
    id = published(TEXT)
    for method, room, status in [("PUT", "", 200), ("GET", "", 200), ("POST", "/rotate", 200), ("DELETE", "", 204)]:
        body = {"secret": "auto"} if method == "PUT" else {} if method == "POST" else None
        expect(status, method, f"/api/v1/workflows/{id}/webhook{room}", body)
    expect(404, "DELETE", f"/api/v1/workflows/{id}/webhook")


def schedules():
    id = published(TEXT)
    body = {"workflowId": id, "name": "rooms", "cron": "@daily", "timezone": "Europe/Berlin"}
    path = f"/api/v1/schedules/{expect(201, 'POST', '/api/v1/schedules', body).json['id']}"
    coded("name_taken", 409, "POST", "/api/v1/schedules", body)
    expect(404, "POST", "/api/v1/schedules", {**body, "workflowId": FOREIGN})
    expect(201, "POST", "/api/v1/schedules", {"workflowId": id, "name": "other", "everyMs": 3_600_000})
    coded("name_taken", 409, "PATCH", path, {"name": "other"})
    expect(404, "PATCH", path, {"workflowId": FOREIGN})
    expect(200, "PATCH", path, {"overlap": "queue"})
    expect(200, "POST", "/api/v1/schedules/preview", {"cron": "0 3 * * *", "count": 3})
    expect(200, "GET", f"{path}?preview=3")
    expect(202, "POST", f"{path}/trigger", {})
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
    expect(404, "POST", "/api/v1/schedules/sch_00000000000000000000000000/backfill", span)
    backfill = expect(202, "POST", f"{path}/backfill", span).json["id"]
    expect(200, "POST", f"/api/v1/backfills/{backfill}/cancel", {})
    expect(200, "GET", f"{path}/backfills")
    for verb in ["pause", "resume"]:
        expect(200, "POST", f"{path}/{verb}", {})
    expect(204, "DELETE", path)


def callbacks():
    body = {"url": NOWHERE, "events": ["execution.completed"], "secret": "a secret of enough letters"}
    expect(404, "POST", "/api/v1/callbacks", {**body, "workflowId": FOREIGN})
    path = f"/api/v1/callbacks/{expect(201, 'POST', '/api/v1/callbacks', body).json['id']}"
    expect(200, "PATCH", path, {"events": ["*"]})
    delivery = expect(202, "POST", f"{path}/test", {}).json["deliveryId"]
    expect(200, "GET", f"{path}/deliveries")
    expect(202, "POST", f"/api/v1/deliveries/{delivery}/redeliver", {})
    expect(204, "DELETE", path)


def alerts():
    body = {"metric": "runs", "op": ">", "threshold": 1000}
    expect(404, "POST", "/api/v1/alerts", {**body, "workflowId": FOREIGN})
    path = f"/api/v1/alerts/{expect(201, 'POST', '/api/v1/alerts', body).json['id']}"
    expect(200, "PATCH", path, {"threshold": 2})
    expect(404, "PATCH", path, {"workflowId": FOREIGN})
    expect(200, "GET", "/api/v1/alerts/firings")
    expect(204, "DELETE", path)


def at_once():
    """What only those meet who change the same thing at the same time."""
    alert = expect(201, "POST", "/api/v1/alerts", {"metric": "runs", "op": ">", "threshold": 1}).json["id"]
    body = {"workflowId": published(TEXT), "name": "at once", "cron": "@daily"}
    schedule = expect(201, "POST", "/api/v1/schedules", body).json["id"]
    for method, path, bodies in [
        ("PATCH", f"/api/v1/alerts/{alert}", [{"threshold": 1}, {"threshold": 2}]),
        ("POST", f"/api/v1/schedules/{schedule}/pause", [{}]),
        ("POST", f"/api/v1/schedules/{schedule}/resume", [{}]),
    ]:
        requests = [(method, path, body) for body in bodies] * (128 // len(bodies))
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            for _ in range(50):
                if any(answer.status == 409 for answer in pool.map(lambda request: ask(*request), requests)):
                    break


STEPS = [
    reads, versions, templates, apps, deployments, money, people, vault, library, webhooks, schedules, callbacks,
    alerts, at_once,
]
