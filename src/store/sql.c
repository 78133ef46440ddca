#include "store/sql.h"

#define USER "id, name, uuid, key, invocations, concurrent, fires FROM namespace"
/* The small columns stand first: what a list shows is read without a long row's other pages. */
#define ENTITY                                                                                 \
    "e.id, e.revision, e.ns, n.name, e.package, e.name, e.type, e.version, e.publish, "        \
    "e.updated, e.kind, e.binary, e.main, e.code, e.timeout, e.memory, e.logs, e.concurrency, " \
    "e.instances, e.binding, e.trigger, e.action, e.active, e.linked, e.annotations, "         \
    "e.components, e.parameters FROM entity e JOIN namespace n ON n.id = e.ns"
#define RECORD "seq, tail, path, start, status, head, response, logs FROM activation"
#define ALARM \
    "a.trigger, a.ns, e.name, a.kind, a.cron, a.zone, a.minutes, a.date, a.start, a.stop, "    \
    "a.strict, a.afterwards, a.payload, a.remaining, a.since, a.next, a.changed, a.reason, "   \
    "a.revision FROM alarm a JOIN entity e ON e.id = a.trigger"
#define ORDER " ORDER BY updated DESC, id DESC"
/* A page: which rows is found out in an index alone, however many are skipped. */
#define PAGE(where) \
    "SELECT " ENTITY                                                                            \
    " WHERE e.id IN (SELECT id FROM entity WHERE ns = ?1 AND type = ?2" where ORDER             \
    " LIMIT ?3 OFFSET ?4) ORDER BY e.updated DESC, e.id DESC"
#define LATEST " ORDER BY start DESC, seq DESC LIMIT ?4 OFFSET ?5"
#define BETWEEN " AND start BETWEEN ?2 AND ?3"

