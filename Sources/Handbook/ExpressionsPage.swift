import Expressions

/// The pages of the documentation that are made from the definitions they explain.
public enum Handbook {
    /// The page about the language of expressions, in Markdown.
    public static var expressions: String {
        var page = """
            # Expressions and templates

            <!-- Made by `millrace docs expressions` from the definitions in the code; change those. -->

            One language serves everywhere: [CEL](https://cel.dev). It has no loops without an end and no side effects. A text
            template is text with expressions between `{{` and `}}`; a template that is one expression alone keeps the type of
            its value. `\\{{` is not needed: text from inputs, triggers and other nodes is data and is never read as a template.

            ## What can be named

            | name | what it is |
            | --- | --- |
            | `hero.images` | the port `images` of the node `hero`, when its id is a plain name |
            | `nodes["any id"].port` | a port of any node; `nodes["a"].text` waits for the node `a` |
            | `prompt` | a port or setting of the node itself |
            | `inputs.topic` | what the run was started with |
            | `trigger` | what started it: body, query and headers of a webhook, the time of a schedule |
            | `item`, `index` | the element a node runs for, and its place from 0 |
            | `vars.NAME` | a variable of the workspace |
            | `run.id`, `run.workflowId`, `run.round` | the run |
            | `secrets.NAME` | a secret, alone, in fields for keys and headers only; its value cannot be computed with |

            What is missing is an error that names the nearest name. `x.?a` is an optional, `default(x.a, 'none')` a value for
            what is not there, and `inputs.?topic.orValue('tea')` the same for an input that need not be sent.

            ## Numbers, texts, bounds

            JSON numbers are doubles; `1 + 2.5` is allowed, and whole results are written without a fraction. Texts are counted in
            characters. An expression may be 64 KiB long, nest 32 levels, and do 100,000 units of work for a result of 1 MiB;
            patterns are matched in linear time (RE2 syntax).

            ## Operators

            `+ - * / %`, `== != < <= > >=`, `&& || !`, `in`, `? :`, `x.name`, `x["name"]`, `x[0]`, `x.?name`, `x[?"name"]`,
            `[1, 2]`, `{"key": 1}`, `{?"key": x.?y}`.

            Filters of older templates such as `{{a.text | upper}}` are read and rewritten as functions when a workflow is saved.

            """
        for subject in LanguageGuide.subjects {
            page += "\n## \(subject.title)\n\n| written | what it is | example | value |\n| --- | --- | --- | --- |"
            for entry in subject.entries {
                let usage = entry.usage.split(separator: " or ").map { code(String($0)) }.joined(separator: " or ")
                let cells = [usage, entry.meaning, code(entry.example), code(entry.result)]
                page += "\n| \(cells.joined(separator: " | ")) |"
            }
            page += "\n"
        }
        return page
    }

    /// A text as code in the cell of a table.
    static func code(_ text: String) -> String { "`\(text.replacing("|", with: "\\|"))`" }
}
