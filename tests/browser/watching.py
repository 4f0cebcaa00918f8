"""What no page may do: fail, say that something is wrong in the console, or ask another host for anything."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Response, WebError

_OF_PAGES = ("http", "https", "ws", "wss")


class Watch:
    """Collects the faults of all pages of a context.

    A violation of the Content-Security-Policy is one of the console's errors. may_break: whether an answer
    that breaks off is none.
    """

    def __init__(self, context: BrowserContext, may_break: bool = False) -> None:
        self._may_break = may_break
        self.faults: list[str] = []
        self._refused: set[str] = set()
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("dialog", self._on_dialog)

    def take_faults(self) -> list[str]:
        """Those since somebody asked last."""
        faults, self.faults = self.faults, []
        return faults

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in _OF_PAGES and parts.hostname != "127.0.0.1":
            self.faults.append(f"a request to {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status < 400:
            return
        if response.request.is_navigation_request():
            self._refused.add(response.url)  # an error as a page; the console speaks of it as well
        else:
            self.faults.append(f"{response.status} for {response.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        is_known = message.location["url"] in self._refused and "Failed to load resource" in message.text
        is_known |= self._may_break and "net::ERR_" in message.text
        if message.type in ("error", "warning") and not is_known:
            self.faults.append(f"console: {message.text} ({message.location['url']})")

    def _on_error(self, error: WebError) -> None:
        self.faults.append(f"uncaught: {error.error}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"a dialog: {dialog.message}")
        dialog.dismiss()