const char *const sql_text[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SYNC_FULL] = "PRAGMA synchronous = FULL",
    [SQL_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
    [SQL_BYTES] = "SELECT (page_count - freelist_count) * page_size"
                  " FROM pragma_page_count, pragma_freelist_count, pragma_page_size",

    [SQL_USER_ADD] = "INSERT INTO namespace (name, uuid, key, invocations, concurrent, fires)"
                     " VALUES (?1, ?2, ?3, nullif(?4, -1), nullif(?5, -1), nullif(?6, -1))"
                     /* whisk.system is there, and whoever asks first has its key */
                     " ON CONFLICT (name) DO UPDATE SET uuid = ?2, key = ?3,"
                     " invocations = nullif(?4, -1), concurrent = nullif(?5, -1),"
                     " fires = nullif(?6, -1) WHERE key = zeroblob(32)",
    [SQL_USER_BY_UUID] = "SELECT " USER " WHERE uuid = ?1",
    [SQL_USER_BY_NAME] = "SELECT " USER " WHERE name = ?1",
    [SQL_USER_BY_ID] = "SELECT " USER " WHERE id = ?1",
    /* But whisk.system, as long as nobody was given its key. */
    [SQL_USER_LIST] = "SELECT " USER " WHERE key <> zeroblob(32) ORDER BY name",
    [SQL_USER_SET_KEY] = "UPDATE namespace SET uuid = ?2, key = ?3 WHERE id = ?1",
    [SQL_USER_DISABLE] = "UPDATE namespace SET key = x'' WHERE id = ?1",
    [SQL_USER_DELETE] = "DELETE FROM namespace WHERE id = ?1",
    [SQL_USER_DROP_ACTIVATIONS] = "DELETE FROM activation WHERE seq IN"
                                  " (SELECT seq FROM activation WHERE ns = ?1 LIMIT ?2)",
    [SQL_USER_DROP_PENDING] = "DELETE FROM pending WHERE ns = ?1",

    [SQL_ENTITY_GET] = "SELECT " ENTITY " WHERE e.ns = ?1 AND e.package = ?2 AND e.name = ?3",
    [SQL_ENTITY_ADD] =
        "INSERT INTO entity (ns, package, name, type, revision, version, publish, updated, kind,"
        " binary, main, code, timeout, memory, logs, concurrency, instances, binding, trigger,"
        " action, active, linked, annotations, components, parameters) VALUES"
        " (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
        " ?19, ?20, ?21, ?22, ?23, ?24)",
    [SQL_ENTITY_UPDATE] =
        "UPDATE entity SET revision = revision + 1, version = ?5, publish = ?6, updated = ?7,"
        " kind = ?8, binary = ?9, main = ?10, code = ?11, timeout = ?12, memory = ?13, logs = ?14,"
        " concurrency = ?15, instances = ?16, binding = ?17, trigger = ?18, action = ?19,"
        " active = ?20, linked = ?21, annotations = ?22, components = ?23, parameters = ?24"
        " WHERE ns = ?1 AND package = ?2 AND name = ?3 AND type = ?4 AND id = ?25"
        " AND revision = ?26",
    [SQL_ENTITY_DELETE] = "DELETE FROM entity WHERE id = ?1 AND revision = ?2",
    [SQL_ENTITY_LIST] = PAGE(""),
    [SQL_ENTITY_LIST_PACKAGE] = PAGE(" AND package = ?5"),
    [SQL_ENTITY_LIST_SHARED] = PAGE(" AND publish AND binding IS NULL"),
    [SQL_ENTITY_COUNT] = "SELECT count(*) FROM entity WHERE ns = ?1 AND type = ?2",
    [SQL_ENTITY_COUNT_PACKAGE] =
        "SELECT count(*) FROM entity WHERE ns = ?1 AND type = ?2 AND package = ?3",
    [SQL_ENTITY_COUNT_SHARED] = "SELECT count(*) FROM entity WHERE ns = ?1 AND type = ?2"
                                " AND publish AND binding IS NULL",
    [SQL_PACKAGE_EMPTY] = "DELETE FROM entity WHERE ns = ?1 AND package = ?2",

    [SQL_CODE_ADD] = "INSERT OR IGNORE INTO code (hash, text) VALUES (?1, ?2)",
    [SQL_CODE_GET] = "SELECT text FROM code WHERE hash = ?1",

    [SQL_TRIGGER_RULES] =
        "SELECT " ENTITY " WHERE e.ns = ?1 AND e.trigger = ?2 AND e.linked ORDER BY e.id",
    [SQL_TRIGGER_UNLINK] =
        "UPDATE entity SET active = 0, linked = 0 WHERE ns = ?1 AND trigger = ?2 AND type = ?3",
    [SQL_TRIGGER_RULED] =
        "UPDATE entity SET linked = 1 WHERE ns = ?1 AND package = '' AND name = ?2 AND type = ?3",
    [SQL_RULE_SET] = "UPDATE entity SET active = ?3, linked = ?4, revision = revision + 1"
                     " WHERE id = ?1 AND revision = ?2",

    [SQL_ACTIVATION_ADD] =
        "INSERT OR IGNORE INTO activation (seq, tail, ns, path, start, status, head, response,"
        " logs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_ACTIVATION_GET] = "SELECT " RECORD " WHERE seq = ?1 AND tail = ?2 AND ns = ?3",
    [SQL_ACTIVATION_LAST] = "SELECT max((SELECT ifnull(max(seq), 0) FROM activation),"
                            " (SELECT ifnull(max(seq), 0) FROM pending))",
    [SQL_ACTIVATION_LIST] = "SELECT " RECORD " WHERE ns = ?1" BETWEEN LATEST,
    [SQL_ACTIVATION_LIST_NAMED] = "SELECT " RECORD " WHERE ns = ?1" BETWEEN " AND path = ?6" LATEST,
    [SQL_ACTIVATION_COUNT] = "SELECT count(*) FROM activation WHERE ns = ?1" BETWEEN,
    [SQL_ACTIVATION_COUNT_NAMED] =
        "SELECT count(*) FROM activation WHERE ns = ?1" BETWEEN " AND path = ?4",
    [SQL_ACTIVATION_TRIM_AGE] =
        "DELETE FROM activation WHERE seq IN"
        " (SELECT seq FROM activation WHERE seq < ?1 ORDER BY seq LIMIT ?2)",
    [SQL_ACTIVATION_TRIM_SIZE] = "DELETE FROM activation WHERE seq IN"
                                 " (SELECT seq FROM activation ORDER BY seq LIMIT ?1)",
    [SQL_PENDING_ADD] = "INSERT OR IGNORE INTO pending (seq, tail, ns, target, args)"
                        " VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_PENDING_DROP] = "DELETE FROM pending WHERE seq = ?1",
    [SQL_PENDING_LIST] = "SELECT seq, tail, ns, target, args FROM pending"
                         " WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",

    [SQL_ALARM_GET] = "SELECT " ALARM " WHERE a.trigger = ?1",
    [SQL_ALARM_PUT] =
        "INSERT INTO alarm (trigger, ns, kind, cron, zone, minutes, date, start, stop, strict,"
        " afterwards, payload, remaining, since, next, changed, reason, revision) VALUES"
        " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, nullif(?15, 0), ?16, ?17,"
        " 1) ON CONFLICT (trigger) DO UPDATE SET cron = ?4, zone = ?5, minutes = ?6, date = ?7,"
        " start = ?8, stop = ?9, strict = ?10, afterwards = ?11, payload = ?12, remaining = ?13,"
        " since = ?14, next = nullif(?15, 0), changed = ?16, reason = ?17,"
        " revision = revision + 1 WHERE revision = ?18",
    [SQL_ALARM_DELETE] = "DELETE FROM alarm WHERE trigger = ?1 AND revision = ?2",
    [SQL_ALARM_COUNT] = "SELECT count(*) FROM alarm WHERE ns = ?1",
    [SQL_ALARM_COUNT_ALL] = "SELECT count(*) FROM alarm WHERE next IS NOT NULL",
    [SQL_ALARM_DUE] = "SELECT " ALARM " WHERE a.next <= ?1 ORDER BY a.next LIMIT ?2",
    [SQL_ALARM_NEXT] = "SELECT min(next) FROM alarm WHERE next IS NOT NULL",
    /* What came due while nobody was there; what was planned by a clock that was ahead. */
    [SQL_ALARM_BEHIND] =
        "SELECT " ALARM " WHERE a.next <= ?1 AND a.trigger > ?2 ORDER BY a.trigger LIMIT ?3",
    [SQL_ALARM_AHEAD] = "SELECT " ALARM " WHERE a.since > ?1 AND a.next IS NOT NULL"
                        " AND a.trigger > ?2 ORDER BY a.trigger LIMIT ?3",
    [SQL_ALARM_CLAIM] =
        "UPDATE alarm SET remaining = ?4, since = ?5, next = nullif(?6, 0), reason = ?7,"
        " changed = CASE WHEN ?7 IS NULL THEN changed ELSE ?5 END"
        " WHERE trigger = ?1 AND revision = ?2 AND next = ?3",
};

