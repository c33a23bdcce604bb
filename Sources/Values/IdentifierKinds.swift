/// The kinds of things that have identifiers.
public enum Kinds {
    /// A workflow.
    public enum Workflow: IdentifierKind {
        /// The prefix `wf`.
        public static let prefix = "wf"
    }
    /// An execution.
    public enum Execution: IdentifierKind {
        /// The prefix `exec`.
        public static let prefix = "exec"
    }
    /// An account.
    public enum Account: IdentifierKind {
        /// The prefix `acc`.
        public static let prefix = "acc"
    }
    /// An API key.
    public enum APIKey: IdentifierKind {
        /// The prefix `key`.
        public static let prefix = "key"
    }
    /// A credential.
    public enum Credential: IdentifierKind {
        /// The prefix `crd`.
        public static let prefix = "crd"
    }
    /// A media record.
    public enum Media: IdentifierKind {
        /// The prefix `med`.
        public static let prefix = "med"
    }
    /// A signal to a run.
    public enum Signal: IdentifierKind {
        /// The prefix `sig`.
        public static let prefix = "sig"
    }
    /// A dead letter.
    public enum DeadLetter: IdentifierKind {
        /// The prefix `dlt`.
        public static let prefix = "dlq"
    }
    /// An approval.
    public enum Approval: IdentifierKind {
        /// The prefix `apr`.
        public static let prefix = "apr"
    }
    /// A delivery.
    public enum Delivery: IdentifierKind {
        /// The prefix `dlv`.
        public static let prefix = "dlv"
    }
    /// A budget.
    public enum Budget: IdentifierKind {
        /// The prefix `bud`.
        public static let prefix = "bud"
    }
    /// A deployment of workflows.
    public enum Deployment: IdentifierKind {
        /// The prefix `dep`.
        public static let prefix = "dep"
    }
    /// A request to the server.
    public enum Request: IdentifierKind {
        /// The prefix `req`.
        public static let prefix = "req"
    }
    /// A person who can sign in.
    public enum Person: IdentifierKind {
        /// The prefix `per`.
        public static let prefix = "per"
    }
    /// An invitation to an account.
    public enum Invitation: IdentifierKind {
        /// The prefix `inv`.
        public static let prefix = "inv"
    }
    /// A record of who did what.
    public enum Audit: IdentifierKind {
        /// The prefix `aud`.
        public static let prefix = "aud"
    }
    /// A server among those that work on one database.
    public enum Worker: IdentifierKind {
        /// The prefix `wrk`.
        public static let prefix = "wrk"
    }
    /// A rule about metrics.
    public enum Alert: IdentifierKind {
        /// The prefix `alr`.
        public static let prefix = "alr"
    }
    /// A time in which the condition of a rule about metrics held.
    public enum AlertFiring: IdentifierKind {
        /// The prefix `alf`.
        public static let prefix = "alf"
    }
}

/// Names a workflow.
public typealias WorkflowID = Identifier<Kinds.Workflow>
/// Names an execution.
public typealias ExecutionID = Identifier<Kinds.Execution>
/// Names an account.
public typealias AccountID = Identifier<Kinds.Account>
/// Names an API key.
public typealias APIKeyID = Identifier<Kinds.APIKey>
/// Names a credential.
public typealias CredentialID = Identifier<Kinds.Credential>
/// Names a media record.
public typealias MediaID = Identifier<Kinds.Media>
/// Names a signal to a run.
public typealias SignalID = Identifier<Kinds.Signal>
/// Names a dead letter.
public typealias DeadLetterID = Identifier<Kinds.DeadLetter>
/// Names an approval.
public typealias ApprovalID = Identifier<Kinds.Approval>
/// Names a delivery.
public typealias DeliveryID = Identifier<Kinds.Delivery>
/// Names a budget.
public typealias BudgetID = Identifier<Kinds.Budget>
/// Names a deployment of workflows.
public typealias DeploymentID = Identifier<Kinds.Deployment>
/// Names a request to the server.
public typealias RequestID = Identifier<Kinds.Request>
/// Names a person who can sign in.
public typealias PersonID = Identifier<Kinds.Person>
/// Names an invitation to an account.
public typealias InvitationID = Identifier<Kinds.Invitation>
/// Names a record of who did what.
public typealias AuditID = Identifier<Kinds.Audit>
/// Names a server among those that work on one database.
public typealias WorkerID = Identifier<Kinds.Worker>
/// Names a rule about metrics.
public typealias AlertID = Identifier<Kinds.Alert>
/// Names a time in which the condition of a rule about metrics held.
public typealias AlertFiringID = Identifier<Kinds.AlertFiring>
