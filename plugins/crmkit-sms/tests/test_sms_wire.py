"""The providers' own clients beside ours: the same signatures, the same message on the wire."""

import json
from datetime import UTC, datetime

import pytest
from alibabacloud_dysmsapi20170525 import models as aliyun_models
from alibabacloud_dysmsapi20170525.client import Client as AliyunClient
from alibabacloud_tea_openapi.models import Config
from crmkit_sms.aliyun.signing import authorization as aliyun_authorization
from crmkit_sms.aliyun.signing import query_string, queue_authorization
from crmkit_sms.tencent.signing import authorization as tencent_authorization
from crmkit_sms.twilio.signing import check, signature
from mns.account import Account
from sms_kit import Write
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models as tencent_models
from tencentcloud.sms.v20210111.sms_client import SmsClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioClient

import crmkit
from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.aliyun import AliyunSimulator
from crmkit.testing.simulators.base import Call
from crmkit.testing.simulators.tencent import TencentSimulator
from crmkit.testing.simulators.twilio import TwilioSimulator

pytestmark = [
    pytest.mark.row("R30"),
    # Tencent's client asks for it the old way, which Python 3.12 says of.
    pytest.mark.filterwarnings("ignore:.*utcfromtimestamp:DeprecationWarning"),
]
NAME = "王小二 & 'O”Neil' 🧧~*+%2F"


def by_aliyuns_client(simulator: AliyunSimulator, message: Message) -> None:
    """Send a message as Aliyun's own client does."""
    config = Config(
        access_key_id="LTAI-simulated",
        access_key_secret="simulated-secret",
        endpoint=simulator.url.removeprefix("http://"),
        protocol="HTTP",
    )
    assert message.template
    values = json.dumps(dict(message.template.values), ensure_ascii=False, separators=(",", ":"))
    request = aliyun_models.SendSmsRequest(
        phone_numbers=message.to.removeprefix("+86"),
        sign_name=message.template.signature,
        template_code=message.template.code,
        template_param=values,
        out_id=message.id,
    )
    answer = AliyunClient(config).send_sms(request)
    assert answer.body.code == "OK"


def by_tencents_client(simulator: TencentSimulator, message: Message) -> None:
    """Send a message as Tencent Cloud's own client does."""
    where = HttpProfile(protocol="http", endpoint=simulator.url.removeprefix("http://"))
    key = Credential("AKID-simulated", "simulated-secret")
    profile = ClientProfile(httpProfile=where)
    client = SmsClient(key, "ap-guangzhou", profile)
    assert message.template
    request = tencent_models.SendSmsRequest()
    request.PhoneNumberSet = [message.to]
    request.SmsSdkAppId = "1400006666"
    request.SignName = message.template.signature
    request.TemplateId = message.template.code
    request.TemplateParamSet = list(message.template.values.values())
    request.SessionContext = message.id
    assert client.SendSms(request).SendStatusSet[0].Code == "Ok"


def by_twilios_client(simulator: TwilioSimulator, message: Message, callback: str) -> None:
    """Send a message as Twilio's own client does."""
    client = TwilioClient("AC00000000000000000000000000000000", "simulated-token")
    client.api.base_url = simulator.url
    sent = client.messages.create(
        to=message.to, from_="+15005550006", body=message.text, status_callback=callback
    )
    assert sent.sid == simulator.taken[-1].sid


def signed(call: Call, names: str) -> dict[str, str]:
    return {name: call.headers[name] for name in names.split(";")}


def test_aliyun_signs_what_we_sign(aliyun: AliyunSimulator, by_aliyun: Channel, write: Write):
    """For the same headers the signatures are equal, and the message on the wire is the same."""
    message = write(values={"name": NAME})
    by_aliyuns_client(aliyun, message)
    assert [receipt.outcome for receipt in by_aliyun.send([message])] == ["accepted"]
    theirs, ours = aliyun.calls
    for call in (theirs, ours):
        given = call.headers["authorization"]
        names = given.partition("SignedHeaders=")[2].partition(",")[0]
        assert given == aliyun_authorization(
            "LTAI-simulated",
            "simulated-secret",
            method=call.method,
            path=call.path,
            query=query_string(call.query),
            headers=signed(call, names),
            body=call.body,
        )
    # A space is %20 as it is signed; Aliyun's client sends + for it, which is read as the same.
    assert (theirs.method, theirs.path, theirs.query) == (ours.method, ours.path, ours.query)
    assert theirs.body == ours.body == b""
    different = {"authorization", "x-acs-date", "x-acs-signature-nonce"}
    acs = {k: v for k, v in ours.headers.items() if k.startswith("x-acs") and k not in different}
    assert acs.items() <= theirs.headers.items()
    first, second = ((t.number, t.sign, t.template, t.values, t.out_id) for t in aliyun.taken)
    assert first == second == (message.to[3:], "好店", "SMS_1", {"name": NAME}, message.id)


