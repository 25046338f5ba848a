"""What goes out: free text inside the window, templates outside it, and what errors mean."""

from collections.abc import Callable

import pytest
from crmkit_whatsapp.compose import locale

from crmkit.contracts.channel import (
    ACCEPTED,
    MISCONFIGURED,
    REFUSED,
    RETRY,
    UNKNOWN,
    Channel,
    Message,
    Template,
)
from crmkit.testing.plugins import check_installed
from crmkit.testing.simulators.base import Answer, Fault, busy
from crmkit.testing.simulators.whatsapp import WhatsApp

Make = Callable[..., Message]
GREETING = Template(code="new_year", values={"name": "陈女士", "year": "2027"})


def test_it_works_as_it_is_installed():
    """The entry point is found, the module loads, and its hook answers as it should."""
    assert check_installed("crmkit-whatsapp").hooks == ("crmkit_channels",)


def test_text_goes_inside_the_window(meta: WhatsApp, channel: Channel, message: Make):
    """Who wrote lately gets free text, with our id on it and no plus in the number."""
    meta.wrote.add("8613800138000")
    (receipt,) = channel.send([message(text="你好 👋", session=True)])
    assert (receipt.outcome, receipt.provider_id) == (ACCEPTED, "wamid.1")
    assert meta.sent == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "8613800138000",
            "type": "text",
            "text": {"body": "你好 👋", "preview_url": False},
            "biz_opaque_callback_data": "m1",
        }
    ]


def test_outside_the_window_a_template_goes(meta: WhatsApp, channel: Channel, message: Make):
    """The approved template goes, filled in its own order and language."""
    meta.templates["new_year", "zh_CN"] = 2
    (receipt,) = channel.send([message(text="never sent", template=GREETING, language="zh-Hans")])
    assert receipt.outcome == ACCEPTED
    assert meta.sent[0]["template"] == {
        "name": "new_year",
        "language": {"code": "zh_CN"},
        "components": [
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "text": "陈女士"},
                    {"type": "text", "text": "2027"},
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("zh-Hans", "zh_CN"),
        ("zh", "zh_CN"),
        ("zh-Hant-HK", "zh_HK"),
        ("zh-Hans-SG", "zh_CN"),
        ("zh-TW", "zh_TW"),
        ("pt-BR", "pt_BR"),
        ("de", "de"),
    ],
)
def test_languages_are_spelt_as_whatsapp_spells_them(tag: str, code: str):
    """Chinese has a country there, and no script."""
    assert locale(tag) == code


def test_text_alone_does_not_go_outside_the_window(meta: WhatsApp, channel: Channel, message: Make):
    """Nothing is even asked of WhatsApp, and the reason is the one it would give."""
    (receipt,) = channel.send([message(text="hello")])
    assert (receipt.outcome, receipt.code) == (REFUSED, "131047")
    assert meta.calls == []


@pytest.mark.parametrize("to", ["", "chen@example.com", "+86 138", "0138001380", "+1\r\nX: y"])
def test_what_is_no_number_is_refused(meta: WhatsApp, channel: Channel, message: Make, to: str):
    """An address that is no international number costs only its own message."""
    (receipt,) = channel.send([message(to=to, text="x", session=True)])
    assert (receipt.outcome, meta.calls) == (REFUSED, [])


def test_content_whatsapp_would_not_take_is_refused(
    meta: WhatsApp, channel: Channel, message: Make
):
    """An empty parameter and a text of 1 MB are refused here; line breaks become spaces."""
    empty = Template(code="new_year", values={"name": " ", "year": "2027"})
    broken = Template(code="hello", values={"name": "Chen\n\tLi"})
    meta.templates["hello", "en_US"] = 1
    receipts = channel.send(
        [
            message(id="a", template=empty),
            message(id="b", text="x" * 2**20, session=True),
            message(id="c", template=broken),
        ]
    )
    assert [one.outcome for one in receipts] == [REFUSED, REFUSED, ACCEPTED]
    (part,) = meta.sent[0]["template"]["components"]
    assert part["parameters"][0]["text"] == "Chen Li"


