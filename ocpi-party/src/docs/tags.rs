//! The groups of operations, by module and role, in the order in which they are shown.

/// Each group that an operation may belong to, with what it is for and who calls it.
pub const TAGS: &[(&str, &str)] = &[
    ("versions", "Where everything is: the versions of OCPI and the endpoints of each. Partners start here."),
    (
        "credentials",
        "The handshake: two parties exchange tokens, and tell each other who they are. Partners call it to register, to \
         renew, and to part.",
    ),
    (
        "locations (Sender)",
        "Charging sites, their EVSEs and connectors, as the CPO publishes them. EMSPs fetch them here.",
    ),
    (
        "locations (Receiver)",
        "Charging sites, their EVSEs and connectors, as the EMSP knows them. CPOs push what is new or has changed.",
    ),
    (
        "sessions (Sender)",
        "Charges that are going on or have ended, as the CPO meters them. EMSPs fetch those of their drivers here.",
    ),
    (
        "sessions (Receiver)",
        "Charges of the EMSP's drivers, as far as it has been told. CPOs push each charge from its beginning to its end.",
    ),
    ("cdrs (Sender)", "Charge detail records: the bills of finished charges. EMSPs fetch those of their drivers here."),
    ("cdrs (Receiver)", "Charge detail records: the bills of finished charges. CPOs send each one once."),
    ("tariffs (Sender)", "Price lists, as the CPO publishes them. EMSPs fetch them here."),
    ("tariffs (Receiver)", "Price lists, as the EMSP knows them. CPOs push what is new or has changed."),
    (
        "tokens (Sender)",
        "Cards and apps of the EMSP's drivers. CPOs fetch them here, and ask here whether one may charge.",
    ),
    ("tokens (Receiver)", "Cards and apps of drivers, as the CPO knows them. EMSPs push what is new or has changed."),
    (
        "commands (Receiver)",
        "What an EMSP wants a station to do: start, stop, unlock, reserve. EMSPs call it for drivers with an app.",
    ),
    ("commands (Sender)", "What became of a command. CPOs report it at the URL that came with the command."),
    (
        "chargingprofiles (Receiver)",
        "How much power a charge gets, and when. EMSPs set it for drivers who are in no hurry.",
    ),
    (
        "chargingprofiles (Sender)",
        "What became of a charging profile. CPOs report it at the URL that came with the request.",
    ),
    ("hubclientinfo (Sender)", "Which parties a hub leads to. Its clients fetch the list here."),
    (
        "hubclientinfo (Receiver)",
        "Which parties a hub leads to, as its client knows them. Hubs push what changes; who is no hub, such as the parties of the \
         demonstration, is refused.",
    ),
    (
        "operator: partners",
        "The company's own side: invite partners, register, see how far they are in sync. For operators, with the operator \
         key.",
    ),
    (
        "operator: exchanges",
        "What has been said with partners a moment ago. For operators, with the operator key; `/inspect` shows it live.",
    ),
    (
        "operator: tokens",
        "The cards and apps of our drivers, and their accounts. For operators, with the operator key.",
    ),
    ("operator: driver", "What an app or a website may show to a driver. For apps, with the operator key."),
    (
        "operator: received",
        "What CPOs have sent us: stations, prices, charges, bills. For operators and apps, with the operator key.",
    ),
    (
        "operator: commands",
        "Commands to stations, and what became of them. For operators and apps, with the operator key.",
    ),
    (
        "operator: reservations",
        "Charge points that are kept for a driver, and what became of that. For operators and apps, with the operator key.",
    ),
    (
        "operator: smart charging",
        "How fast cars charge: limits, what stations intend to do, and what drivers prefer. For energy managers, with the operator \
         key.",
    ),
    (
        "operator: objects",
        "What this platform publishes and stores: sites, prices, charges, bills, tokens. For operators, with the operator \
         key.",
    ),
    (
        "operator: parties",
        "The companies that share this platform: other operators of a CPO's, brands of an EMSP's. For operators, with the operator \
         key.",
    ),
    (
        "operator: stations",
        "The hands at the simulated stations: plug in, hold a card to the reader, break something. For people at the \
         keyboard, with the operator key.",
    ),
];
