/**
 * The tables. An execution is known by an integer key inside the database, so that a short index finds its history; its id
 * is text and appears once.
 *
 * Each list of the port has an index that ends in `(created_at, id)`, the order of lists and the place of cursors. Tags
 * and search attributes are tables of the same form. `indexed by` in the queries names the index that is meant.
 */

export const DATABASE_FILE = "magicflow.db";

/** In the header of the file: "MgFl". Another SQLite file in our place is noticed. */
export const APPLICATION_ID = 0x4d67466c;

/** The columns of `execution` after its key, in the order in which rows travel between threads. */
export const EXECUTION_COLUMNS = [
  "id",
  "shard",
  "workspace",
  "created_at",
  "workflow",
  "version",
  "hash",
  "status",
  "priority",
  "started_at",
  "finished_at",
  "parked",
  "wake_at",
  "tags",
  "metadata",
  "parent_id",
  "origin_id",
  "error_code",
  "error_message",
  "quarantine",
  "dead_letter",
  "replays",
  "dropped_at",
  "dropped_by",
] as const;

/**
 * What the index of active executions covers; the query says it in the same words, or the index is not used. `in` would
 * build its list anew for every row that is written, at half the cost of the row.
 */
export const IS_ACTIVE = "parked = 0 and (status = 'queued' or status = 'running' or status = 'paused')";

/** The first version. Later ones change it in `migrations.ts`; this text stays as it is. */
export const SCHEMA_1: string = `
  create table setting (
    name  text    primary key,
    value integer not null
  ) strict, without rowid;

  create table shard (
    shard integer primary key,
    epoch integer not null
  ) strict;

  create table execution (
    key           integer primary key,
    id            text    not null unique,
    shard         integer not null,
    workspace     text    not null,
    created_at    integer not null,
    workflow      text    not null,
    version       text    not null,
    hash          text    not null,
    status        text    not null,
    priority      integer not null,
    started_at    integer,
    finished_at   integer,
    parked        integer not null, -- 0 or 1
    wake_at       integer,
    tags          text,             -- JSON array; null: none
    metadata      text,             -- JSON object; null: empty
    parent_id     text,
    origin_id     text,
    error_code    text,
    error_message text,
    quarantine    text
  ) strict;

  create index execution_by_time on execution (workspace, created_at, id);
  create index execution_by_workflow on execution (workspace, workflow, created_at, id);
  create index execution_by_status on execution (workspace, status, created_at, id);
  create index execution_by_parent on execution (workspace, parent_id, created_at, id) where parent_id is not null;
  create index execution_by_error on execution (workspace, error_code, created_at, id) where error_code is not null;
  create index execution_quarantined on execution (workspace, created_at, id) where quarantine is not null;
  create index execution_active on execution (shard) where ${IS_ACTIVE};
  create index execution_due on execution (shard, wake_at, id) where parked = 1 and wake_at is not null;

  create table tag (
    workspace  text    not null,
    tag        text    not null,
    created_at integer not null,
    id         text    not null,
    execution  integer not null,
    primary key (workspace, tag, created_at, id)
  ) strict, without rowid;

  create table attribute (
    workspace  text    not null,
    name       text    not null,
    value      text    not null, -- canonical JSON, or its hash where that is shorter
    created_at integer not null,
    id         text    not null,
    execution  integer not null,
    primary key (workspace, name, value, created_at, id)
  ) strict, without rowid;

  create table history (
    execution integer not null,
    first_seq integer not null,
    last_seq  integer not null,
    version   integer not null,
    events    blob    not null, -- UTF-8: JSON texts, joined by newlines
    primary key (execution, first_seq)
  ) strict, without rowid;

  -- Kept with every write, so that counting reads a handful of rows.
  create table workspace_count (
    workspace text    not null,
    status    text    not null,
    count     integer not null,
    primary key (workspace, status)
  ) strict, without rowid;

  create table workflow_count (
    workspace text    not null,
    workflow  text    not null,
    status    text    not null,
    count     integer not null,
    primary key (workspace, workflow, status)
  ) strict, without rowid;

  create table idempotency_key (
    workspace    text    not null,
    key          text    not null,
    execution_id text    not null,
    body_hash    text    not null,
    created_at   integer not null,
    primary key (workspace, key)
  ) strict, without rowid;
  create index idempotency_key_by_time on idempotency_key (created_at);

  create table outbox (
    position integer primary key,
    id       text    not null unique,
    shard    integer not null,
    body     text    not null
  ) strict;
  create index outbox_by_shard on outbox (shard);

  create table wait (
    execution_id text not null,
    path         text not null,
    workspace    text not null,
    event        text not null,
    correlation  text,
    primary key (execution_id, path)
  ) strict, without rowid;
  create index wait_by_event on wait (workspace, event, correlation);

  create table kept_event (
    position        integer primary key,
    workspace       text    not null,
    id              text    not null,
    event           text    not null,
    correlation_key text,
    data            text    not null,
    at              integer not null,
    unique (workspace, id)
  ) strict;
  create index kept_event_by_key on kept_event (workspace, event, correlation_key, at);
  create index kept_event_by_time on kept_event (at);

  create table task (
    task_id      text    primary key,
    execution_id text    not null,
    workspace    text    not null,
    executor     text    not null,
    function     text    not null,
    priority     integer not null,
    created_at   integer not null
  ) strict, without rowid;
  create index task_by_execution on task (execution_id);
  create index task_by_executor on task (workspace, executor, priority desc, created_at, task_id);
  create index task_by_function on task (workspace, executor, function, priority desc, created_at, task_id);

  create table document (
    key        integer primary key,
    collection text    not null,
    workspace  text    not null,
    id         text    not null,
    revision   integer not null,
    body       text    not null,
    "group"    text,
    unique (collection, workspace, id)
  ) strict;
  create index document_by_group on document (collection, workspace, "group", id) where "group" is not null;
`;

