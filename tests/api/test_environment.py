"""What a guest sees: its name, its environment, and directories it was granted."""
import pytest

from harness import Background, epoch_ms

def environment(reply):
    """The guest's environment as a dict."""
    pairs = [text.split("=", 1) for text in reply.result["env"]]
    assert len(dict(pairs)) == len(pairs), "a name appears twice"
    return dict(pairs)


def test_the_arguments_of_a_command_are_its_name_and_a_length(wowd):
    assert wowd.container("environ.wat").run({}).result["args"] == ["action", "2"]
    container = wowd.container("environ.wat", name="hello ❄")
    assert container.run({"a": 1}).result["args"] == ["hello ❄", "8"]


def test_the_environment_is_inits(wowd):
    container = wowd.container("environ.wat", env={
        "SOME_VAR": "xyz", "ANOTHER_VAR": "", "lower": "❄ \"q\" \\", "NUMBER": 12.50, "TRUE": True,
        "OBJECT": {"a": [1]}, "NOTHING": None, "EQUALS": "a=b=c"})
    for _ in range(2):
        assert environment(container.run({})) == {
            "SOME_VAR": "xyz", "ANOTHER_VAR": "", "lower": "❄ \"q\" \\", "NUMBER": "12.5",
            "TRUE": "true", "OBJECT": '{"a": [1]}', "NOTHING": "", "EQUALS": "a=b=c"}


def test_what_else_a_run_says_is_in_the_environment(wowd):
    deadline = epoch_ms() + 60000
    reply = wowd.container("environ.wat", env={"__OW_API_HOST": "xyz"}).run(
        {}, api_key="abc", namespace="zzz", action_name="xxx", action_version="0.0.1",
        activation_id="iii", deadline=str(deadline), transaction_id=None)
    assert environment(reply) == {
        "__OW_API_HOST": "xyz", "__OW_API_KEY": "abc", "__OW_NAMESPACE": "zzz",
        "__OW_ACTION_NAME": "xxx", "__OW_ACTION_VERSION": "0.0.1", "__OW_ACTIVATION_ID": "iii",
        "__OW_DEADLINE": str(deadline)}


def test_members_known_to_wowd_are_not_in_the_environment(wowd):
    assert environment(wowd.container("environ.wat").run({}, logs=True)) == {}


def test_what_a_run_says_counts_more_than_what_init_said(wowd):
    container = wowd.container("environ.wat", env={"__OW_NAMESPACE": "one", "A": "1"})
    assert environment(container.run({}, namespace="two")) == {"__OW_NAMESPACE": "two", "A": "1"}
    assert environment(container.run({})) == {"__OW_NAMESPACE": "one", "A": "1"}


def test_an_environment_belongs_to_one_activation(wowd):
    container = wowd.container("environ.wat")
    runs = [Background(lambda i=i: container.run({}, x=str(i), namespace="n")) for i in range(20)]
    assert [environment(run.wait())["__OW_X"] for run in runs] == [str(i) for i in range(20)]


@pytest.mark.parametrize("count", [100, 512])
def test_an_environment_may_be_large(wowd, count):
    env = {f"NAME_{i}": "v" * 100 for i in range(count)}
    assert environment(wowd.container("environ.wat", env=env).run({})) == env


def test_more_variables_than_a_guest_is_given_are_refused(wowd):
    container = wowd.start()
    env = {f"N{i}": "" for i in range(2000)}
    reply = container.init("environ.wat", env=env)
    if reply.status == 200:
        assert environment(container.run({})) == env, "some were dropped in silence"
    else:
        assert reply.status == 400 and "environment" in reply.error


# ---- directories ----

@pytest.fixture
def granting(own_wowd, tmp_path):
    """A wowd that grants a directory with in.txt in it, beside a secret; and that directory."""
    tmp_path.chmod(0o755)
    granted = tmp_path / "granted"
    granted.mkdir()
    granted.chmod(0o777)
    (granted / "in.txt").write_text("hello")
    (granted / "link").symlink_to("../secret")
    (granted / "absolute").symlink_to("/etc/hostname")
    (tmp_path / "secret").write_text("secret")
    return own_wowd("--grant-dirs", f"/no/such:{granted}"), granted


@pytest.mark.parametrize("form", [
    lambda path: {"dir": path}, lambda path: {"dir": [path]},
    lambda path: [{"key": "x", "value": 1}, {"key": "dir", "value": path}]])
def test_a_granted_directory_is_read_and_written(granting, form):
    wowd, granted = granting
    container = wowd.container("file.wat", annotations=form(str(granted)))
    assert container.run(["in.txt"]).result == ["hello", [0, 0]]
    assert (granted / "out.txt").exists()


def test_a_directory_that_is_gone_is_told(granting):
    wowd, granted = granting
    (granted / "sub").mkdir()
    container = wowd.container("ok.wat", annotations={"dir": str(granted / "sub")})
    (granted / "sub").rmdir()
    assert container.run({}).failure(3) == (
        "a directory that the action was granted is gone, or granted no more")
    (granted / "sub").mkdir()
    assert container.run({}).result == {"answer": 42}


def test_a_directory_may_be_read_only(granting):
    wowd, granted = granting
    container = wowd.container("file.wat", annotations={"dir": f"{granted}:ro"})
    text, (read, create) = container.run(["in.txt"]).result
    assert (text, read) == ("hello", 0)
    assert create != 0 and not (granted / "out.txt").exists()


@pytest.mark.parametrize("path", ["../secret", "link", "absolute", "/etc/hostname", "no.txt", "",
                                  "./../granted/../secret", "in.txt/../../secret"])
def test_nothing_else_is_read(granting, path):
    wowd, granted = granting
    container = wowd.container("file.wat", annotations={"dir": str(granted)})
    text, (read, _) = container.run([path]).result
    assert text == "" and read != 0


def test_a_directory_beneath_a_granted_one_is_granted(granting):
    wowd, granted = granting
    (granted / "sub").mkdir()
    (granted / "sub" / "in.txt").write_text("sub")
    container = wowd.container("file.wat", annotations={"dir": f"{granted}/sub:ro"})
    assert container.run(["in.txt"]).result[0] == "sub"
    assert container.run(["../in.txt"]).result[0] == ""


@pytest.mark.parametrize("path", ["%s/..", "%s/../granted2", "%s2", "%s/link", "%s/in.txt", "/"])
def test_a_directory_beside_a_granted_one_is_not(granting, path):
    wowd, granted = granting
    (granted.parent / "granted2").mkdir()
    asked = path % granted if "%s" in path else path
    reply = wowd.start().init("file.wat", annotations={"dir": asked})
    assert reply.status == 403
    assert "which does not exist or is not granted by this daemon" in reply.error


def test_without_a_grant_there_are_no_files(wowd):
    text, (read, create) = wowd.container("file.wat").run(["in.txt"]).result
    assert text == "" and read != 0 and create != 0


def test_a_grant_is_the_containers_own(granting):
    """Another container of the same code and namespace does not see the directory."""
    wowd, granted = granting
    env = {"__OW_NAMESPACE": "guest"}
    has = wowd.container("file.wat", env=env, annotations={"dir": str(granted)})
    has_not = wowd.container("file.wat", env=env)
    for _ in range(5):
        assert has.run(["in.txt"]).result[0] == "hello"
        assert has_not.run(["in.txt"]).result[0] == ""
