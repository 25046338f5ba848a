"""The tables of crmkit: for each later version of them, write one more migration like this."""

from typing import Any

from django.db import migrations

import crmkit
from shop.crm import url


def make_tables(*_: Any) -> None:
    """Make them, or bring them up to this crmkit."""
    crmkit.connect(url(), migrate="auto").close()


class Migration(migrations.Migration):
    """Makes the tables by a connection of crmkit's own, so in no transaction of Django's."""

    atomic = False
    dependencies = (("shop", "0001_initial"),)
    operations = (migrations.RunPython(make_tables, migrations.RunPython.noop),)
