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
