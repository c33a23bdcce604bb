import Assets
import Engine
import HTTPServer
import HTTPValues
import Runtime
import Storage
import Values
import Workflows

extension APIServer {
    /// The longest form with its files, in bytes.
    private static let formBytes = 16 << 20

    /// GET /apps/{slug} at the root: the form.
    func appPage(_ exchange: Exchange) async throws -> Reply {
        try await onPage(exchange) { app in
            guard let form = try await form(app) else { return Self.closed(app) }
            return .raw(form.page.response(status: 200))
        }
    }

    /// POST /apps/{slug} at the root: runs the app with what the form holds, and leads to its result.
    func submitAppPage(_ exchange: Exchange) async throws -> Reply {
        try await onPage(exchange) { app in
            guard var form = try await form(app) else { return Self.closed(app) }
            let settings = form.settings
            let address = exchange.client.description
            guard visitors.admits(address, to: app.slug, atMost: settings.runsPerMinute, at: exchange.now) else {
                return Self.busy(settings, "That was quick. Wait a minute, then run it again.")
            }
            let type = exchange.request.headers["content-type"] ?? ""
            let body = try FormBody(try await exchange.bytes(atMost: Self.formBytes), contentType: type)
            for text in body.texts { form.sent[text.name] = text.value }
            do {
                let values = try form.values(body)
                guard try await mayRun(app, settings, exchange) else {
                    return Self.busy(settings, "Everything for today is used up. Come again tomorrow.")
                }
                let run = try await start(
                    app,
                    inputs: try await keep(body.files, form, values, app, exchange),
                    customer: nil,
                    origin: RunOrigin(type: "app", ip: address),
                    exchange,
                    costing: settings.isPublic ? settings.creditsPerRun : nil
                )
                let place = "/apps/\(app.slug)/runs/\(run.id)?token=\(appLinks.token(run.id))"
                return .raw(HTTPResponse(status: 303, headers: ["location": place, "cache-control": "no-store"]))
            } catch let error as APIError where error.code.status < 500 {
                form.problem = error.message
                return .raw(form.page.response(status: error.code.status))
            }
        }
    }

    /// GET /apps/{slug}/runs/{id} at the root: what has come of a run, for whoever has the link.
    func appResultPage(_ exchange: Exchange) async throws -> Reply {
        let id = ExecutionID(exchange.parameters[1])
        guard let app = try await stored({ try await self.database.app(slug: exchange.parameters[0]) }), let id,
            let token = exchange.query("token"), appLinks.allows(token, id)
        else { return Self.notice(404, "Not here", "There is no such result, or its link is not complete.") }
        let view: RunView
        switch try await seen(id, of: app.account) {
        case .ended(let ended): view = ended
        case .live(let handle): view = handle.snapshot.view
        }
        guard view.facts.workflow == app.workflow else {
            return Self.notice(404, "Not here", "There is no such result, or its link is not complete.")
        }
        let state = JSON.object(writer(view, exchange).poll(now: exchange.now))
        return .raw(AppResult(settings: AppSettings(app), state: state).page.response(status: 200))
    }

    // MARK: Parts

    /// Finds the app for a page: a public one for everybody, any other one for a key of its account.
    private func onPage(_ exchange: Exchange, _ body: (AppRow) async throws -> Reply) async throws -> Reply {
        guard let app = try await stored({ try await self.database.app(slug: exchange.parameters[0]) }) else {
            return Self.notice(404, "Not here", "There is no app at this address.")
        }
        if !AppSettings(app).isPublic {
            guard let asker = try? await principal(of: exchange.request, at: exchange.now),
                asker.account == app.account
            else { return Self.notice(404, "Not here", "There is no app at this address for everybody.") }
            try asker.require("apps:execute")
        }
        return try await body(app)
    }

    private func form(_ app: AppRow) async throws -> AppForm? {
        guard let plan = try await plan(of: app) else { return nil }
        let settings = AppSettings(app)
        return AppForm(settings: settings, inputs: settings.shown(RunDescription(plan: plan).inputs))
    }

    /// Takes a run from what strangers may have of the day; those with a key have other limits.
    private func mayRun(_ app: AppRow, _ settings: AppSettings, _ exchange: Exchange) async throws -> Bool {
        guard settings.isPublic else { return true }
        let credit = configuration.credit
        return try await stored {
            try await self.database.takeAppRun(
                of: app.workflow,
                day: exchange.now.seconds / 86_400,
                costing: Money(nano: credit.nano * settings.creditsPerRun),
                within: AppAllowance(
                    runs: settings.runsPerDay,
                    money: Money(nano: credit.nano * settings.creditsPerDay)
                )
            )
        }
    }

    /// Keeps the files of a form and adds them to its values.
    private func keep(
        _ files: [FormBody.File],
        _ form: AppForm,
        _ values: JSONObject,
        _ app: AppRow,
        _ exchange: Exchange
    ) async throws -> JSONObject {
        var values = values
        for file in files where form.takesFile(file.name) {
            do {
                try await assets.admit()
                let reference = try await assets.keep(
                    bytes: file.bytes,
                    mimeType: file.mimeType,
                    name: file.fileName,
                    at: exchange.now
                )
                let keptUntil = configuration.keepMedia.map { exchange.now + $0 }
                try await assets.markUploaded(reference, account: app.account, until: keptUntil)
                values[file.name] = .string(reference.id.description)
            } catch {
                throw Self.translate(error, limit: Int64(Self.formBytes))
            }
        }
        return values
    }

    private static func closed(_ app: AppRow) -> Reply {
        notice(400, AppSettings(app).name, "This app is closed: nothing of it is published.")
    }

    private static func busy(_ settings: AppSettings, _ text: String) -> Reply {
        var response = PageText(
            title: settings.name,
            body: "<h1>\(settings.name.escapedForHTML)</h1><p class=\"bad\" role=\"alert\">\(text)</p>"
        ).response(status: 429)
        response.headers["retry-after"] = "60"
        return .raw(response)
    }

    private static func notice(_ status: Int, _ title: String, _ text: String) -> Reply {
        .raw(
            PageText(title: title, body: "<h1>\(title.escapedForHTML)</h1><p class=\"soft\">\(text)</p>")
                .response(status: status)
        )
    }
}
