"""What the scripts of this folder ask, and what they say when the answer is another one."""
import api
from api import send

contract = api.Contract()
problems = []


def ask(method, path, *arguments, **options):
    answer = send(method, path, *arguments, **options)
    problems.extend(contract.problems(method, path, answer))
    return answer


def expect(status, method, path, *arguments, **options):
    answer = ask(method, path, *arguments, **options)
    if answer.status != status:
        problems.append(f"{method} {path}: {answer.status} and not {status}: {answer.body[:300]}")
    return answer


def coded(code, status, method, path, *arguments, **options):
    """An error of that code."""
    answer = expect(status, method, path, *arguments, **options)
    if answer.code != code:
        problems.append(f"{method} {path}: {answer.code} and not {code}: {answer.body[:300]}")
    return answer


def key(*scopes):
    return expect(201, "POST", "/api/v1/api-keys", {"name": "narrow", "scopes": list(scopes)}).json["key"]


def graph(*nodes, edges=()):
    return {
        "name": "contract",
        "nodes": [{"id": id, "data": {"nodeType": type, "config": config}} for id, type, config in nodes],
        "edges": [
            {"id": f"{a}>{b}", "source": a, "target": b, "sourceHandle": f"out-{p}", "targetHandle": f"in-{q}"}
            for a, p, b, q in edges
        ],
    }


TEXT = graph(("t", "input:text", {"text": "x"}), ("o", "output:text", {}), edges=[("t", "text", "o", "text")])


def made(body):
    return expect(201, "POST", "/api/v1/workflows", body).json["id"]


def published(body):
    """A workflow whose first version is published."""
    id = made(body)
    expect(200, "POST", f"/api/v1/workflows/{id}/publish", {})
    return id


def run(id, body=None, wait=30):
    return expect(200, "POST", f"/api/v1/workflows/{id}/execute?wait={wait}", body or {}).json
