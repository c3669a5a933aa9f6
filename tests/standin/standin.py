#!/usr/bin/python3
"""A stand-in for the image service, on the loopback addresses only. README.md tells how to use it."""

import argparse
import json
import os
import select
import signal
import sys

import authorization
import certificates
from api import Api
from control import Control
from files import Files, Links
from generations import Generations
from licences import Licences
from logs import Logs
from scenario import LISTENERS, Scenario, Wrong, read
from service import Service
from tokens import Tokens
from wire import Listener, Server


class Standin:
    def __init__(self, folder, scenario, pictures, ca):
        self._scenario = scenario
        self._logs = Logs(folder)
        self._listeners = [Listener(name) for name in LISTENERS]
        urls = {listener.name + "_url": listener.url for listener in self._listeners}
        ports = {listener.name + "_port": listener.port for listener in self._listeners}

        self._tokens = Tokens(scenario)
        self._links = Links(scenario, urls)
        self._licences = Licences(scenario, self._logs.ledger)
        self._service = Service(folder, scenario, self._logs, {**urls, **ports})
        generations = Generations(scenario, self._links)
        authorization.add_routes(self._service, scenario, self._tokens, urls)
        Api(self._service, self._tokens, generations, self._licences, self._links)
        Files(self._links, generations, pictures).add_routes(self._service)

        self._server = Server(self._listeners, scenario, ca, self._logs, self._service.serve)
        self._control = Control(folder, {
            "scenario": self._change, "secret": lambda value: scenario.change({"client_secret": value}),
            "expire_tokens": self._tokens.expire, "expire_links": self._links.expire, "state": self._state,
        })
        self.announcement = {
            **urls, "ca_file": os.path.abspath(os.path.join(ca, "ca.pem")), "api_key": scenario.settings["api_key"],
            "client_secret": scenario.settings["client_secret"], "public_api_key": scenario.settings["public_api_key"],
            "generation": next((made["id"] for made in generations.finished()), None), "pid": os.getpid(),
        }

    def stop(self):
        self._control.stop()
        self._server.stop()

    def _change(self, **given):
        self._scenario.change(given)
        if "rules" in given:
            self._service.restart_counts()

    def _state(self):
        return {
            "calls": self._service.calls, "connections": self._logs.connections, "charged": self._licences.charged,
            "quota": self._licences.quota_left(), "downloads": self._licences.downloads(), "tokens": self._tokens.living(),
        }


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dir", required=True, help="folder for logs, control socket and holds")
    options.add_argument("--scenario", help="a JSON file; without it the service behaves")
    options.add_argument("--pictures", help="folder of the pictures that were made (default: DIR/pictures)")
    options.add_argument("--ca", help="folder of the certificates (default: DIR/ca)")
    options.add_argument("--pace", choices=("fast", "human"), default="fast", help="human: slow enough to watch")
    given = options.parse_args()

    os.makedirs(given.dir, exist_ok=True)
    for name in os.listdir(given.dir):
        if name.startswith(("held-", "release-")):  # of an earlier run; it would let ours go too soon
            os.unlink(os.path.join(given.dir, name))
    ca = given.ca or os.path.join(given.dir, "ca")
    certificates.prepare(ca)
    try:
        scenario = Scenario(read(given.scenario) if given.scenario else {}, given.pace == "human")
    except (Wrong, OSError) as error:
        sys.exit(f"standin: {error}")

    wake, signalled = os.pipe()
    os.set_blocking(signalled, False)
    signal.set_wakeup_fd(signalled)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)

    standin = Standin(os.path.abspath(given.dir), scenario, given.pictures or os.path.join(given.dir, "pictures"), ca)
    print(json.dumps(standin.announcement), flush=True)

    # The parent's death closes our input, so that nothing is left behind by a test that crashed.
    poller = select.poll()
    poller.register(wake, select.POLLIN)
    poller.register(0, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poller.poll()]
        if wake in ready or not os.read(0, 4096):
            break
    standin.stop()


if __name__ == "__main__":
    main()
