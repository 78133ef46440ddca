"""Who may use the REST API: the first user, `wow user`, the settings file of clients."""
import json
import pathlib
import re
import stat

import pytest

from harness import until
from rest import Rest, User, ENGINE

KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[A-Za-z0-9]{64}")


def test_the_first_start_makes_a_user(start_rest, tmp_path):
    daemon = start_rest(place=tmp_path)
    key = daemon.guest.key
    assert KEY.fullmatch(key) and key in daemon.log()
    assert stat.S_IMODE(daemon.props.stat().st_mode) == 0o600
    assert daemon.props.read_text() == f"APIHOST={daemon.apihost}\nAUTH={key}\n"
    assert daemon.guest.get("/api/v1/namespaces").ok() == ["guest"]
    secret = key.split(":")[1]
    for file in filter(pathlib.Path.is_file, daemon.data.rglob("*")):
        assert secret.encode() not in file.read_bytes(), f"the secret is in {file}"
    ours = {file.name: stat.S_IMODE(file.stat().st_mode) for file in daemon.data.iterdir()
            if file.name.startswith(("wow.db", "journal"))}
    assert len(ours) >= 3 and set(ours.values()) == {0o600}, ours
    daemon.stop()

    # A second start shows no key; the address may have changed, the rest of the file stays.
    daemon.props.write_text("# mine\nAPIHOST=old\nAUTH=" + key + "\nNAMESPACE=_\n")
    size = len(daemon.log())
    again = start_rest(place=tmp_path)
    assert key not in again.log()[size:] and "AUTH" not in again.log()[size:]
    assert again.props.read_text() == f"APIHOST={again.apihost}\n# mine\nAUTH={key}\nNAMESPACE=_\n"
    assert User(again, "guest", key).get("actions").ok() == []


@pytest.mark.log_has("zygote.fault", "zygote.exit", "engine.failed", "wowd.failed")
def test_a_start_that_fails_makes_nobody(start_rest, tmp_path):
    with pytest.raises(AssertionError, match="no-such-user") as failed:
        start_rest("--user", "no-such-user", place=tmp_path)
    assert "made the user" not in str(failed.value)
    daemon = start_rest(place=tmp_path)
    assert daemon.guest.get("actions").ok() == [] and daemon.guest.key in daemon.log()


def test_a_key_that_is_lost(start_rest, tmp_path):
    daemon = start_rest(place=tmp_path)
    old = daemon.guest
    daemon.stop()
    daemon.props.unlink()
    again = start_rest(place=tmp_path)
    assert again.guest.key is None and "wow user key guest" in again.log()
    done = again.wow("user", "key", "guest", "--wskprops", again.props, "--apihost", again.apihost)
    new = User(again, "guest", done.stdout.strip())
    assert KEY.fullmatch(new.key) and f"AUTH={new.key}" in again.props.read_text()
    assert new.get("actions").ok() == []
    until(lambda: User(again, "guest", old.key).get("actions").status == 401,
          "the old key is no longer good")


def test_users_come_and_go(start_rest):
    daemon = start_rest()
    alice, bob = daemon.user("alice"), daemon.user("bob")
    listed = daemon.wow("user", "list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["alice", "bob", "guest"]
    assert alice.key.split(":")[0] in listed[0] and alice.key.split(":")[1] not in listed[0]
    alice.action("a")
    alice.put("packages/p", {"publish": True})
    alice.action("p/web", annotations=[{"key": "web-export", "value": True}])
    bob.action("mine")
    for _ in range(3):
        alice.invoke("a").ok()
    web = "/api/v1/web/alice/p/web.json"
    assert daemon.nobody.get(web).status == 200

    assert daemon.wow("user", "delete", "alice").returncode == 0
    until(lambda: alice.get("actions").status == 401, "alice is gone")
    until(lambda: daemon.nobody.get(web).status == 404, "and her web action")
    assert bob.post("/api/v1/namespaces/alice/actions/p/web").status == 403
    for table in "entity", "activation":
        column = "ns" if table == "activation" else "id"
        assert daemon.sql(f"SELECT count({column}) FROM {table} WHERE ns NOT IN "
                          "(SELECT id FROM namespace)") == 0
    assert daemon.sql("SELECT count(*) FROM namespace WHERE name = 'alice'") == 0

    again = daemon.user("alice")
    assert again.get("actions").ok() == [] and again.get("activations").ok() == []
    assert bob.result("mine", {"x": 1}) == {"x": 1}


def test_a_key_of_ones_choice(start_rest):
    daemon = start_rest()
    key = "12345678-1234-4321-abcd-123456789abc:" + "k" * 64
    user = daemon.user("fixed", "--auth", key)
    assert user.key == key and user.get("actions").ok() == []
    for args, says in [(("create", "fixed"), "there is a user 'fixed'"),
                       (("create", "other", "--auth", key), "or one with this key"),
                       (("create", "x", "--auth", "short:key"), "a key is UUID:SECRET"),
                       (("create", "_"), "is no name for a namespace"),
                       (("create", "a/b"), "is no name for a namespace"),
                       (("create",), "which NAME?"), (("delete", "nosuch"), "there is no user"),
                       (("key", "nosuch"), "there is no user"),
                       (("create", "x", "--concurrent", "many"), "is not a number"),
                       (("list", "x"), "'x' is too much")]:
        done = daemon.wow("user", *args)
        assert done.returncode != 0 and says in done.stderr and not done.stdout, args


def test_for_programs(start_rest):
    daemon = start_rest()
    made = json.loads(daemon.wow("user", "create", "x", "--fires", "7", "--json").stdout)
    assert KEY.fullmatch(made["auth"])
    guest, other = json.loads(daemon.wow("user", "list", "--json").stdout)
    assert guest["name"] == "guest" and guest["uuid"] == daemon.guest.key.split(":")[0]
    assert other == {"name": "x", "uuid": made["auth"].split(":")[0], "fires": 7}


def test_users_without_a_daemon(tmp_path):
    """The store is made by whoever comes first; a user made before means that there is no guest."""
    import subprocess
    from harness import BUILD
    data = tmp_path / "data"
    done = subprocess.run([BUILD / "wow", "user", "create", "first", "--data", data],
                          capture_output=True, text=True, check=True)
    daemon = Rest(tmp_path, ENGINE)
    try:
        assert daemon.guest.key is None
        assert User(daemon, "first", done.stdout.strip()).get("/api/v1/namespaces").ok() == ["first"]
        assert len(daemon.wow("user", "list").stdout.splitlines()) == 1
    finally:
        daemon.stop()
