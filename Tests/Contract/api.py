"""A plain client of the server under test, which checks each answer against the OpenAPI document.

The address and the key come in MILLRACE_URL and MILLRACE_KEY; with MILLRACE_ANSWERS each answer is noted there.
"""
import copy
import http.client
import json
import os
import re
import urllib.parse

import jsonschema

URL = urllib.parse.urlsplit(os.environ["MILLRACE_URL"])
KEY = os.environ["MILLRACE_KEY"]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        try:
            error = self.json
        except ValueError:
            return None
        return error.get("code") or (error.get("error") or {}).get("code") if isinstance(error, dict) else None


def note(method, path, answer):
    if record := os.environ.get("MILLRACE_ANSWERS"):
        with open(record, "a") as file:
            file.write(f"{method} {path.split('?')[0]} {answer.status} {answer.code if answer.status >= 400 else '-'}\n")


def send(method, path, body=None, headers=None, key=KEY, timeout=30):
    """Sends a request; a body that is no bytes goes as JSON. Of a stream without an end the first line is read."""
    fields = {"Authorization": f"Bearer {key}"} if key else {}
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None:
        fields["Content-Type"] = "application/json"
    fields |= headers or {}
    connection = http.client.HTTPConnection(URL.hostname, URL.port, timeout=timeout)
    try:
        try:
            connection.request(method, path, body, {name: value for name, value in fields.items() if value is not None})
        except (BrokenPipeError, ConnectionResetError):
            pass  # A refusal may come before the whole body was sent.
        response = connection.getresponse()
        endless = response.status == 200 and re.search(r"/workflows/wf_[^/]*/events$", path.split("?")[0])
        text = response.readline() if endless else response.read()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, text)
    finally:
        connection.close()
    note(method, path, answer)
    return answer


class Contract:
    """The document of the server, with schemas that refuse what they do not mention."""

    def __init__(self):
        self.document = send("GET", "/api/v1/openapi.json").json
        closed = copy.deepcopy(self.document["components"])
        close(closed["schemas"], parts(closed["schemas"]))
        self.components = closed
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        }
        self.patterns = [
            (method, re.compile("^" + re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)) + "$"), operation)
            for method, path, operation in self.operations.values()
        ]
        # A fixed segment wins over a parameter.
        self.patterns.sort(key=lambda row: row[1].pattern.count("[^/]+"))

    def operation(self, method, path):
        path = path.split("?")[0]
        return next((o for m, pattern, o in self.patterns if m == method and pattern.match(path)), None)

    def problems(self, method, path, answer):
        """What of an answer the document does not say."""
        operation = self.operation(method, path)
        if operation is None:
            return []
        place = f"{method} {path.split('?')[0]} {answer.status}"
        response = operation["responses"].get(str(answer.status))
        if response is None:
            return [f"{place}: the status is not documented: {answer.body[:300]}"]
        contents = response.get("content", {})
        if not contents:
            return [f"{place}: has a body"] if answer.body else []
        kind = answer.headers.get("content-type", "").split(";")[0]
        if kind not in contents:
            return [f"{place}: {kind} is not documented"]
        if kind != "application/json":
            return []
        schema = copy.deepcopy(contents[kind]["schema"])
        schema["components"] = self.components
        validator = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
        return [describe(place, error) for error in list(validator.iter_errors(answer.json))[:3]]

    def check(self, method, path, *arguments, **options):
        """Sends a request and fails when the answer is not as documented."""
        answer = send(method, path, *arguments, **options)
        if problems := self.problems(method, path, answer):
            raise AssertionError("\n".join(problems))
        return answer


FORMATS = jsonschema.FormatChecker()


def describe(place, error):
    best = jsonschema.exceptions.best_match([error])
    where = "/".join(str(part) for part in best.absolute_path)
    return f"{place}: {where}: {best.message[:400]}"


def parts(schemas):
    """The components that are part of others by `allOf`, and are open for that reason."""
    found = set()

    def walk(schema):
        if isinstance(schema, dict):
            found.update(part["$ref"].split("/")[-1] for part in schema.get("allOf", []) if "$ref" in part)
            for value in schema.values():
                walk(value)
        elif isinstance(schema, list):
            for value in schema:
                walk(value)

    walk(schemas)
    return found


def close(schema, open):
    """Refuses members that a schema does not mention, unless it says that there may be others."""
    if isinstance(schema, dict):
        if "allOf" in schema:
            schema["unevaluatedProperties"] = False
            return
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        for name, value in schema.items():
            if name not in open:
                close(value, open)
    elif isinstance(schema, list):
        for value in schema:
            close(value, open)
