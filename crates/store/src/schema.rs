//! Tables of the projection, and how its connections are set up. A change here raises [`VERSION`],
//! and the next start builds the tables anew from the trail: there are no migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

/// Version of the tables and of what is written into them.
pub const VERSION: i64 = 8;

/// Memory that the writer's connection uses for pages.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// Memory that each reader's connection uses for pages.
const READER_CACHE_KIB: i64 = 2 * 1024;
/// Size above which the write-ahead log is cut when it is empty.
const WAL_BYTES_KEPT: i64 = 16 << 20;
/// Pages of the write-ahead log after which it is written back: fewer, larger write-backs.
const WAL_PAGES: i64 = 4000;
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Times are nanoseconds since 1970, receipt times unless said otherwise; a quarter is the start of
/// fifteen minutes; `block` and `entry` are the place in the trail; names stand once, in `name`.
const TABLES: &str = "
CREATE TABLE cursor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    blocks INTEGER NOT NULL,       -- blocks of the trail that these tables hold
    root BLOB NOT NULL,            -- root of the last of them
    newest INTEGER,                -- newest time of an entry, by our clock
    schema INTEGER NOT NULL
);
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE rule (
    name INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    severities INTEGER NOT NULL,   -- a bit each, 1 << severity
    criteria TEXT NOT NULL         -- JSON list
);
CREATE TABLE finding (
    id INTEGER PRIMARY KEY,
    finding TEXT NOT NULL UNIQUE,
    rule INTEGER NOT NULL,
    source INTEGER NOT NULL,
    severity INTEGER NOT NULL,     -- 0 is most severe
    status INTEGER NOT NULL,
    verdict INTEGER,
    accepted_until INTEGER,
    first_seen INTEGER NOT NULL,   -- event time
    last_seen INTEGER NOT NULL,    -- event time
    opened INTEGER NOT NULL,
    count INTEGER NOT NULL,
    handling INTEGER NOT NULL,     -- its present case
    subject TEXT NOT NULL,         -- JSON
    soc2 TEXT NOT NULL,            -- JSON list
    output TEXT NOT NULL
);
CREATE INDEX finding_status ON finding (status, last_seen, severity, accepted_until);
CREATE INDEX finding_rule ON finding (rule, last_seen, severity, status);
CREATE TABLE finding_count (
    status INTEGER NOT NULL, severity INTEGER NOT NULL, findings INTEGER NOT NULL,
    PRIMARY KEY (status, severity)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE finding_text USING fts5 (words, content='', tokenize='trigram');
CREATE TABLE handling (            -- a case: one time that a finding stood open
    id INTEGER PRIMARY KEY,
    finding INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    happened INTEGER NOT NULL,     -- event time
    block INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    last_block INTEGER NOT NULL,   -- its last alert
    last_entry INTEGER NOT NULL,
    last_received INTEGER NOT NULL,
    concluded INTEGER              -- time of the decision by which it stands concluded
);
CREATE TABLE handling_day (
    handling INTEGER NOT NULL,
    day INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    severity INTEGER NOT NULL,     -- most severe
    PRIMARY KEY (handling, day)
) WITHOUT ROWID;
CREATE INDEX handling_opened ON handling (opened);
CREATE INDEX handling_concluded ON handling (concluded, opened);
CREATE TABLE decision (
    block INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    finding INTEGER NOT NULL,
    handling INTEGER NOT NULL,
    decision TEXT NOT NULL,        -- JSON, as in the trail
    PRIMARY KEY (block, entry)
) WITHOUT ROWID;
CREATE INDEX decision_finding ON decision (finding);
CREATE INDEX decision_handling ON decision (handling);
CREATE TABLE seen (                -- events of the last days, so that each counts once
    source INTEGER NOT NULL,
    time INTEGER NOT NULL,         -- event time
    hash INTEGER NOT NULL,
    PRIMARY KEY (source, time, hash)
) WITHOUT ROWID;
CREATE TABLE shipment (            -- how far each stream of a node came: entries count once
    node INTEGER NOT NULL,
    stream TEXT NOT NULL,
    number INTEGER NOT NULL,       -- highest that is kept
    missing INTEGER NOT NULL,      -- numbers below it that never came
    time INTEGER,                  -- when the last that says so happened, by the node's clock
    PRIMARY KEY (node, stream)
) WITHOUT ROWID;
CREATE TABLE hole (                -- numbers that never came
    node INTEGER NOT NULL,
    stream TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    source INTEGER NOT NULL,
    since INTEGER,                 -- when what came before them happened
    until INTEGER NOT NULL,        -- when what came after them happened
    block INTEGER NOT NULL, entry INTEGER NOT NULL,
    PRIMARY KEY (node, stream, first)
) WITHOUT ROWID;
CREATE TABLE tally (
    quarter INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    PRIMARY KEY (quarter, rule, severity)
) WITHOUT ROWID;
CREATE TABLE stretch (             -- neighbouring blocks with some thousand alerts
    block INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,         -- its last block
    oldest INTEGER NOT NULL,       -- alert in it
    newest INTEGER NOT NULL,       -- alert in it
    alerts INTEGER NOT NULL
);
CREATE INDEX stretch_newest ON stretch (newest, oldest);
CREATE TABLE activity_stretch (    -- neighbouring entries of a node with some thousand items
    id INTEGER PRIMARY KEY,
    node INTEGER NOT NULL,
    block INTEGER NOT NULL,        -- its first entry
    entry INTEGER NOT NULL,
    last_block INTEGER NOT NULL,   -- its last entry
    last_entry INTEGER NOT NULL,
    oldest INTEGER NOT NULL,       -- by the node's clock
    newest INTEGER NOT NULL,       -- by the node's clock
    items INTEGER NOT NULL,
    kinds INTEGER NOT NULL         -- a bit each
);
CREATE INDEX activity_stretch_last ON activity_stretch (last_block, last_entry);
CREATE INDEX activity_stretch_node ON activity_stretch (node, newest);
CREATE TABLE activity_word (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE);
CREATE TABLE activity_in (         -- which stretches hold a word
    word INTEGER NOT NULL,
    stretch INTEGER NOT NULL,
    kinds INTEGER NOT NULL,        -- of the items that have it
    PRIMARY KEY (word, stretch)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE activity_text USING fts5
    (words, content='', tokenize='trigram', detail='none', columnsize=0);
CREATE TABLE activity_session (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL UNIQUE,
    node INTEGER NOT NULL,
    leader INTEGER NOT NULL,       -- pid
    began INTEGER NOT NULL,        -- by the node's clock
    ended INTEGER,                 -- by the node's clock
    newest INTEGER NOT NULL,       -- its last item
    commands INTEGER NOT NULL,
    block INTEGER NOT NULL,        -- where it was told of first
    entry INTEGER NOT NULL,
    namespace TEXT,
    pod TEXT,
    container TEXT,
    actor TEXT NOT NULL,           -- JSON, as in the trail
    process TEXT NOT NULL,
    told TEXT NOT NULL,            -- JSON, as in the trail
    exit TEXT                      -- JSON, as in the trail
);
CREATE INDEX activity_session_began ON activity_session (began);
CREATE INDEX activity_session_leader ON activity_session (node, leader);
CREATE TABLE interruption (        -- between two runs of a node's watch, by the node's clock
    node INTEGER NOT NULL,
    until INTEGER NOT NULL,        -- when it was watched again
    since INTEGER,                 -- until when it was watched before, if that is known
    activity INTEGER,              -- since when activity may be missing
    connections INTEGER,           -- since when counts of connections may be
    block INTEGER NOT NULL,        -- the status that says so first
    entry INTEGER NOT NULL,
    PRIMARY KEY (node, until)
) WITHOUT ROWID;
CREATE INDEX interruption_until ON interruption (until);
CREATE TABLE rejected (
    quarter INTEGER NOT NULL,
    source INTEGER NOT NULL,
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (quarter, source)
) WITHOUT ROWID;
CREATE TABLE instance (
    source INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    records INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    PRIMARY KEY (source, instance)
) WITHOUT ROWID;
CREATE TABLE source_status (
    source INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    block INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    records INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    newest INTEGER,
    connected INTEGER NOT NULL,
    rules INTEGER NOT NULL,
    reason TEXT,
    sensor TEXT,                   -- JSON, as in the trail
    PRIMARY KEY (source, instance, minute, block, entry)
) WITHOUT ROWID;
CREATE TABLE rules_loaded (
    block INTEGER NOT NULL, entry INTEGER NOT NULL, time INTEGER NOT NULL, loaded TEXT NOT NULL,
    PRIMARY KEY (block, entry)
) WITHOUT ROWID;
CREATE TABLE administration (
    block INTEGER NOT NULL, entry INTEGER NOT NULL, time INTEGER NOT NULL, act TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (block, entry)
) WITHOUT ROWID;
CREATE INDEX administration_time ON administration (time);
CREATE INDEX administration_act ON administration (act);
CREATE TABLE canary (              -- the newest of each family
    source TEXT NOT NULL,
    instance TEXT NOT NULL,
    family TEXT NOT NULL,
    missed INTEGER NOT NULL,       -- of the newest that was tested
    block INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (source, instance, family)
) WITHOUT ROWID;
CREATE TABLE canary_change (       -- those that were missed first, and seen first again
    block INTEGER NOT NULL, entry INTEGER NOT NULL, time INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (block, entry)
) WITHOUT ROWID;
CREATE TABLE start (
    block INTEGER NOT NULL, entry INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (block, entry)
) WITHOUT ROWID;
";

/// How far the tables follow the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Blocks that they hold.
    pub blocks: u64,
    /// Root of the last of them.
    pub root: [u8; 32],
}

/// Opens the tables for writing; empty ones if there are none.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The trail is the truth: a commit lost with the power is applied again from it.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    set_up(&connection)?;
    Ok(connection)
}

