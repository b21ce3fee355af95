"""The program as a process: what it loads, how it is started, stopped, and kept from harm."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.cli.bench import ROOT, Bench, environment, fetch, message

HEAVY = {
    "aiohttp",
    "alembic",
    "asyncio",
    "av",
    "fastapi",
    "obstore",
    "pydantic",
    "rich",
    "sqlalchemy",
    "structlog",
    "uvicorn",
}


@pytest.mark.parametrize(
    "words", [["--help"], ["publish", "--help"], ["serve", "--help"], ["channels", "connect", "--help"]]
)
def test_help_loads_nothing_heavy(playout: Bench, words: list[str]) -> None:
    script = (
        "import sys; from playout.door.tree import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], env=environment({}), capture_output=True, text=True, check=True
    )

    assert "Usage: playout" in done.stdout
    assert {module.partition(".")[0] for module in done.stderr.split()} & HEAVY == set()


def test_it_answers_until_it_is_told_to_stop(playout: Bench) -> None:
    with playout.running("serve", "--port", "0", "--json") as server:
        ready = message(server)
        assert json.loads(fetch(f"{ready['url']}/livez")) == {"status": "ok"}

        server.send_signal(signal.SIGTERM)
        _, told = server.communicate(timeout=30)

    assert server.returncode == 0
    assert "Stopping" in told


def test_it_stops_in_good_order_even_if_nobody_reads_its_messages_any_more(playout: Bench) -> None:
    with playout.running("serve", "--port", "0", "--json") as server:
        message(server)
        assert server.stderr
        server.stderr.close()
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


def test_it_starts_and_stops_though_nobody_ever_read_a_message(playout: Bench) -> None:
    with playout.running("serve", "--port", "0", "--json") as server:
        assert server.stderr
        server.stderr.close()
        begun = playout.folder / "data" / "worker.lock"
        for _ in range(600):
            if begun.exists():
                break
            time.sleep(0.05)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


def test_every_line_of_a_server_that_speaks_json_is_an_object(playout: Bench) -> None:
    with playout.running("serve", "--port", "0", "--json") as server:
        ready = message(server)
        with pytest.raises(HTTPError):
            fetch(f"{ready['url']}/api/v1/me")
        server.send_signal(signal.SIGINT)
        out, told = server.communicate(timeout=30)

    assert server.returncode == 0
    assert out == ""
    assert [json.loads(line) for line in told.splitlines()]


def test_a_second_one_on_the_same_folder_is_refused_and_the_first_goes_on(playout: Bench) -> None:
    with playout.running("serve", "--port", "0", "--json") as first:
        ready = message(first)

        second = playout("serve", "--port", "0", "--json")

        assert (second.code, second.error["code"]) == (1, "locked")
        assert str(first.pid) in str(second.error["message"])
        assert json.loads(fetch(f"{ready['url']}/livez")) == {"status": "ok"}


def test_a_port_that_is_taken_is_told(playout: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        done = playout("serve", "--port", port, "--json")

    assert (done.code, done.error["code"]) == (1, "port_in_use")
    assert port in str(done.error["message"])


def test_a_host_that_is_not_ours_is_told(playout: Bench) -> None:
    done = playout("serve", "--host", "192.0.2.1", "--port", "8030", "--json")

    assert (done.code, done.error["code"]) == (2, "misconfigured")


def test_listening_beyond_this_machine_without_https_is_warned_about(playout: Bench) -> None:
    with playout.running("serve", "--host", "0.0.0.0", "--port", "0", "--json") as server:  # noqa: S104 -- the point
        message(server)

        assert "https" in str(message(server)["message"])


def test_a_channel_is_connected_by_the_platform_s_own_sign_in(wired: Bench, sandbox: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        wired.settings["PLAYOUT_PORT"] = str(free.getsockname()[1])
    with wired.running("channels", "connect", "tiktok", "--json") as connecting:
        fetch(str(message(connecting)["authorize_url"]))
        out, _ = connecting.communicate(timeout=30)

    channel = json.loads(out)
    assert connecting.returncode == 0
    assert (channel["platform"], channel["username"], channel["state"]) == ("tiktok", "alice.films", "connected")


def test_who_stops_watching_is_told_that_the_post_stays(connected: Bench, sandbox: str, clip: Path) -> None:
    fetch(f"{sandbox}/_sandbox/config", {"tiktok": {"processing_seconds": 600}})
    words = ("publish", clip, "--to", "alice.films", "--option", "privacy_level=SELF_ONLY", "--json")
    with connected.running(*words) as publishing:
        while "the platform works on it" not in str(message(publishing)["message"]):
            pass
        publishing.send_signal(signal.SIGINT)
        _, told = publishing.communicate(timeout=30)

    [post] = connected("posts", "list", "--json").objects
    assert publishing.returncode == 130
    assert f"playout posts show {post['id']}" in told
    assert post["state"] == "publishing"


def test_sigterm_ends_a_verb_with_143(wired: Bench) -> None:
    with wired.running("channels", "connect", "tiktok", "--json") as connecting:
        message(connecting)
        connecting.send_signal(signal.SIGTERM)
        connecting.communicate(timeout=30)

    assert connecting.returncode == 143


def test_the_sandbox_is_started_and_says_how_to_publish_there(playout: Bench) -> None:
    with playout.running("sandbox", "--port", "0", "--profile", "fast", "--json") as running:
        assert running.stdout is not None
        told = json.loads(running.stdout.readline())
        assert "Sandbox" in fetch(f"{told['url']}/feed") or fetch(f"{told['url']}/_sandbox/health")
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=30)

    assert running.returncode == 0
    assert told["settings"]["PLAYOUT_TIKTOK_API_URL"] == f"{told['url']}/tiktok-api"


def test_the_demo_publishes_shows_a_receipt_and_leaves_nothing(playout: Bench) -> None:
    """A setting of the user's that would stop everything else is not even read."""
    playout.settings |= {"PLAYOUT_WORKER_SLOTS": "many", "TMPDIR": str(playout.folder)}

    done = playout.process("demo", "--once")

    assert done.code == 0
    assert "✓ All 4 published once each" in done.err
    assert "/@alice.films/video/" in done.out
    assert done.out.count("1× by the sandbox's own ledger, the same bytes") == 4
    assert "\x1b" not in done.out + done.err
    assert list(playout.folder.iterdir()) == []


def test_the_installed_command_is_the_same_door(playout: Bench) -> None:
    done = subprocess.run([ROOT / ".venv" / "bin" / "playout", "version"], capture_output=True, text=True, check=True)

    assert done.stdout == playout("version").out
