"""The table of commands: in which group each stands, its words, its one line, and the function that does it."""

from collections.abc import Mapping
from dataclasses import dataclass

from cyclopts import Group


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its words, its one line, and the function that does it (module:function, in this package)."""

    name: str
    summary: str
    target: str


BEGIN = Group("Begin", sort_key=1)
REGISTER = Group("Register and issue", sort_key=2)
TRUST = Group("Verify and trust", sort_key=3)
RUN = Group("Run and oversee", sort_key=4)
TRADE = Group("Plan exports", sort_key=5)
EXCHANGE = Group("Exchange data between institutions", sort_key=6)
GLOBAL = Group("Options of every command", sort_key=9)

SINGLE: Mapping[Group, tuple[Command, ...]] = {
    BEGIN: (
        Command(
            "init",
            "Make an authority: its keys, its signed trust list, its register and two officers.",
            "authority:init",
        ),
        Command(
            "demo",
            "Show everything at work, true from end to end, with synthetic people.",
            "demo.command:demo",
        ),
    ),
    RUN: (
        Command("serve", "Serve the web pages, the API and the status lists.", "server:serve"),
        Command(
            "migrate",
            "Bring the tables of an existing register to this version of the program.",
            "authority:migrate",
        ),
    ),
}
GROUPED: Mapping[tuple[str, str, Group], tuple[Command, ...]] = {
    ("holder", "Persons and organisations.", REGISTER): (
        Command("add", "Register a holder with an application for a card.", "holders:add"),
        Command("import", "Register the holders of a CSV file, all or none.", "holders:import_file"),
        Command("show", "Show a holder with all cards.", "holders:show"),
        Command("list", "List holders in the order of their registration.", "holders:list_holders"),
    ),
    ("pass", "Cards and the passes they carry: issue, draw, verify, suspend, revoke.", REGISTER): (
        Command("issue", "Issue the cards that were applied for.", "passes:issue"),
        Command("show", "Show a card: its stage, its validity, its passes, its QR code.", "passes:show"),
        Command("render", "Write a card's files: picture, PDF, QR code, wallet file.", "passes:render"),
        Command(
            "verify", "Verify a pass: offline, or with --online against the register.", "verifying:verify"
        ),
        Command("activate", "Note that an issued card was handed over.", "life:activate"),
        Command("suspend", "Suspend a card at once; it can be reinstated.", "life:suspend"),
        Command("reinstate", "Make a suspended card good again.", "life:reinstate"),
        Command(
            "revoke", "Revoke a card for ever: one supervisor proposes, another approves.", "life:revoke"
        ),
        Command("replace", "Replace a lost, stolen, damaged or outdated card by a new one.", "life:replace"),
        Command("expire", "Note every card whose validity has ended.", "life:expire"),
        Command("history", "Tell the life of a card, from the log.", "life:history"),
    ),
    ("card", "Cards to hold in the hand.", REGISTER): (
        Command(
            "sheet",
            "Write print sheets: A4 with ten cards, Letter with eight; fronts and backs on alternate pages.",
            "sheets:sheet",
        ),
        Command(
            "passkey", "Open a link by which the holder registers a passkey for the card.", "passkeys:passkey"
        ),
    ),
    ("trust", "Trust lists and keys.", TRUST): (
        Command("export", "Sign the next trust list with the offline root.", "trust:export"),
        Command("import", "Take over a signed trust list into the verifier.", "trust:import_list"),
        Command("show", "Show whom the verifier trusts.", "trust:show"),
        Command("rotate", "Make a new key; what the old one signed stays good.", "trust:rotate"),
        Command("withdraw", "Withdraw a key: whatever it signed is dead.", "trust:withdraw"),
    ),
    ("status", "Status lists: who is suspended, as verifiers learn it.", TRUST): (
        Command("publish", "Sign the status lists as the register stands now.", "status:publish"),
        Command(
            "sync",
            "Bring the statuses of every trusted issuer up to date: by their stream, or list by list.",
            "status:sync",
        ),
        Command(
            "follow",
            "Stay connected with every status stream: a suspension is known here within seconds.",
            "status:follow",
        ),
        Command(
            "show",
            "Show the status lists and streams that the verifier holds, and how old they are.",
            "status:show",
        ),
    ),
    ("signal", "Who is told of suspensions: streams of institutions.", RUN): (
        Command("list", "List the streams of all institutions, and how they fare.", "signals:list_streams"),
        Command("show", "Show a stream: its state, what waits, and why. Never a secret.", "signals:show"),
        Command(
            "pause",
            "Keep a stream's notices instead of sending them. Its institution is told.",
            "signals:pause",
        ),
        Command(
            "resume",
            "Send a stream's notices again, after a pause or after the house gave up on its receiver.",
            "signals:resume",
        ),
        Command(
            "replay",
            "Send everything after an order number again, in order and under the same ids.",
            "signals:replay",
        ),
        Command(
            "deliver",
            "Deliver what is due now, and end. A running server does this all the time.",
            "signals:deliver",
        ),
    ),
    ("trade", "The export roadmap's questions, each with its figures, notes and files.", TRADE): (
        Command(
            "screen", "Look at every product that the market buys or the exporter sells.", "trade:screen"
        ),
        Command(
            "complexity",
            "Measure complexity: what the exporter makes, what is near to it, what it would open.",
            "trade:complexity",
        ),
        Command(
            "potential",
            "Tell what the exporter could sell in the market, why, and what levers add.",
            "trade:potential",
        ),
        Command(
            "diversify",
            "Rank the products that the exporter does not yet sell competitively.",
            "trade:diversify",
        ),
        Command(
            "tariff",
            "Simulate another tariff of the market: who sells more, who is pushed aside, what it costs.",
            "trade:tariff",
        ),
        Command("relocate", "Screen what leaves a donor and may come to the exporter.", "trade:relocate"),
        Command(
            "ladder", "Read the ladders from raw to made for what the exporter ships today.", "trade:ladder"
        ),
        Command(
            "substitute",
            "Judge what the exporter's country imports and might make at home.",
            "trade:substitute",
        ),
        Command(
            "select",
            "Choose what brings most within the limits, and the fewest products that bring most of it.",
            "trade:select",
        ),
        Command(
            "path",
            "Lay the path to a target year by year, and tell how often anybody has gone that way.",
            "trade:path",
        ),
        Command(
            "mirror",
            "Compare what the exporter reports with what the market reports, and show the gap.",
            "trade:mirror",
        ),
        Command(
            "again",
            "Make the answer of a manifest again, and tell whether its tables are the same to the last digit.",
            "trade:again",
        ),
        Command(
            "data", "List the flows that are here, with their years and whose they are.", "trade_pull:data"
        ),
    ),
    ("trade pull", "Fetch flows, or read them from the disk.", TRADE): (
        Command(
            "baci",
            "Fetch a release of BACI, or read its zip from the disk, into the cache.",
            "trade_pull:baci",
        ),
        Command(
            "comtrade", "Read Comtrade downloads, or ask its API, into the cache.", "trade_pull:comtrade"
        ),
    ),
    (
        "exchange",
        "The data exchange layer: registries, gateways, their logs and what these prove.",
        EXCHANGE,
    ): (
        Command(
            "init",
            "Make the registry of an instance: its key, its officers, its first configuration.",
            "exchange.registry:init",
        ),
        Command(
            "join",
            "Make a gateway's home with its keys, and ask the registry to take it in.",
            "exchange.joining:join",
        ),
        Command(
            "status",
            "Show how a gateway stands: its configuration, its keys, what is due.",
            "exchange.joining:status",
        ),
        Command(
            "serve",
            "Serve a gateway: its edge for the member's own systems, and other gateways behind mutual TLS.",
            "exchange.serving:serve",
        ),
        Command(
            "seal",
            "Seal a body to the member that is to open it; gateways then carry what they cannot read.",
            "exchange.sealing:seal",
        ),
        Command(
            "open",
            "Open a sealed body; nothing is written unless all of it is there and belongs to this exchange.",
            "exchange.sealing:unseal",
        ),
        Command(
            "call",
            "Call a service through a gateway, as an information system of the member does.",
            "exchange.calling:call",
        ),
        Command(
            "pending",
            "List the gateways that ask to join, and the changes that wait for another officer.",
            "exchange.registry:pending",
        ),
        Command("receive", "Take in a gateway's request that came as a file.", "exchange.registry:receive"),
        Command(
            "approve",
            "Sign a request or another officer's proposal; it counts once enough officers have.",
            "exchange.registry:approve",
        ),
        Command(
            "decline", "End a request or a proposal; one officer is enough.", "exchange.registry:decline"
        ),
        Command("suspend-member", "Let a member neither ask nor answer.", "exchange.registry:suspend_member"),
        Command("reinstate-member", "End a member's suspension.", "exchange.registry:reinstate_member"),
        Command(
            "withdraw-key", "Withdraw a gateway's message key for ever.", "exchange.registry:withdraw_key"
        ),
        Command(
            "remove-gateway",
            "Take a gateway out with all its keys and certificates.",
            "exchange.registry:remove_gateway",
        ),
        Command("remove", "Take an entry out of the configuration.", "exchange.entries:remove"),
        Command(
            "terms",
            "Change how many officers a change needs, and how long configurations are good for.",
            "exchange.registry:terms",
        ),
    ),
    ("exchange sealing-keys", "The keys that open sealed bodies.", EXCHANGE): (
        Command(
            "hand-over",
            "Move the keys that open sealed bodies out of the gateway's home; it cannot read such bodies any more.",
            "exchange.sealing:hand_over",
        ),
    ),
    ("exchange service", "What a member offers through its gateway.", EXCHANGE): (
        Command(
            "identity",
            "Offer the identity authority's three services: person-status, attribute-match, age-over.",
            "exchange.identity:service_identity",
        ),
        Command(
            "list",
            "List what the gateway offers: services, operations, purposes, and to how many clients.",
            "exchange.serving:service_list",
        ),
        Command(
            "check",
            "Check an offer before it is used: whether it can be read, and what is odd about it.",
            "exchange.serving:service_check",
        ),
    ),
    ("exchange registry", "The registry's server.", EXCHANGE): (
        Command(
            "serve",
            "Serve the configuration, and take requests to join and to renew keys.",
            "exchange.registry:serve",
        ),
    ),
    ("exchange configuration", "What is signed for all gateways.", EXCHANGE): (
        Command(
            "show",
            "Show a signed configuration, and whether its signature was verified.",
            "exchange.configuration:show",
        ),
    ),
    ("exchange officer", "Who may propose and approve.", EXCHANGE): (
        Command("add", "Make a key for a new officer, and propose her.", "exchange.registry:officer_add"),
        Command("dismiss", "Let an officer act no more.", "exchange.registry:officer_dismiss"),
        Command("list", "List the officers of the registry.", "exchange.registry:officer_list"),
    ),
    ("exchange purpose", "What may be asked for.", EXCHANGE): (
        Command("add", "Enter a purpose for which may be asked.", "exchange.entries:purpose_add"),
    ),
    ("exchange consent-issuer", "Whose signature makes consents valid.", EXCHANGE): (
        Command(
            "add",
            "Enter a member whose signature makes consents valid.",
            "exchange.entries:consent_issuer_add",
        ),
    ),
    ("exchange timestamper", "Who stamps the logs' checkpoints.", EXCHANGE): (
        Command("add", "Enter a time-stamping authority.", "exchange.entries:timestamper_add"),
        Command(
            "init",
            "Make a time-stamping authority. The registry's officers then enter it: exchange timestamper add.",
            "exchange.timestampers:init",
        ),
        Command(
            "serve", "Serve a time-stamping authority (RFC 3161) over HTTP.", "exchange.timestampers:serve"
        ),
    ),
    ("exchange witness", "Who countersigns the logs' checkpoints.", EXCHANGE): (
        Command("add", "Enter a witness of checkpoints.", "exchange.entries:witness_add"),
    ),
    ("exchange pin", "Other instances, and what may be asked between them.", EXCHANGE): (
        Command("add", "Federate with another instance.", "exchange.entries:pin_add"),
    ),
    ("exchange log", "A gateway's tamper-evident log.", EXCHANGE): (
        Command(
            "show",
            "Show how the log stands: its head, its stamps, since when particulars are kept.",
            "exchange.log:show",
        ),
        Command(
            "verify",
            "Read the whole log: every record, tile, kept checkpoint, stamp and cosignature.",
            "exchange.log:verify",
        ),
        Command(
            "erase-particulars",
            "Erase what is kept sealed beside the log, an hour at a time; the log and its proofs stay as they are.",
            "exchange.log:erase_particulars",
        ),
    ),
    ("exchange evidence", "What a gateway can prove of an exchange, and a court's check of it.", EXCHANGE): (
        Command(
            "export",
            "Write all that this gateway has of an exchange into one file.",
            "exchange.evidence:export",
        ),
        Command(
            "verify",
            "Verify an evidence file offline; trust comes from what is given here, never from the file.",
            "exchange.evidence:verify",
        ),
    ),
    ("exchange consent", "Persons' consents, in the book of the member that signs them.", EXCHANGE): (
        Command(
            "init",
            "Make the key that signs consents. The registry's officers then enter it: exchange consent-issuer add.",
            "exchange.consents:init",
        ),
        Command(
            "give",
            "Sign a person's consent, and print the token that the client then sends along.",
            "exchange.consents:give",
        ),
        Command("show", "List a person's consents, the newest first.", "exchange.consents:show"),
        Command("pause", "Let a consent rest; it can be resumed.", "exchange.consents:pause"),
        Command("resume", "Let a consent that rests count again.", "exchange.consents:resume"),
        Command(
            "revoke",
            "End a consent for good: within a minute everywhere, at once where the service says so.",
            "exchange.consents:revoke",
        ),
        Command(
            "publish",
            "Write the status lists as files, for a host of files; to be done every ten seconds.",
            "exchange.consents:publish",
        ),
    ),
    ("exchange citizen", "Who asked about a person.", EXCHANGE): (
        Command(
            "log",
            "Tell a person who asked for her data, when, through which service, for what purpose.",
            "exchange.citizens:log",
        ),
        Command(
            "init",
            "Make the home of the page on which persons read who asked about them; it gets one key of a gateway.",
            "exchange.doors:init",
        ),
        Command(
            "admit",
            "Make a code that lets a person in to her own log once; whoever runs this has made sure who she is.",
            "exchange.doors:admit",
        ),
        Command(
            "serve", "Serve the page on which persons read who asked about them.", "exchange.doors:serve"
        ),
        Command(
            "rebuild",
            "Forget the index of the citizen's log and make it again from the evidence log.",
            "exchange.citizens:rebuild",
        ),
        Command(
            "erase-keys",
            "Erase the keys of the months before one: nobody can tell any more whom their entries are about.",
            "exchange.citizens:erase_keys",
        ),
    ),
    ("exchange withholding", "What a person is not told yet, by an order that is logged.", EXCHANGE): (
        Command(
            "order",
            "Order that a client's questions about a person are not told to her for a time; the order is logged.",
            "exchange.citizens:withhold",
        ),
        Command(
            "lift",
            "Lift an order before its time; what it withheld is told from then on.",
            "exchange.citizens:lift",
        ),
        Command(
            "list",
            "List orders to withhold whose time is not over; whom they are about is not said.",
            "exchange.citizens:list_orders",
        ),
    ),
    ("audit", "The log of every act.", RUN): (
        Command("verify", "Examine the whole log and find any alteration.", "audit:verify"),
        Command("log", "Show the last entries of the log.", "audit:log"),
    ),
    ("flag", "What fraud officers look at: cards used strangely, holders likely registered twice.", RUN): (
        Command("list", "List flags, the newest first.", "flags:list_flags"),
        Command("show", "Show a flag with its evidence.", "flags:show"),
        Command("decide", "Dismiss or confirm a flag, once and for all.", "flags:decide"),
        Command("index", "Index every holder anew, to find likely duplicates.", "flags:index"),
        Command("forget", "Forget uses that are older than the settings keep them.", "flags:forget"),
    ),
    ("officer", "Officers, institutions and their tokens.", RUN): (
        Command("enrol", "Enrol an officer or an institution and give a token.", "officers:enrol"),
        Command("token", "Give a further token to an officer or institution.", "officers:token"),
        Command("list", "List officers and institutions.", "officers:list_principals"),
        Command("tokens", "List the tokens of an officer or institution.", "officers:list_tokens"),
        Command("revoke-token", "End one token now.", "officers:revoke_token"),
        Command("disable", "Let an officer or institution in no more.", "officers:disable"),
    ),
    ("product", "Card products: what the data files say.", REGISTER): (
        Command("list", "List the card products.", "products:list_products"),
        Command("show", "Show a card product.", "products:show"),
        Command("check", "Check a product's data file before it is used.", "products:check"),
    ),
}

# A command with words of its own beneath it: its module holds the whole part, loaded when it is called.
PARTS: Mapping[Command, tuple[Command, ...]] = {
    Command(
        "roadmap",
        "Run every question of the export roadmap from one plan, and write the report with its tables.",
        "roadmap:ROADMAP",
    ): (Command("score", "Score the forecasts of earlier roadmaps whose year has passed.", "roadmap:score"),),
}
