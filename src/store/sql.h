#pragma once

/* Every statement that wow runs, by name; the text is in sql.c. */

enum sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SYNC_FULL,
    SQL_SYNC_NORMAL,
    SQL_BYTES,

    SQL_USER_ADD,
    SQL_USER_BY_UUID,
    SQL_USER_BY_NAME,
    SQL_USER_BY_ID,
    SQL_USER_LIST,
    SQL_USER_SET_KEY,
    SQL_USER_DISABLE,
    SQL_USER_DELETE,
    SQL_USER_DROP_ACTIVATIONS,
    SQL_USER_DROP_PENDING,

    SQL_ENTITY_GET,
    SQL_ENTITY_ADD,
    SQL_ENTITY_UPDATE,
    SQL_ENTITY_DELETE,
    SQL_ENTITY_LIST,
    SQL_ENTITY_LIST_PACKAGE,
    SQL_ENTITY_LIST_SHARED,
    SQL_ENTITY_COUNT,
    SQL_ENTITY_COUNT_PACKAGE,
    SQL_ENTITY_COUNT_SHARED,
    SQL_PACKAGE_EMPTY,

    SQL_CODE_ADD,
    SQL_CODE_GET,

    SQL_TRIGGER_RULES,
    SQL_TRIGGER_UNLINK,
    SQL_TRIGGER_RULED,
    SQL_RULE_SET,

    SQL_ACTIVATION_ADD,
    SQL_ACTIVATION_GET,
    SQL_ACTIVATION_LAST,
    SQL_ACTIVATION_LIST,
    SQL_ACTIVATION_LIST_NAMED,
    SQL_ACTIVATION_COUNT,
    SQL_ACTIVATION_COUNT_NAMED,
    SQL_ACTIVATION_TRIM_AGE,
    SQL_ACTIVATION_TRIM_SIZE,
    SQL_PENDING_ADD,
    SQL_PENDING_DROP,
    SQL_PENDING_LIST,

    SQL_STATEMENTS
};

extern const char *const sql_text[SQL_STATEMENTS];

/* The steps from an empty file to the schema of today; a database remembers how many it has had. */
extern const char *const sql_migrations[];
extern const int sql_migrationc;