/** What executions share: a row for each record and each of its members. */
export const SCHEMA_SHARED: string = `
  create table shared (
    workspace text    not null,
    kind      text    not null,
    key       text    not null,
    member    text    not null, -- empty: the record's own row
    shard     integer not null,
    body      text    not null,
    primary key (workspace, kind, key, member)
  ) strict, without rowid;
  create index shared_by_shard on shared (shard);
  create index shared_records on shared (workspace, kind, key) where member = '';
`;

/** Executions that failed for good are listed until somebody begins them again or drops them. */
export const SCHEMA_DEAD_LETTERS: string = `
  alter table execution add column dead_letter integer not null default 0; -- 0 or 1
  alter table execution add column replays integer not null default 0;
  alter table execution add column dropped_at integer;
  alter table execution add column dropped_by text;
  update execution set dead_letter = 1 where status in ('failed', 'timed_out') and parent_id is null;
  create index execution_dead on execution (workspace, created_at, id) where dead_letter = 1;
`;

/** Snapshots, and how long each history was with each of its packs. */
export const SCHEMA_SNAPSHOTS: string = `
  create table snapshot (
    execution integer primary key,
    seq       integer not null,
    version   text    not null,
    checksum  integer not null, -- CRC-32 of the state: what has changed on disk is no state of ours
    state     blob    not null
  ) strict;

  alter table history add column bytes_until integer not null default 0; -- of all packs up to and with this one
  update history set bytes_until = counted.bytes from (
    select execution as of_execution, first_seq as of_seq,
      sum(length(events)) over (partition by execution order by first_seq) as bytes
    from history
  ) as counted where execution = counted.of_execution and first_seq = counted.of_seq;
`;

/** Which keys stand for an execution: it is not removed before they are. Starts without a key do not pay for it. */
export const SCHEMA_KEYS: string = `
  create index idempotency_key_by_execution on idempotency_key (execution_id);
`;

/**
 * Packs lie in the order in which they are written, and an index finds those of an execution. So a commit fills the last
 * pages of the table instead of touching one for each execution; and a page holds several packs, where a tree without an
 * integer key keeps at most a quarter of a page of each row and gives the rest a page of its own.
 * What is asked without the events lies before them.
 */
export const SCHEMA_PACKS_IN_ORDER: string = `
  alter table history rename to history_before;
  create table history (
    position    integer primary key,
    execution   integer not null,
    first_seq   integer not null,
    last_seq    integer not null,
    version     integer not null,
    bytes_until integer not null, -- of all packs up to and with this one
    events      blob    not null  -- UTF-8: JSON texts, joined by newlines
  ) strict;
  -- Before the rows, which come in its order: nothing has to be sorted.
  create unique index history_by_execution on history (execution, first_seq);
  insert into history select null, execution, first_seq, last_seq, version, bytes_until, events
    from history_before order by execution, first_seq;
  drop table history_before;
`;
