"""Key servers and hosts that are down, slow, or answer nonsense."""

from collections.abc import Callable
from functools import partial

from ..bench import Bench, Scenario
from ..caller import CALL
from ..load import MIX
from ..verdict import Rules

BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT = 502, 503, 504
BYSTANDER_SECONDS = 3.0
"""How long requests may take that have nothing to do with what is slow."""

VICTIM = "call of a bad host"
MEMORY = 400 * 2**20
BOMB = 256 * 2**20
KEYS_MIX = {**MIX, "new key": 6}


def first_key_server_down(bench: Bench) -> None:
    """Let the first key server refuse connections; the second answers."""
    first = bench.neighbours.key_servers[0]
    first.close()
    bench.wait(bench.pace.fault)
    first.open()


def key_servers_down(bench: Bench) -> None:
    """Let both key servers refuse connections."""
    for server in bench.neighbours.key_servers:
        server.close()
    bench.wait(bench.pace.fault)
    for server in bench.neighbours.key_servers:
        server.open()


def key_servers(mode: str) -> Callable[[Bench], None]:
    """Return a fault of both key servers."""

    def fault(bench: Bench) -> None:
        for server in bench.neighbours.key_servers:
            server.modes[""] = mode
        bench.wait(bench.pace.fault)
        for server in bench.neighbours.key_servers:
            server.heal()

    return fault


def a_host(mode: str, pages: int, *, at_least: float = 0) -> Callable[[Bench], None]:
    """Return a fault of one site's host, while some of its *pages* are open.

    It lasts *at_least* some seconds, so that whoever waits for it is seen to wait.
    """

    def fault(bench: Bench) -> None:
        caller, server = bench.caller, bench.neighbours.host
        server.bomb_bytes = BOMB
        victim = caller.sites.pop()
        server.modes[victim.client_key] = mode
        call = partial(caller.page, victim, kind=VICTIM, path=CALL)
        with bench.beside(call, pages):
            bench.wait(max(bench.pace.fault, at_least))
            server.heal()

    return fault


def _host_rules(memory: int = 0) -> Rules:
    return Rules(
        allowed={VICTIM: {BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT}},
        longest={
            "page": BYSTANDER_SECONDS,
            "call": BYSTANDER_SECONDS,
            "health": BYSTANDER_SECONDS,
            "webhook": BYSTANDER_SECONDS,
        },
        memory=memory,
    )


_NEW_KEYS = Rules(allowed={"new key": {UNAVAILABLE}})
SCENARIOS = (
    Scenario("the first key server down", first_key_server_down, mix=KEYS_MIX),
    Scenario("both key servers down", key_servers_down, _NEW_KEYS, KEYS_MIX),
    Scenario("both key servers 2 s slow", key_servers("slow"), _NEW_KEYS, KEYS_MIX),
    Scenario(
        "both key servers hang", key_servers("hang"), _NEW_KEYS, KEYS_MIX, short=False
    ),
    Scenario("both key servers answer HTML", key_servers("html"), _NEW_KEYS, KEYS_MIX),
    Scenario("a site's host hangs", a_host("hang", 32, at_least=5), _host_rules()),
    Scenario("a site's host resets", a_host("reset", 32, at_least=5), _host_rules()),
    Scenario("a site's host drips", a_host("drip", 16, at_least=3), _host_rules()),
    Scenario("a site's host sends a gzip bomb", a_host("bomb", 2), _host_rules(MEMORY)),
)
"""On PostgreSQL and Redis."""