/// Makes empty tables in memory.
pub fn open_in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    set_up(&connection)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    keep_plans(connection)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(64);
    let empty = "SELECT count(*) = 0 FROM sqlite_master";
    if connection.query_row(empty, [], |row| row.get(0))? {
        connection.execute_batch(&format!("BEGIN;{TABLES}COMMIT;"))?;
        connection
            .execute("INSERT INTO cursor VALUES (1, 0, zeroblob(32), NULL, ?1)", [VERSION])?;
    }
    Ok(())
}

/// Has a statement planned once and not again for each value bound to it, which cost three quarters
/// of the time that a block of new faces took.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens the tables for reading.
pub fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_WAIT)?;
    keep_plans(&connection)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Returns how far the tables are; `None` if they are of another version.
pub fn cursor(connection: &Connection) -> rusqlite::Result<Option<Cursor>> {
    let read = "SELECT schema, blocks, root FROM cursor WHERE id = 1";
    let row = connection.query_row(read, [], |row| {
        Ok((row.get::<_, i64>(0)?, Cursor { blocks: row.get(1)?, root: row.get(2)? }))
    });
    let row = row.optional()?;
    Ok(row.filter(|(version, _)| *version == VERSION).map(|(_, cursor)| cursor))
}

/// Tells whether an error says that the file is no sound database: it is built anew.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => matches!(
            failure.code,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SchemaChanged
        ),
        // Another version's tables, or none, where ours should be.
        rusqlite::Error::SqlInputError { .. }
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnIndex(_) => true,
        _ => false,
    }
}

/// Tells whether an error says that there is no room.
pub fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}
