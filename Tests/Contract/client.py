"""Makes a client from the OpenAPI document of the server with openapi-python-client, and works with it as a user would."""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from api import KEY, URL, send

folder = pathlib.Path(tempfile.mkdtemp())
# The generator would format what it has made with a tool of its own.
(folder / "config.yaml").write_text("post_hooks: []\n")
document = folder / "openapi.json"
document.write_bytes(send("GET", "/api/v1/openapi.json", key=None).body)
made = subprocess.run(
    [pathlib.Path(sys.executable).parent / "openapi-python-client", "generate", "--meta", "none"]
    + ["--path", document, "--output-path", folder / "millrace_client", "--config", folder / "config.yaml"],
    capture_output=True,
    text=True,
)
# It knows no bodies of YAML, pictures and the like; everything else must be there.
lost = ["will not be generated", "Unable to"]
text = made.stdout + made.stderr
if made.returncode or any(word in text for word in lost):
    print(text)
    sys.exit(1)
sys.path.insert(0, str(folder))

from millrace_client import AuthenticatedClient, models  # noqa: E402
from millrace_client.api.executions import (  # noqa: E402
    execute_workflow,
    get_execution,
    list_workflow_executions,
    poll_execution,
)
from millrace_client.api.workflows import create_workflow, delete_workflow, export_workflow  # noqa: E402

client = AuthenticatedClient(base_url=URL.geturl(), token=KEY, raise_on_unexpected_status=True)
body = models.WorkflowInput.from_dict(
    {
        "name": "generated",
        "nodes": [
            {"id": "t", "data": {"nodeType": "input:text", "config": {"text": "x"}}},
            {"id": "o", "data": {"nodeType": "output:text"}},
        ],
        "edges": [{"id": "e", "source": "t", "target": "o", "sourceHandle": "out-text", "targetHandle": "in-text"}],
    }
)
workflow = create_workflow.sync(client=client, body=body)
assert isinstance(workflow, models.WorkflowSaved) and workflow.name == "generated", workflow

started = execute_workflow.sync(workflow.id, client=client, body=models.ExecuteInput.from_dict({"inputs": {"t": "hello"}}))
assert isinstance(started, models.ExecutionStarted), started
while (state := poll_execution.sync(started.execution_id, client=client, wait=20)).status == "RUNNING":
    time.sleep(0.05)
assert state.status == "COMPLETED" and state.final_output.text == "hello", state

details = get_execution.sync(started.execution_id, client=client)
assert isinstance(details, models.ExecutionDetails) and {node.node_id for node in details.nodes} == {"t", "o"}, details
history = list_workflow_executions.sync(workflow.id, client=client)
assert [item.execution_id for item in history.data] == [started.execution_id], history
export = export_workflow.sync_detailed(workflow.id, client=client)
assert json.loads(export.content)["kind"] == "workflow", export
missing = get_execution.sync("exec_unknown", client=client)
assert isinstance(missing, models.Error) and missing.code == "execution_not_found", missing
assert delete_workflow.sync_detailed(workflow.id, client=client).status_code == 204
print("COMPLETED")
