/// The texts of `--help`; each has an example.
enum Help {
    static let overview = """
        Millrace runs pipelines of AI models: drawn or written once, started by one REST call, durable and priced.

        Usage: millrace COMMAND [OPTIONS]

          serve        starts the server
          run          runs a workflow file without a server
          validate     checks workflow and manifest files
          export       writes a workflow in its canonical form
          import       makes a workflow of a file of ours, n8n, ComfyUI or React Flow
          apply        makes the workflows of a server what the files of a folder say
          diff         compares two workflows by node and path, or a folder with a server
          layout       places the nodes of workflow files
          rename       gives a node another identifier, wherever it is named
          nodes        lists the node types, or shows one
          docs         prints the pages about expressions and node types
          keys         lists, makes, rotates and withdraws API keys
          people       lists who can sign in, and prints a link for a new password
          accounts     lists the accounts, and puts them on plans
          credits      shows and grants the credits of an account
          ledger       compares what was booked with a vendor's invoice
          retry        runs an execution of a server again, without what is finished
          dead-letters lists what failed for good on a server, tries it again or gives it up
          approvals    lists what waits for a decision, approves and rejects
          secrets      lists, sets and deletes secrets of a server
          vars         lists, sets and deletes variables of a server
          credentials  lists, sets, tests and deletes the keys of vendors
          vault        exchanges the key under which secrets are sealed
          schedules    lists, makes and changes when a server starts workflows by itself
          webhook      shows or sets the address that starts a workflow without a key
          storage      shows what takes how much room, and what is due to go
          backup       writes the data folder to a file, also while a server works on it
          restore      brings a backup back
          expression   evaluates expressions, or checks files of cases
          demo         loads the templates into a running server and runs one
          version      prints the version

        millrace COMMAND --help shows the options of a command with an example.
        """

