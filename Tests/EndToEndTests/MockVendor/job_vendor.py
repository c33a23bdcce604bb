#!/usr/bin/env python3
"""A vendor of jobs that counts what it accepts, and outlives every server. Standard library only.

usage: job_vendor.py [PORT]      prints "listening PORT"

Four families, by the first part of the path, which differ in how the truth about a lost answer can be found:
  /key   a call with an Idempotency-Key that was seen before gives the first job again
  /look  a job carries the caller's reference: GET /look/find?ref=R gives it, or 404
  /back  a job carries a callback address, which is called when it is done, again and again until it answers
  /none  nothing of the kind
POST /F/jobs {"prompt", "ref"?, "callback"?} -> 201 {"id", "status"}; GET /F/jobs/ID -> {"id", "status", "text"}
The job is accepted at a random moment between the arrival of the request and its answer.
GET /accepted gives the number of accepted jobs by family and prompt.
"""
import json, random, sys, threading, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.Lock()
JOBS, KEYS, REFS, ACCEPTED = {}, {}, {}, {}


def make(family, body, key):
    """Accepts a job, unless it is known by its key."""
    with LOCK:
        if family == "key" and key in KEYS:
            return KEYS[key]
        job = {"id": "%s-%d" % (family, len(JOBS) + 1), "text": "<%s>" % body.get("prompt"),
               "done": time.monotonic() + random.uniform(0.02, 0.25)}
        JOBS[job["id"]] = job
        counts = ACCEPTED.setdefault(family, {})
        counts[body.get("prompt")] = counts.get(body.get("prompt"), 0) + 1
        if key:
            KEYS[key] = job
        if body.get("ref"):
            REFS[body["ref"]] = job
    if family == "back" and body.get("callback"):
        threading.Thread(target=call_back, args=(job, body["callback"]), daemon=True).start()
    return job


def call_back(job, url):
    time.sleep(max(0.0, job["done"] - time.monotonic()))
    for _ in range(120):
        try:
            data = json.dumps({"id": job["id"], "status": "done", "text": job["text"]}).encode()
            request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=5):
                return
        except OSError:
            time.sleep(0.25)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, status=200):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def view(self, job):
        isDone = time.monotonic() >= job["done"]
        return {"id": job["id"], "status": "done" if isDone else "running", "text": job["text"] if isDone else None}

    def do_GET(self):
        path, _, query = self.path.partition("?")
        parts = path.strip("/").split("/")
        if path == "/accepted":
            with LOCK:
                return self.answer(ACCEPTED)
        if len(parts) == 2 and parts[1] == "find":
            with LOCK:
                job = REFS.get(query.partition("=")[2])
            return self.answer(self.view(job)) if job else self.answer({"error": "no such job"}, 404)
        if len(parts) == 3 and parts[1] == "jobs":
            with LOCK:
                job = JOBS.get(parts[2])
            return self.answer(self.view(job)) if job else self.answer({"error": "no such job"}, 404)
        self.answer({"error": "no such path"}, 404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        parts = self.path.strip("/").split("/")
        if len(parts) != 2 or parts[1] != "jobs":
            return self.answer({"error": "no such path"}, 404)
        time.sleep(random.uniform(0, 0.03))
        job = make(parts[0], body, self.headers.get("Idempotency-Key"))
        time.sleep(random.uniform(0, 0.03))
        self.answer({"id": job["id"], "status": "queued"}, 201)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    print("listening %d" % server.server_address[1], flush=True)
    server.serve_forever()
