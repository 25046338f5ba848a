"""Festive greetings, one by one: each in his language, as he is addressed, with what is his alone.

They go into a file, a mailbox that any mail program opens. By another channel in the configuration
they would go by e-mail, by WeChat or through a colleague, and nothing else would change.
"""

from datetime import UTC, datetime

import crmkit
from crmkit import Customer

LETTER = {
    "zh": {
        "subject": "新春快乐",
        "text": "{{ salutation }}:\n\n祝您节日快乐!{{ word }}\n\n{{ owner }}",
    },
    "en": {
        "subject": "A happy new year",
        "text": "{{ salutation }},\n\na happy new year! {{ word }}\n\n{{ owner }}",
    },
}
CONFIG = {
    "channels": {"letters": {"type": "file", "path": "greetings.mbox"}},
    "people": {"lin": {"name": "林小姐"}},
    "outreach": {"templates": {"language": "zh", "spring": {"default": LETTER}}},
}
CUSTOMERS = {
    "wang": Customer(id="wang", name="王梅", salutation="王女士", language="zh-CN", owner="lin"),
    "ann": Customer(id="ann", name="Ann Able", language="en", owner="lin"),
    "li": Customer(id="li", name="李强", language="zh-CN", owner="lin"),
    "zhao": Customer(id="zhao", name="赵敏", language="zh-CN", owner="lin"),
}
WORDS = {  # what the account manager wants to say to each, and to nobody else
    "wang": {"word": "去年的龙井您还满意吗?新茶三月到。"},
    "ann": {"word": "Thank you for bringing your sister along in May."},
    "li": {"word": "恭喜您的茶馆开张。"},
}

now = datetime(2027, 2, 5, 2, tzinfo=UTC)
with crmkit.connect("sqlite:///greetings.db", config=CONFIG, clock=lambda: now) as crm:
    crm.customers.save_all(CUSTOMERS.values())
    for customer in ("wang", "ann", "zhao"):
        crm.consents.grant(customer, "care", "letters", source="asked in the shop")

    crm.outreach.enqueue(
        list(CUSTOMERS),
        purpose="care",
        occasion="spring-2027",
        template="spring",
        channel="letters",
        each=WORDS,
    )
    print("sent now:", crm.outreach.dispatch().to_dict())
    for row in crm.outreach.ledger(occasion="spring-2027"):
        print(f"{CUSTOMERS[row.customer_id].name}: {row.state}", row.reason or "", row.detail)