def test_one_bad_recipient_fails_alone(meta: WhatsApp, channel: Channel, message: Make):
    """The others of the batch arrive, each once."""
    meta.templates["new_year", "en_US"] = 2
    meta.refuses["8613800138001"] = 131026
    batch = [message(id=f"m{n}", to=f"+861380013800{n}", template=GREETING) for n in range(3)]
    assert [one.outcome for one in channel.send(batch)] == [ACCEPTED, REFUSED, ACCEPTED]
    assert [one["biz_opaque_callback_data"] for one in meta.sent] == ["m0", "m2"]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (131047, REFUSED),
        (131026, REFUSED),
        (131049, REFUSED),
        (131050, REFUSED),
        (130429, RETRY),
        (131056, RETRY),
        (80007, RETRY),
        (190, MISCONFIGURED),
        (131042, MISCONFIGURED),
        (200, MISCONFIGURED),
        (132000, MISCONFIGURED),
        (132015, MISCONFIGURED),
        (131000, UNKNOWN),
        (99, MISCONFIGURED),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_code_means_what_is_to_be_done(
    meta: WhatsApp, channel: Channel, message: Make, code: int, outcome: str, status: int
):
    """Also beside an HTTP 200 an error is one, and its code decides."""
    meta.refuses["8613800138000"] = code
    error = {"error": {"code": code, "message": "no"}}
    if status == 200:
        meta.fail(Fault(answer=Answer(error, status)))
    (receipt,) = channel.send([message(template=GREETING)])
    assert (receipt.outcome, receipt.code) == (outcome, str(code))


@pytest.mark.parametrize("told", [[], [{}], [{"id": ""}], [{"id": 7}], {}, "wamid.1"])
def test_an_answer_without_an_id_tells_nothing(
    meta: WhatsApp, channel: Channel, message: Make, told: object
):
    """WhatsApp names each message that it takes; what is not named may have gone."""
    meta.fail(Fault(answer=Answer({"messages": told})))
    (receipt,) = channel.send([message(template=GREETING)])
    assert receipt.outcome == UNKNOWN


def test_a_pair_waits_its_six_seconds(meta: WhatsApp, channel: Channel, message: Make):
    """One customer takes a message every six seconds."""
    meta.refuses["8613800138000"] = 131056
    assert channel.send([message(template=GREETING)])[0].after == 6


@pytest.mark.parametrize(
    ("fault", "outcome", "after"),
    [
        (busy(17), RETRY, 17),
        (busy(status=503), RETRY, None),
        (Fault(answer=Answer(b"oops", 500)), UNKNOWN, None),
        (Fault(answer=Answer(b"<html>", 200)), UNKNOWN, None),
        (Fault(answer=Answer(["odd"], 200)), UNKNOWN, None),
        (Fault(cut=True), UNKNOWN, None),
        (Fault(answer=Answer(b"", 302, {"Location": "http://127.0.0.1:1/"})), MISCONFIGURED, None),
    ],
)
def test_doubt_is_told_as_doubt(
    meta: WhatsApp,
    channel: Channel,
    message: Make,
    fault: Fault,
    outcome: str,
    after: float | None,
):
    """What may have been taken is unknown; what surely was not may be tried again."""
    meta.templates["new_year", "en_US"] = 2
    meta.fail(fault)
    (receipt,) = channel.send([message(template=GREETING)])
    assert (receipt.outcome, receipt.after) == (outcome, after)


def test_nobody_there_is_tried_again(opened: Callable[..., Channel], message: Make):
    """A connection that never stood took nothing; a private address is a wrong setting."""
    for settings, outcome in (
        ({"endpoint": "http://127.0.0.1:9"}, RETRY),
        ({"allow_private": False}, MISCONFIGURED),
    ):
        (receipt,) = opened(**settings).send([message(template=GREETING)])
        assert receipt.outcome == outcome


def test_the_token_is_nowhere_to_be_seen(meta: WhatsApp, channel: Channel, message: Make):
    """Neither a receipt nor the channel's repr shows a credential."""
    meta.fail(Fault(answer=Answer({"error": {"code": 190, "message": meta.access_token}}, 401)))
    assert meta.access_token not in repr(channel.send([message(template=GREETING)]))
    assert meta.access_token not in repr(vars(channel))