def test_aliyuns_queues_are_read_as_its_own_client_reads_them(
    aliyun: AliyunSimulator, by_aliyun: Channel, write: Write
):
    """The client of the queues signs as we sign, and finds and deletes the same entries."""
    by_aliyun.send([write(), write()])
    queue = "Alicom-Queue-1-SmsReport"
    aliyun.queue(queue, aliyun.report(aliyun.taken))
    aliyun.calls.clear()
    cursor = by_aliyun.poll(None).cursor
    account = Account(aliyun.url, "STS.simulated", "simulated-secret"[::-1], "simulated-token")
    theirs = account.get_queue(queue)
    found = theirs.batch_receive_message(16)
    assert {json.loads(one.message_body)["out_id"] for one in found} == {
        text.out_id for text in aliyun.taken
    }
    theirs.batch_delete_message([found[0].receipt_handle])
    theirs.mns_client.close_connection()
    by_aliyun.poll(cursor)
    assert aliyun.entries[queue] == {}
    calls = [call for call in aliyun.calls if call.path == f"/queues/{queue}/messages"]
    assert sorted(call.method for call in calls) == ["DELETE", "DELETE", "GET", "GET", "GET"]
    for call in calls:
        assert call.headers["authorization"] == queue_authorization(
            "STS.simulated",
            "simulated-secret"[::-1],
            method=call.method,
            target=call.target,
            headers=call.headers,
        )


def test_tencent_signs_what_we_sign(tencent: TencentSimulator, by_tencent: Channel, write: Write):
    """For the same headers the signatures are equal, and the message on the wire is the same."""
    message = write(values={"1": NAME})
    by_tencents_client(tencent, message)
    assert [receipt.outcome for receipt in by_tencent.send([message])] == ["accepted"]
    theirs, ours = tencent.calls
    for call in (theirs, ours):
        assert call.headers["authorization"] == tencent_authorization(
            "AKID-simulated",
            "simulated-secret",
            headers=signed(call, "content-type;host"),
            body=call.body,
            timestamp=int(call.headers["x-tc-timestamp"]),
            path=call.path,
        )
    assert (theirs.target, theirs.json()) == (ours.target, ours.json())
    same = {"x-tc-action", "x-tc-version", "x-tc-region", "content-type", "host"}
    assert {n: theirs.headers[n] for n in same} == {n: ours.headers[n] for n in same}


def test_twilio_is_told_what_its_client_tells(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """The form and the login are the same."""
    message = write("+12125550100", template=None, text=NAME)
    by_twilio.send([message])
    by_twilios_client(twilio, message, twilio.taken[0].callback)
    ours, theirs = twilio.calls
    assert (ours.target, ours.form()) == (theirs.target, theirs.form())
    assert ours.headers["authorization"] == theirs.headers["authorization"]


def test_twilios_example_is_reproduced():
    """The signature is that of the example in Twilio's documentation, port or no port."""
    validator = RequestValidator("12345")
    url = "https://example.com/myapp.php?foo=1&bar=2"
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    ours = signature("12345", url, fields.items())
    assert ours == validator.compute_signature(url, fields) == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    with_port = signature("12345", url.replace(".com", ".com:443"), fields.items())
    check("12345", url, with_port, b"", list(fields.items()))
    assert validator.validate(url, fields, with_port)


def test_twilio_signs_json_by_its_hash():
    """A JSON body is signed by its hash in the address; another body is a forgery."""
    validator = RequestValidator("12345")
    body = '{"MessageSid":"SM1","MessageStatus":"delivered"}'
    url = f"https://crm.example/hook?bodySHA256={validator.compute_hash(body)}"
    theirs = validator.compute_signature(url, {})
    assert validator.validate(url, body, theirs)
    check("12345", url, theirs, body.encode(), None)
    with pytest.raises(crmkit.SignatureInvalid):
        check("12345", url, theirs, body.encode() + b" ", None)


def test_recorded_signatures_hold():
    """What the vendors' clients computed in 2026 holds, whatever their next versions do."""
    at = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp())
    headers = {"Content-Type": "application/json", "Host": "sms.tencentcloudapi.com"}
    assert tencent_authorization("AKID", "key", headers=headers, body=b"{}", timestamp=at) == (
        "TC3-HMAC-SHA256 Credential=AKID/2026-11-21/sms/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=6327ffd8bacefbc38dced2b268a0c4e0651d4d3414bf52fd655a98eaed717bee"
    )
    query = {"PhoneNumbers": "13800000000", "OutId": "m-1", "TemplateParam": '{"name":"王 小二"}'}
    headers = {
        "x-acs-signature-nonce": "n",
        "host": "dysmsapi.aliyuncs.com",
        "x-acs-action": "SendSms",
        "x-acs-date": "2026-11-21T00:00:00Z",
    }
    given = aliyun_authorization(
        "id", "secret", method="POST", path="/", query=query_string(query), headers=headers
    )
    assert given == (
        "ACS3-HMAC-SHA256 Credential=id,"
        "SignedHeaders=host;x-acs-action;x-acs-date;x-acs-signature-nonce,"
        "Signature=0695d2dcf3c6b287a56306b1bfd018be0b04da9e303ef8344ff9b4698b620ba2"
    )
