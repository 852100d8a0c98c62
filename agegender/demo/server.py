"""Shows the page to this machine, and to no other."""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agegender.demo.answer import LIMITS
from agegender.demo.look import STYLE
from agegender.errors import ConfigError

HOST: Final = "127.0.0.1"
_NAMES: Final = [HOST, "localhost"]
"""What this machine is called; any other name is somebody's trick (DNS rebinding)."""

_FONTS: Final = ("system-ui", "sans-serif")
_POLICY: Final = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "frame-ancestors 'none'; form-action 'self'"
)
"""The browser shall ask this machine alone, whatever a library puts into the page."""

_GOODBYE_SECONDS: Final = 1

MAX_PORT: Final = 65_535


def open_port(port: int) -> socket.socket:
    """Take a port of this machine, reachable from nowhere else.

    Args:
        port: 0 for any that is free.

    Raises:
        ConfigError: If it cannot be had.
    """
    if not 0 <= port <= MAX_PORT:
        raise ConfigError(f"port must be within 0..{MAX_PORT}. Received: {port}.")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ConfigError(
            f"port {port} cannot be had: {error.strerror or error}. Name another with "
            "--port, or 0 for any that is free."
        ) from error


def serve(port: socket.socket, draw: Callable[[Path], gr.Blocks]) -> None:
    """Serve a page until it is interrupted; uploads go with it.

    Args:
        port: Of `open_port`.
        draw: Makes the page, given the folder that uploads lie in.
    """
    with port, _uploads() as folder:
        app = FastAPI(openapi_url=None)
        app.add_middleware(Sealed)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=_NAMES)
        page = draw(folder)
        # Of pages that it did not launch itself, Gradio takes any file of this machine
        # for an upload.
        page.has_launched = True
        gr.mount_gradio_app(
            app,
            page,
            path="/",
            server_name=HOST,
            server_port=port.getsockname()[1],
            theme=gr.themes.Default(font=_FONTS, font_mono=("ui-monospace",)),
            css=STYLE,
            max_file_size=LIMITS.bytes,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            mcp_server=False,
            enable_monitoring=False,
        )
        config = uvicorn.Config(
            app, log_level="critical", timeout_graceful_shutdown=_GOODBYE_SECONDS
        )
        uvicorn.Server(config).run(sockets=[port])


@contextmanager
def _uploads() -> Iterator[Path]:
    """Make a folder that Gradio keeps its files in while it runs."""
    name = "GRADIO_TEMP_DIR"
    before = os.environ.get(name)
    with tempfile.TemporaryDirectory(prefix="agegender-") as folder:
        os.environ[name] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before


class Sealed:
    """Tell the browser to ask nobody else, and to keep no photo; hear no other page.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, sealed."""
        if scope["type"] == "http" and _is_foreign(Headers(scope=scope)):
            refusal = PlainTextResponse("Requests of other pages are refused.", 403)
            await refusal(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY
                headers["Referrer-Policy"] = "no-referrer"
                if "/gradio_api/" in scope["path"]:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, sealed)


def _is_foreign(headers: Headers) -> bool:
    """Tell whether another page sends a request: a browser lets it upload files."""
    origin = headers.get("origin")
    return origin is not None and origin != f"http://{headers.get('host')}"
