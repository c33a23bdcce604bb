"""One thing of each kind, so that what is wrong with a request is not that there is nothing of that name."""
import re
import time

from expect import TEXT, expect, graph, made, published, run

APPROVAL = graph(("a", "logic:approval", {"title": "Good?"}))
EVENT = graph(("t", "input:text", {"text": "x"}), ("w", "logic:wait_event", {}))
# Where nothing listens.
NOWHERE = "https://callbacks.invalid/hook"
PASSWORD = "correct horse battery"


def waits(id):
    """Starts a workflow that comes to wait, and gives the execution once it does."""
    execution = expect(201, "POST", f"/api/v1/workflows/{id}/execute", {}).json["executionId"]
    for _ in range(600):
        poll = expect(200, "GET", f"/api/v1/workflows/executions/{execution}/poll").json
        if poll["phase"] in ("waiting", "paused"):
            return execution
        time.sleep(0.05)
    raise AssertionError(f"{execution} does not wait: {poll}")


def asked():
    """The approval that a run waits for."""
    execution = waits(made(APPROVAL))
    return expect(200, "GET", f"/api/v1/approvals?executionId={execution}").json["data"][0]["id"]


def uploaded(text):
    item = expect(201, "POST", "/api/v1/media/upload", text, headers={"Content-Type": "text/plain"}).json["data"]
    return item["id"]


def joined(email, role="viewer"):
    """Somebody who has been invited: what a browser then sends, and who it is."""
    invitation = expect(201, "POST", "/api/v1/account/invitations", {"email": email, "role": role}).json
    body = {"token": invitation["url"].split("token=")[1], "name": "Ada", "password": PASSWORD}
    answer = expect(201, "POST", "/api/v1/account/invitations/accept", body, key=None)
    cookie = answer.headers["set-cookie"].split(";")[0]
    return {"Cookie": cookie, "X-CSRF-Token": answer.json["csrfToken"]}, answer.json["person"]["id"]


def hook(**settings):
    """The address of a webhook."""
    id = published(TEXT)
    body = {"allowedMethods": ["POST", "PUT"], **settings}
    return expect(200, "PUT", f"/api/v1/workflows/{id}/webhook", body).json["webhookId"]


class Things:
    def __init__(self, name):
        def make(path, body, status=201, name="id"):
            return expect(status, "POST", f"/api/v1/{path}", body).json[name]

        self.workflow = published(TEXT)
        self.finished = run(self.workflow)["executionId"]
        self.session, member = joined(f"{name}@example.com", "owner")
        schedule = make("schedules", {"workflowId": self.workflow, "name": name, "cron": "@daily"})
        span = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-03T00:00:00Z"}
        items = [{"nodeId": "t", "items": ["a", "b"]}]
        callback = make("callbacks", {"url": NOWHERE, "events": ["*"]})
        expect(201, "PUT", f"/api/v1/workflows/{self.workflow}/app", {"slug": name})
        expect(200, "PUT", f"/api/v1/workflows/{self.workflow}/webhook", {})
        expect(200, "PUT", "/api/v1/secrets/SHAPE", {"value": "x", "hosts": ["a.example"]})
        expect(200, "PUT", "/api/v1/vars/SHAPE", {"value": 1})
        self.known = {
            "workflows": self.workflow,
            "executions": self.finished,
            "batches": make(f"workflows/{self.workflow}/execute", {"iteratorConfigs": items}, 201, "batchId"),
            "nodes": "t",
            "versions": "1",
            "approvals": asked(),
            "media": uploaded(name.encode()),
            "api-keys": make("api-keys", {"name": name}),
            "budgets": make("budgets", {"scope": "customer", "target": "shape", "unit": "usd", "limit": 9}),
            "alerts": make("alerts", {"metric": "runs", "op": ">", "threshold": 1e9}),
            "callbacks": callback,
            "deliveries": make(f"callbacks/{callback}/test", {}, 202, "deliveryId"),
            "credentials": make("credentials", {"provider": "fal", "name": name, "fields": {"key": "x"}}),
            "deployments": make("deployments", {"workflows": [{**TEXT, "name": name}]}),
            "invitations": make("account/invitations", {"email": f"later-{name}@example.com", "role": "viewer"}),
            "members": member,
            "schedules": schedule,
            "backfills": make(f"schedules/{schedule}/backfill", span, 202),
            "templates": expect(200, "GET", "/api/v1/templates?limit=1").json["data"][0]["id"],
            "apps": name,
            "secrets": "SHAPE",
            "vars": "SHAPE",
            "workflow": hook(),
        }

    def path(self, path):
        """A path of the document, of things that are there."""
        types = path.replace("/nodes/{type}", "/nodes/input:text")
        return re.sub(r"([a-z-]+)/\{[^}]*\}", lambda part: f"{part[1]}/{self.known.get(part[1], 'none')}", types)

    def missing(self, path):
        """The same path, of things that are not there."""
        return re.sub(r"\{[^}]*\}", "none", path.replace("/nodes/{type}", "/nodes/none:such"))
