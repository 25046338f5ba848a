"""Mails that come back: bounces, complaints and replies as servers and people write them."""

from __future__ import annotations

HEADERS = """From: news@shop.example
To: li@example.com
Subject: New tea
Message-ID: {id}
"""

DSN = """Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Sun, 22 Nov 2026 09:00:00 +0800
Message-ID: <{name}@mx.example.com>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you ...

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Sun, 22 Nov 2026 08:59:58 +0800

Original-Recipient: rfc822;{recipient}
Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--b
Content-Type: {form}

{headers}
--b--
"""

ARF = """Return-Path: <>
Delivered-To: {to}
From: <feedback@provider.example>
To: {to}
Subject: FW: New tea
Date: Sun, 22 Nov 2026 09:00:00 +0800
Message-ID: <{name}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider/1.0
Version: 1
Original-Rcpt-To: <li@example.com>

--b
Content-Type: message/rfc822

{headers}
Hello
--b--
"""

REPLY = """Return-Path: <li@example.com>
Delivered-To: {to}
From: =?utf-8?b?5p2O5piO?= <li@example.com>
To: {to}
Subject: Re: New tea
Date: Sun, 22 Nov 2026 09:00:00 +0800
Message-ID: <{name}@example.com>
{more}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

两罐，谢谢！
> Hello
"""


def bounce(**given: str) -> bytes:
    """Make a bounce of message 7 unless told otherwise."""
    given = {
        "to": "news@shop.example",
        "name": "dsn1",
        "id": "<crmkit.7@shop.example>",
        "recipient": "li@example.com",
        "action": "failed",
        "status": "5.1.1",
        "diagnostic": "550 5.1.1 <li@example.com>: User unknown",
        "form": "text/rfc822-headers",
    } | given
    headers = HEADERS.format(id=given.pop("id"))
    return DSN.format(headers=headers, **given).replace("\n", "\r\n").encode()


def complaint(**given: str) -> bytes:
    """Make a complaint about message 7 unless told otherwise."""
    given = {"to": "fbl@shop.example", "name": "arf1", "kind": "abuse"} | given
    headers = HEADERS.format(id=given.pop("id", "<crmkit.7@shop.example>"))
    return ARF.format(headers=headers, **given).replace("\n", "\r\n").encode()


def reply(**given: str) -> bytes:
    """Make a reply to message 7 unless told otherwise."""
    more = "In-Reply-To: <crmkit.7@shop.example>\n"
    given = {"to": "news@shop.example", "name": "re1", "more": more} | given
    return REPLY.format(**given).replace("\n", "\r\n").encode()