    static let commands: [String: String] = [
        "serve": """
        Usage: millrace serve [OPTIONS]

          --listen HOST:PORT          where to listen (127.0.0.1:8787)
          --data DIR                  database, media and keys (./millrace-data)
          --config FILE               a YAML file with the same names (./millrace.yaml if it is there)
          --catalog DIR               manifests of your own, read again when they change (catalog in --data)
          --bootstrap-key sk-…        makes sure that this API key exists
          --cors-origins URL,…        pages elsewhere that may call the API from a browser (none)
          --allow-private HOST:PORT,… private targets that outgoing calls may reach
          --public-url URL            the address under which others reach this server
          --database postgres://…     a database that several servers share (SQLite in --data)
          --role all|api|worker       what this server does: accept and show runs, work on them, or both (all)
          --labels A,…                what this server can do that not every one can
          --trusted-proxies CIDR,…    proxies that are believed about the clients they speak for (none)
          --lease SECONDS             how long others wait for this server when it is silent (15)
          --keep-runs DAYS            how long ended executions are kept (90)
          --keep-logs DAYS            how long their journals are kept (30)
          --keep-media DAYS           how long media is kept that nothing refers to (30)
          --keep-audit DAYS           how long the record of who did what is kept (365)
          --metrics WHO               who may read /metrics: loopback (default), key, open or off
          --media-quota BYTES         the most room for media, such as 20G; more uploads are refused (none)
          --disk-reserve BYTES        what is left free on the disk (256M)
          --master-key-file FILE      the key under which secrets are sealed (master.key in --data, made if missing)

        An api server leaves all runs to others; a worker serves nothing but /healthz and /readyz.

        DAYS may be forever. Each is also read from the environment, such as MILLRACE_LISTEN. Vendors' keys come from variables such as
        OPENAI_API_KEY and FAL_KEY, another server of the same wire from OPENAI_BASE_URL.

        Example: millrace serve --listen 127.0.0.1:8787 --data ./data
        """,
        "run": """
        Usage: millrace run FILE [--input NAME=VALUE]… [--output DIR] [--data DIR] [--timeout SECONDS]

        Runs a workflow file (JSON or YAML) without a server, shows its progress, and writes what it makes to a folder.
        Ends with a status other than 0 when the run fails.

          --input NAME=VALUE  a run input; a value that is JSON is taken as JSON
          --output DIR        where results go (./output)
          --data DIR          keeps the run there, so that it is taken up again after an interruption
          --timeout SECONDS   the longest the run may take

        Example: millrace run explainer.yaml --input topic="rivers of ice" --output ./result
        """,
        "validate": """
        Usage: millrace validate FILE… [--fix] [--catalog DIR]

        Checks workflow files as the server does, and manifests of providers, nodes and prices together with those of the
        catalog folder. Prints file, place and reason of each fault and ends with 1 when there is one.

          --fix          makes what can be mended in workflows without a question, and prints it; comments and order stay
          --catalog DIR  manifests of your own (catalog in --data)

        Example: millrace validate flows/*.yaml
        """,
        "export": """
        Usage: millrace export FILE|ID [--format yaml|millrace|wireflow|reactflow] [--output FILE] [--url URL] [--key KEY]

        Writes a workflow in its canonical form: the same workflow always gives the same bytes. What begins with wf_ is
        read from a server, all else is a file. The key may also stand in MILLRACE_API_KEY, the URL in MILLRACE_URL.

        Example: millrace export wf_01m6b1yq00f8d2j5v7b4x9c1ke --output flows/shoes.yaml
        """,
        "import": """
        Usage: millrace import FILE [--format FORMAT] [--name NAME] [--report] [--catalog DIR]
               [--send] [--url URL] [--key KEY]

        Prints a workflow of another system as one of ours, and to standard error what has to be done by hand. What has no
        exact counterpart becomes a placeholder that keeps it and fails when it runs.

          --format FORMAT   auto, n8n, comfyui (API form, also a PNG that holds it), reactflow, millrace (auto)
          --report          prints what became of each node instead of the workflow
          --send            makes it a workflow of a server instead, and prints its identifier

        Example: millrace import flow.json > flow.millrace.json
        """,
        "apply": """
        Usage: millrace apply DIR [--yes] [--prune] [--message TEXT] [--json]
               millrace apply DIR --to URL --key-env NAME [--map-secrets FILE] …
               millrace apply --rollback ID

        Shows what would become of the workflows of a server, and with --yes makes them what the files of the folder
        say and publishes them, all or none. A file stands for the workflow of its name, or of its id where it says one.
        Doing it again changes nothing.

          --message TEXT      what changed, kept with the versions
          --prune             removes workflows that the deployment before held and the folder does not
          --to URL            another server
          --key-env NAME      the environment variable with the key for it (default MILLRACE_API_KEY)
          --map-secrets FILE  names of secrets and credentials there: {"secrets": {"HERE": "THERE"}, "credentials": {}}
          --rollback ID       takes a deployment back: what ran before runs again

        Example: millrace apply flows --message "$(git log -1 --format=%s)" --yes
        """,
        "diff": """
        Usage: millrace diff OLD NEW [--json] [--ignore-drawing] [--url URL] [--key KEY]
               millrace diff DIR [--prune] [--json] [--ignore-drawing] [--to URL] [--key-env NAME] [--map-secrets FILE]

        Compares two workflows by node and path, not by line. Each is a file, or a workflow of a server by its identifier.
        Ends with 0 when they are equal, with 1 when they differ, with 2 when one cannot be read.

          --ignore-drawing   takes workflows as equal that only are drawn differently

        Example: millrace diff flows/shoes.yaml wf_01m6b1yq00f8d2j5v7b4x9c1ke
        """,
        "layout": """
        Usage: millrace layout FILE… [--write] [--catalog DIR]

        Places the nodes in layers from left to right and prints the file; comments and order stay.

          --write   changes the files instead

        Example: millrace layout --write flows/shoes.yaml
        """,
        "rename": """
        Usage: millrace rename FILE NODE NEW-ID [--catalog DIR]

        Gives a node another identifier: at the node, at its edges, and in every template and expression that names it.
        Comments and order of the file stay.

        Example: millrace rename explainer.yaml node-7 caption
        """,
        "nodes": """
        Usage: millrace nodes [TYPE] [--catalog DIR] [--json]

        Lists the node types, or shows one with its ports and parameters.

        Example: millrace nodes llm:chat
        """,
        "docs": """
        Usage: millrace docs expressions | nodes [--catalog DIR]

        Prints a page about the language of expressions, or about the node types of the catalog, in Markdown.

        Example: millrace docs nodes > nodes.md
        """,
        "keys": """
        Usage: millrace keys list | create NAME | rotate ID | revoke ID   [--data DIR] [--database URL]

        API keys in the data folder or in a shared database; also while a server uses it. A new key is printed once.

          --scopes A,…        what the key may do (*)
          --expires DATE      when it stops to be valid, such as 2027-01-31T00:00:00Z
          --environment NAME  whose credentials its runs use, such as production
          --rotate-at DATE    when it is to be rotated: the list says so from then on
          --grace SECONDS     for how long the key that is rotated stays valid (0)
          --test              makes a key sk-test-…: the sandbox answers for every model, and nothing is charged

        Example: millrace keys create ci --scopes workflows:read,workflows:execute,executions:read --test
        """,
        "people": """
        Usage: millrace people list | reset-password EMAIL   [--data DIR] [--database URL] [--public-url URL]

        Shows who can sign in, and prints a link with which a person chooses a new password within a day, once. All
        sessions of the person end then.

        Example: millrace people reset-password ada@example.com
        """,
        "accounts": """
        Usage: millrace accounts list | plan NAME PLAN   [--data DIR | --database URL] [--config FILE]

        Works on the data folder or the shared database, also while servers use it: they follow within seconds. The plans
        are free, starter, pro, enterprise and self_hosted, and those of the configuration file.

        Example: millrace accounts plan default free
        """,
        "credits": """
        Usage: millrace credits show | grant CREDITS [--note TEXT]   [--account ID] [--data DIR | --database URL]

        Works on the data folder, also while a server uses it; without --account on the first account. Credits limit
        accounts of every plan but self_hosted. A number below 0 takes credits back. Runs that wait for money go on within
        a few seconds.

        Example: millrace credits grant 500 --note "invoice 118"
        """,
        "ledger": """
        Usage: millrace ledger reconcile INVOICE.csv [--provider NAME] [--from DAY] [--to DAY] [--data DIR | --database URL]

        Compares the ledger with a vendor's invoice, call by call and to the nano-dollar. The invoice is CSV with names in
        its first row, at most 10,000 rows a file:

          reference   the vendor's name of the request or the job
          amount_usd  what the vendor asks for it, such as 0.035; below 0 for money given back
          provider    optional: the provider as the catalog names it

        Prints what differs, what only one of the two knows, and the sums. The status is 0 when everything agrees, else 1.

        Example: millrace ledger reconcile fal-november.csv --provider fal --from 2026-11-01 --to 2026-11-30
        """,
        "retry": """
        Usage: millrace retry EXECUTION [--from failed|start|NODE|NODE[ITEM]] [--draft] [--dry-run] [--url URL] [--key KEY]

        Starts a new execution that takes over what the named one has finished, and prints what becomes of each node. The
        key may also stand in MILLRACE_API_KEY, the URL in MILLRACE_URL.

          --from PLACE  where it begins: at what failed, at the start, at a node or at one of its items (failed)
          --draft       runs the workflow as it is now, not as it was then
          --dry-run     only prints what would become of each node

        Example: millrace retry exec_01m7wmssrtm7w5c0h6r3y1qpsd --from 'hero[37]'
        """,
        "dead-letters": """
        Usage: millrace dead-letters list [--status open|retried|discarded] | retry ID | discard ID
               [--url URL] [--key KEY]

        Lists what failed for good on a server. retry runs the failed execution again without what is finished and prints
        the new one; all dead letters of that execution are then retried. The key may also stand in MILLRACE_API_KEY.

        Example: millrace dead-letters retry dlt_01m7wmssrtm7w5c0h6r3y1qpsd
        """,
        "approvals": """
        Usage: millrace approvals list [--status WORD] | approve ID | reject ID
                                  [--comment TEXT] [--data JSON] [--url URL] [--key KEY]

        Shows what waits for a person's decision in a running server, newest first, and decides. --data is checked against
        the form of the approval. The key needs the scope approvals:write and may also stand in MILLRACE_API_KEY.

        Example: millrace approvals approve apr_01m7wn2q8f3v5x7z9b1c3d5e7g --comment "Looks good"
        """,
        "secrets": """
        Usage: millrace secrets list | set NAME --hosts A,… | delete NAME   [--url URL] [--key KEY]

        set reads the value from standard input. It can be sent to these hosts only, by nodes that name it as
        {{secrets.NAME}} in a field for authentication, and is never given back.

        Example: millrace secrets set SHOP_KEY --hosts api.shop.example < key.txt
        """,
        "vars": """
        Usage: millrace vars list | set NAME | delete NAME   [--url URL] [--key KEY]

        set reads the value from standard input; what is JSON is taken as JSON. Templates name it as {{vars.NAME}}; a run
        keeps the value that it was accepted with.

        Example: echo '"winter"' | millrace vars set SEASON
        """,
        "credentials": """
        Usage: millrace credentials list | set NAME --provider PROVIDER | test ID | delete ID   [--url URL] [--key KEY]

        set reads the key from standard input, or an object of the fields where a vendor has several. Nodes use the one
        they name in config.credentialId, else the default one of their vendor, else that of the server's environment.

          --environment WORD  what it is for, such as production
          --base-url URL      the address in place of the vendor's
          --default           makes it the one that nodes use which name none
          --rotate-at TIME    when the key is due to be exchanged
          --expires-at TIME   from when on it is not used

        Example: millrace credentials set main --provider openai < openai.key
        """,
        "vault": """
        Usage: millrace vault rotate-key | reset --yes   [--data DIR | --database URL] [--master-key-file FILE]

        rotate-key exchanges the master key and seals everything anew, also while servers work; a key of the environment
        is exchanged for MILLRACE_NEW_MASTER_KEY. reset gives up all secrets and credentials when the key is lost.

        Example: millrace vault rotate-key --data ./data
        """,
        "schedules": """
        Usage: millrace schedules list | show ID [--count N] | set [ID] [OPTIONS] | trigger ID | pause ID | resume ID
                                  | backfill ID --from TIME --to TIME [--concurrency N] | delete ID
                                  [--url URL] [--key KEY]

        set without ID makes a schedule and needs --workflow, --name and --cron, --every or --at.
          --workflow ID    the workflow           --name TEXT         one name in the account
          --cron TEXT      5 fields, or 6 with the seconds first      --every SECONDS   --at TIME
          --timezone NAME  such as Europe/Berlin  --inputs JSON       the inputs of its runs
          --overlap WORD   skip, queue, cancel_previous or allow      --catch-up WORD   none, last or all
          --jitter SECONDS puts each run off by chance, at most that long
        show prints the next times. The key needs the scope workflows:execute and may also stand in MILLRACE_API_KEY.

        Example: millrace schedules set --workflow wf_01m6b1yq00f8d2j5v7b4x9c1ke --name morning --cron "0 9 * * mon-fri" --timezone Europe/Berlin
        """,
        "webhook": """
        Usage: millrace webhook show WORKFLOW | set WORKFLOW [OPTIONS] | rotate WORKFLOW | delete WORKFLOW
                                [--url URL] [--key KEY]

        The address that starts the published version of a workflow without a key. set makes it, or changes how it may be
        called; what is not named has its default, but a secret stays.
          --secret auto|TEXT|none  callers sign with it   --ip-allow NET,…      who may call
          --per-minute N           calls of one address   --mode async|sync     whether the answer waits for the run
          --run-credits N|none     cap of one run         --day-credits N|none  cap of all runs of a day
          --off                    switches it off
        A secret that the server makes is printed once. The key may also stand in MILLRACE_API_KEY.

        Example: millrace webhook set wf_01m6b1yq00f8d2j5v7b4x9c1ke --secret auto --mode sync
        """,
        "storage": """
        Usage: millrace storage [--data DIR] [--keep-runs DAYS] …

        Shows what takes how much room in a data folder, and what the next sweep removes; also while a server uses it.
        It takes the same settings as serve.

        Example: millrace storage --data ./data
        """,
        "backup": """
        Usage: millrace backup [--data DIR] [--to FILE]

        Writes database, media and manifests to a tar file, also while a server works on the folder. Every byte is checked
        by its hash. The file holds the server's secrets: keep it as safe as the folder.

        Example: millrace backup --data ./data --to /backups/monday.tar
        """,
        "restore": """
        Usage: millrace restore FILE [--data DIR] [--force]

        Brings a backup back into an empty folder, after all of it was checked. No server may use the folder.

          --force   moves what is in the folder into a folder inside it, where it is kept

        Example: millrace restore /backups/monday.tar --data ./data
        """,
        "demo": """
        Usage: millrace demo [--url URL] [--key KEY] [--topic TEXT] [--output DIR]

        Loads the templates into a running server as workflows, runs the narrated explainer through its REST API, and
        saves the result. The key may also stand in MILLRACE_API_KEY.

        Example: millrace demo --url http://127.0.0.1:8787 --topic "rivers of ice"
        """,
        "expression": """
        Usage: millrace expression eval TEXT [--with JSON] | check FILE…

        eval prints the value of a CEL expression; the members of --with are its names. check runs files of cases in the
        form of the conformance suite and ends with "N passed, N failed".

        Example: millrace expression eval 'inputs.price * 2' --with '{"inputs": {"price": 21}}'
        """,
    ]
}