/* An action of the package alarms, and its parameters as clients show them. */
#define NEEDS(parameter) "{\"name\":\"" parameter "\",\"required\":true}"
#define TAKES(parameter) "{\"name\":\"" parameter "\",\"required\":false}"
#define FEED(name, description, parameters)                                                 \
    "INSERT OR IGNORE INTO entity (ns, package, name, type, revision, version, publish,"    \
    " updated, kind, binary, timeout, memory, logs, concurrency, annotations, parameters)"  \
    " SELECT ns, 'alarms', '" name "', 1, 1, '0.0.1', 0, updated, 'builtin', 0, 60000, 256," \
    " 10, 1, '[{\"key\":\"description\",\"value\":\"" description "\"},"                    \
    "{\"key\":\"parameters\",\"value\":[" parameters "]},"                                  \
    "{\"key\":\"feed\",\"value\":true},{\"key\":\"exec\",\"value\":\"builtin\"}]', '[]'"      \
    " FROM entity WHERE package = '' AND name = 'alarms' AND type = 2"                      \
    " AND ns = (SELECT id FROM namespace WHERE name = 'whisk.system');"

const char *const sql_migrations[] = {
    /* 1: the first schema. Where a row's text may be long, what lists need stands before it. */
    "CREATE TABLE namespace ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL UNIQUE,"
    "  uuid TEXT NOT NULL UNIQUE,"
    "  key BLOB NOT NULL," /* SHA-256 of the secret */
    /* limits of its own; NULL: the daemon's */
    "  invocations INTEGER, concurrent INTEGER, fires INTEGER"
    ") STRICT;"

    "CREATE TABLE code (hash BLOB PRIMARY KEY, text TEXT NOT NULL) STRICT;"

    /* Actions, packages, triggers and rules: they share one space of names. */
    "CREATE TABLE entity ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  ns INTEGER NOT NULL REFERENCES namespace ON DELETE CASCADE,"
    "  package TEXT NOT NULL," /* '': in none */
    "  name TEXT NOT NULL,"
    "  type INTEGER NOT NULL,"
    "  revision INTEGER NOT NULL," /* of this row; who changes it says which one was seen */
    "  version TEXT NOT NULL,"
    "  publish INTEGER NOT NULL,"
    "  updated INTEGER NOT NULL," /* ms */
    /* actions */
    "  kind TEXT, binary INTEGER, main TEXT, code BLOB REFERENCES code,"
    "  timeout INTEGER, memory INTEGER, logs INTEGER, concurrency INTEGER, instances INTEGER,"
    /* packages: 'namespace/name'; rules: a trigger's name, 'namespace/[package/]name' */
    "  binding TEXT, trigger TEXT, action TEXT,"
    "  active INTEGER," /* rules */
    "  linked INTEGER," /* rules: the trigger knows it; triggers: some rule was linked once */
    "  annotations TEXT NOT NULL, components TEXT, parameters TEXT NOT NULL,"
    "  UNIQUE (ns, package, name)"
    ") STRICT;"
    "CREATE INDEX entity_by_type ON entity (ns, type, updated);"
    "CREATE INDEX entity_by_package ON entity (ns, package, type, updated);"
    "CREATE INDEX entity_by_code ON entity (code);"
    "CREATE INDEX entity_by_trigger ON entity (ns, trigger) WHERE trigger IS NOT NULL;"

    /* Code goes with the last action that has it. */
    "CREATE TRIGGER code_of_deleted AFTER DELETE ON entity WHEN old.code IS NOT NULL BEGIN"
    "  DELETE FROM code WHERE hash = old.code"
    "    AND NOT EXISTS (SELECT 1 FROM entity WHERE code = old.code);"
    "END;"
    "CREATE TRIGGER code_of_updated AFTER UPDATE OF code ON entity"
    "  WHEN old.code IS NOT NULL AND old.code IS NOT new.code BEGIN"
    "  DELETE FROM code WHERE hash = old.code"
    "    AND NOT EXISTS (SELECT 1 FROM entity WHERE code = old.code);"
    "END;"

    /* seq and tail are the two halves of the id; seq grows with time. */
    "CREATE TABLE activation ("
    "  seq INTEGER PRIMARY KEY,"
    "  tail INTEGER NOT NULL,"
    "  ns INTEGER NOT NULL,"
    "  path TEXT NOT NULL,"     /* 'name' or 'package/name' */
    "  start INTEGER NOT NULL," /* ms */
    "  status INTEGER NOT NULL,"
    "  head TEXT NOT NULL, response TEXT NOT NULL, logs TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX activation_by_start ON activation (ns, start);"
    "CREATE INDEX activation_by_path ON activation (ns, path, start);"

    /* Accepted and not yet ended: run again after a crash. */
    "CREATE TABLE pending ("
    "  seq INTEGER PRIMARY KEY,"
    "  tail INTEGER NOT NULL,"
    "  ns INTEGER NOT NULL,"
    "  target TEXT NOT NULL,"
    "  args TEXT NOT NULL"
    ") STRICT;",

    /*
     * 2: alarms. One belongs to a trigger and goes with it. Dates and the payload are the JSON that
     * was sent; `next` is the tick to come, NULL when there is none, and `since` the time from
     * which it was worked out.
     */
    "CREATE TABLE alarm ("
    "  trigger INTEGER PRIMARY KEY REFERENCES entity ON DELETE CASCADE,"
    "  ns INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL,"
    "  cron TEXT, zone TEXT, minutes INTEGER, date TEXT, start TEXT, stop TEXT, strict TEXT,"
    "  afterwards TEXT, payload TEXT NOT NULL,"
    "  remaining INTEGER NOT NULL,"            /* fires; -1: any number */
    "  since INTEGER NOT NULL, next INTEGER,"  /* ms */
    "  changed INTEGER NOT NULL, reason TEXT," /* when it became active or ceased to be, and why */
    "  revision INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX alarm_by_next ON alarm (next) WHERE next IS NOT NULL;"
    "CREATE INDEX alarm_by_ns ON alarm (ns);"

    /* The package that sets them, and its namespace, whose key nobody has: no hash is all zeros. */
    "INSERT OR IGNORE INTO namespace (name, uuid, key) VALUES"
    "  ('whisk.system', '00000000-0000-4000-8000-000000000000', zeroblob(32));"
    "INSERT OR IGNORE INTO entity"
    "  (ns, package, name, type, revision, version, publish, updated, annotations, parameters)"
    "  SELECT id, '', 'alarms', 2, 1, '0.0.1', 1, strftime('%s') * 1000,"
    "  '[{\"key\":\"description\",\"value\":\"Alarms and periodic utility\"},"
    "{\"key\":\"parameters\",\"value\":[" TAKES(
        "trigger_payload") "]}]', '[]'"
                           "  FROM namespace WHERE name = 'whisk.system';" FEED(
                               "alarm", "Fire trigger when alarm occurs",
                               NEEDS("cron") "," TAKES("timezone") "," TAKES("startDate") "," TAKES(
                                   "stopDate") "," TAKES("maxTriggers") "," TAKES("strict"))
                               FEED("interval", "Fire trigger at specified interval",
                                    NEEDS("minutes") "," TAKES("startDate") "," TAKES("stopDate"))
                                   FEED("once", "Fire trigger once when alarm occurs",
                                        NEEDS("date") "," TAKES("deleteAfterFire")),
};

const int sql_migrationc = sizeof sql_migrations / sizeof *sql_migrations;
