"""Visits without a browser: Streamlit's own messages over raw websockets, as many at once as wanted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from governance.ui.language import say

_PATIENCE_S = 120
_FAILURES = [say("en", f"state.{name}_title") for name in ("failed", "not_ready")]


class CountingConnection(ClientConnection):
    """A connection that counts the bytes that reached it, as they came over the wire."""

    received = 0

    def data_received(self, data: bytes) -> None:
        """Count, and pass on."""
        self.received += len(data)
        super().data_received(data)


@dataclass
class Answer:
    """One rerun: seconds until the script had finished, bytes on the wire, and what went wrong, if anything."""

    seconds: float
    wire_bytes: int
    error: str = ""


@dataclass
class Tally:
    """The answers of many visits."""

    answers: list[Answer] = field(default_factory=list)

    def add(self, answer: Answer) -> None:
        """Keep one more."""
        self.answers.append(answer)


async def ask_page(connection: CountingConnection, page: str, choices: dict[str, str]) -> Answer:
    """One rerun of a page with the choices in its address."""
    message = BackMsg()
    message.rerun_script.query_string = urlencode(choices)
    message.rerun_script.page_name = page
    start, before, error = time.perf_counter(), connection.received, ""
    await connection.send(message.SerializeToString())
    while True:
        told = ForwardMsg.FromString(await asyncio.wait_for(connection.recv(decode=False), _PATIENCE_S))
        kind = told.WhichOneof("type")
        if kind == "delta" and any(title in told.delta.new_element.html.body for title in _FAILURES):
            error = "a page without figures"
        if kind == "delta" and told.delta.new_element.WhichOneof("type") == "exception":
            error = told.delta.new_element.exception.message
        if kind == "script_finished":
            return Answer(time.perf_counter() - start, connection.received - before, error)


def open_visit(address: str) -> connect:
    """A visit to the dashboard, for `async with`."""
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    return connect(stream, subprotocols=["streamlit"], max_size=None, create_connection=CountingConnection)


async def walk(address: str, steps: Sequence[tuple[str, dict[str, str]]]) -> list[Answer]:
    """One visitor who goes through the steps (page, choices), one after the other."""
    async with open_visit(address) as connection:
        return [await ask_page(connection, page, choices) for page, choices in steps]


async def crowd(
    address: str, steps: Sequence[tuple[str, dict[str, str]]], *, visitors: int, every_s: float, clicks: int
) -> list[Answer]:
    """Many visitors at once, each of whom clicks `clicks` times, `every_s` seconds apart, on steps of their own."""
    tally = Tally()

    async def visit(number: int) -> None:
        # Arrivals spread over one interval, as those of people do.
        await asyncio.sleep(every_s * number / visitors)
        async with open_visit(address) as connection:
            for click in range(clicks):
                page, choices = steps[(7 * number + click) % len(steps)]
                begin = time.perf_counter()
                try:
                    tally.add(await ask_page(connection, page, choices))
                except (OSError, TimeoutError) as error:
                    tally.add(Answer(_PATIENCE_S, 0, repr(error)))
                await asyncio.sleep(max(0.0, every_s - (time.perf_counter() - begin)))

    await asyncio.gather(*(visit(number) for number in range(visitors)))
    return tally.answers
