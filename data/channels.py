"""How reminders leave the house: by mail (SMTP), to a webhook, to a robot in a WeCom or DingTalk group.

Settings are environment variables; docs/configuration.md lists them. Nothing is sent that is not configured.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import smtplib
import ssl
import time
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit
from urllib.request import Request, urlopen

from data.told import Told
from data.words import mark

SMTP = "DASHBOARD_REMIND_SMTP"
WEBHOOK = "DASHBOARD_REMIND_WEBHOOK"
WECOM = "DASHBOARD_REMIND_WECOM"
DINGTALK = "DASHBOARD_REMIND_DINGTALK"
DINGTALK_SECRET = "DASHBOARD_REMIND_DINGTALK_SECRET"  # noqa: S105 - the name of a setting
ROBOTS = (WECOM, DINGTALK)

SECONDS = 20  # a mail server or a robot that has not answered by then is not there
# Bytes of one message, as the two makers say.
LONGEST = {WECOM: 2048, DINGTALK: 20_000}

NO_ADDRESS = mark("{setting} is no address; write it like {example}.")
NOT_SENT = mark("{setting}: not sent ({error}).")
_EXAMPLES = {SMTP: "smtp://user:password@mail.example.com:587?from=dashboard@example.com"}


def configured() -> dict[str, str]:
    """Return the channels that are set, by the name of the setting."""
    return {name: said for name in (SMTP, WEBHOOK, *ROBOTS) if (said := os.environ.get(name, "").strip())}


def mail(messages: Mapping[str, tuple[str, str]]) -> None:
    """Send to each address its subject and text; Told if the server cannot be reached or refuses.

    The setting: `smtp://` (with STARTTLS where the server offers it) or `smtps://`, user and password where the server
    asks for them, and `?from=` for the sender.
    """
    where = urlsplit(_address(SMTP, ("smtp", "smtps")))
    sender = parse_qs(where.query).get("from", [unquote(where.username or "")])[0]
    if "@" not in sender:
        raise _wrong(SMTP)
    try:
        kind = smtplib.SMTP_SSL if where.scheme == "smtps" else smtplib.SMTP
        with kind(where.hostname or "", where.port or 0, timeout=SECONDS) as server:
            server.ehlo()
            if where.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            if where.username:
                server.login(unquote(where.username), unquote(where.password or ""))
            for address, (subject, text) in messages.items():
                letter = EmailMessage()
                letter["From"], letter["To"], letter["Subject"] = sender, address, subject
                letter.set_content(text, cte="base64")  # not every server takes eight bits
                server.send_message(letter)
    except (OSError, smtplib.SMTPException) as error:
        raise Told(NOT_SENT, setting=SMTP, error=error) from error


def post(content: Mapping[str, Any]) -> None:
    """Post JSON to the webhook; Told if it does not take it."""
    _posted(WEBHOOK, _address(WEBHOOK, ("http", "https")), content)


def tell(robot: str, text: str) -> None:
    """Let a robot (`ROBOTS`) say a text in its group, cut at a line to what one message may hold; Told if it refuses.

    Sources: the makers' descriptions of group robots (developer.work.weixin.qq.com/document/path/91770,
    open.dingtalk.com/document/robots/custom-robot-access).
    """
    address = _address(robot, ("http", "https"))
    if robot == DINGTALK and (secret := os.environ.get(DINGTALK_SECRET, "").strip()):
        address += signature(secret, round(time.time() * 1000))
    said = _posted(robot, address, {"msgtype": "text", "text": {"content": cut(text, LONGEST[robot])}})
    try:
        answer = json.loads(said)
    except ValueError as error:
        raise Told(NOT_SENT, setting=robot, error=said[:200].decode("utf-8", "replace")) from error
    if answer.get("errcode") != 0:
        raise Told(NOT_SENT, setting=robot, error=answer.get("errmsg", answer))


def signature(secret: str, milliseconds: int) -> str:
    """Return what a signed DingTalk address ends in, for a moment since 1970."""
    digest = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256).digest()
    return f"&timestamp={milliseconds}&sign={quote_plus(base64.b64encode(digest))}"


def cut(text: str, most: int) -> str:
    """Return as many whole lines of `text` as fit into `most` bytes, with a sign that there were more."""
    if len(text.encode()) <= most:
        return text
    kept = text.encode()[: most - len("\n…".encode())].decode("utf-8", "ignore")
    return kept.rsplit("\n", 1)[0] + "\n…"


def _address(setting: str, schemes: tuple[str, ...]) -> str:
    said = os.environ.get(setting, "").strip()
    if urlsplit(said).scheme not in schemes or not urlsplit(said).hostname:
        raise _wrong(setting)
    return said


def _wrong(setting: str) -> Told:
    return Told(NO_ADDRESS, setting=setting, example=_EXAMPLES.get(setting, "https://example.com/…"))


def _posted(setting: str, address: str, content: Mapping[str, Any]) -> bytes:
    body = json.dumps(content, ensure_ascii=False).encode()
    request = Request(address, body, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310 - http(s) only
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return bytes(answer.read())
    except (URLError, OSError) as error:
        # Never the address: it carries the robot's key.
        raise Told(NOT_SENT, setting=setting, error=getattr(error, "reason", None) or type(error).__name__) from error
