#!/usr/bin/env python3
"""A vendor that nobody of the server's code knows: OpenAI's chat wire and fal's queue, with knobs. Standard library only.

usage: mock_vendor.py [PORT]      prints "listening PORT"

Knobs stand in the prompt, so that tests can run side by side:
  [[delay=MS]] waits before the answer        [[status=N]]  answers with that status
  [[garbage]] [[html]] [[empty]] [[truncated]] bodies that are no answer
  [[echo=N]]   answers with that status and repeats the request, headers and all
  [[close]]    closes the connection unanswered [[silent]]   never answers
  [[key=K]]    counts the call under K          [[polls=N]]  a job is done at the N-th question
  [[hostile=URL]] the job's result lies there   [[say=TEXT]] answers with that text
  [[blob=BYTES]] the job's result is so long, and no other job's result is the same
GET /log gives every request, GET /counts the calls by key, GET /jobs the accepted jobs by key.
"""
import base64, json, re, struct, sys, threading, time, zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.Lock()
LOG, COUNTS, JOBS = [], {}, {}
SENTENCE = "Quiet copper lanterns drift over the northern harbor"


def png(width, height, color):
    """A plain picture with a diagonal, so that scaling can be compared."""
    rows = b"".join(
        b"\0" + b"".join(bytes(color if (x * height) // width < y else (240, 240, 240)) for x in range(width))
        for y in range(height))
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def knobs(text):
    return dict((m.group(1), m.group(2)) for m in re.finditer(r"\[\[(\w+)(?:=([^\]]*))?\]\]", text))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, kind="application/json", headers=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_one(self, method):
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        path = self.path.split("?")[0]
        if path == "/log":
            with LOCK:
                return self.answer(LOG)
        if path == "/counts":
            with LOCK:
                return self.answer(COUNTS)
        if path == "/jobs":
            with LOCK:
                return self.answer({k: v["key"] for k, v in JOBS.items()})
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        with LOCK:
            LOG.append({"method": method, "path": self.path, "headers": dict(self.headers), "body": body})
        if path.endswith("/chat/completions"):
            return self.chat(body)
        if path.startswith("/jobs/"):
            return self.job(method, path)
        if path.startswith("/files/"):
            return self.file(path)
        if path.startswith("/blobs/"):
            return self.blob(path)
        if method == "POST":
            return self.submit(path, body)
        self.answer({"error": {"message": "no such path"}}, 404)

    def prelude(self, options):
        """Counts the call and plays the faults; true when the answer is given already."""
        if "key" in options:
            with LOCK:
                COUNTS[options["key"]] = COUNTS.get(options["key"], 0) + 1
        if "silent" in options:
            time.sleep(120)
            self.close_connection = True
            return True
        if options.get("delay"):
            time.sleep(int(options["delay"]) / 1000)
        if "close" in options:
            self.close_connection = True
            return True
        if "status" in options:
            self.answer({"error": {"message": "told to fail"}}, int(options["status"]), headers=[("Retry-After", "1")])
            return True
        if "echo" in options:
            said = " ".join("%s: %s" % item for item in self.headers.items())
            self.answer({"error": {"message": "You sent " + said, "sent": dict(self.headers)}, "detail": said},
                        int(options["echo"]))
            return True
        if "garbage" in options:
            self.answer(bytes(range(256)) * 4)
            return True
        if "html" in options:
            self.answer(b"<html><body>Service page</body></html>", kind="text/html")
            return True
        if "empty" in options:
            self.answer(b"")
            return True
        if "truncated" in options:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')
            self.close_connection = True
            return True
        return False

    def chat(self, body):
        prompt = ""
        for message in (body or {}).get("messages", []):
            content = message.get("content")
            if isinstance(content, list):
                content = " ".join(part.get("text", "") for part in content)
            prompt += " " + (content or "")
        options = knobs(prompt)
        if self.prelude(options):
            return
        text = options.get("say") or SENTENCE
        self.answer(
            {"id": "chatcmpl-mock", "object": "chat.completion", "model": (body or {}).get("model"),
             "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}},
            headers=[("x-request-id", "mock-%d" % len(LOG))])

    def submit(self, path, body):
        prompt = str((body or {}).get("prompt", ""))
        options = knobs(prompt)
        if self.prelude(options):
            return
        with LOCK:
            name = "job%d" % (len(JOBS) + 1)
            JOBS[name] = {"key": options.get("key"), "polls": int(options.get("polls", 1)), "asked": 0,
                          "hostile": options.get("hostile"), "blob": options.get("blob"), "body": body}
        base = "http://%s" % self.headers["Host"]
        self.answer({"request_id": name, "status": "IN_QUEUE", "status_url": base + "/jobs/%s/status" % name,
                     "response_url": base + "/jobs/%s/result" % name, "cancel_url": base + "/jobs/%s/cancel" % name})

    def job(self, method, path):
        _, _, name, what = path.split("/")
        with LOCK:
            job = JOBS.get(name)
            if job and what == "status":
                job["asked"] += 1
        if job is None:
            return self.answer({"detail": "no such job"}, 404)
        if what == "status":
            done = job["asked"] >= job["polls"]
            return self.answer({"status": "COMPLETED" if done else "IN_PROGRESS"}, 200 if done else 202)
        if what == "cancel":
            return self.answer({"status": "CANCELLATION_REQUESTED"}, 202)
        size = (job["body"] or {}).get("image_size")
        width, height = (size.get("width", 64), size.get("height", 48)) if isinstance(size, dict) else (64, 48)
        blob = job["blob"] and "http://%s/blobs/%s/%s.png" % (self.headers["Host"], name, job["blob"])
        url = job["hostile"] or blob or "http://%s/files/%dx%d.png" % (self.headers["Host"], width, height)
        self.answer({"images": [{"url": url, "content_type": "image/png", "width": width, "height": height}],
                     "image": {"url": url, "content_type": "image/png"}, "seed": 7})

    def file(self, path):
        width, height = re.match(r"/files/(\d+)x(\d+)\.png", path).groups()
        self.answer(png(int(width), int(height), (30, 90, 160)), kind="image/png")

    def blob(self, path):
        """Bytes of any length that begin as a picture does, written piece by piece."""
        name, size = re.match(r"/blobs/(\w+)/(\d+)\.png", path).groups()
        left = int(size)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", size)
        self.end_headers()
        piece = b"\x89PNG\r\n\x1a\n" + (name.encode() * (1 << 17))[:(1 << 18) - 8]
        while left > 0:
            self.wfile.write(piece[:left])
            left -= len(piece)

    def do_GET(self):
        self.handle_one("GET")

    def do_POST(self):
        self.handle_one("POST")

    def do_PUT(self):
        self.handle_one("PUT")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    print("listening %d" % server.server_address[1], flush=True)
    server.serve_forever()
