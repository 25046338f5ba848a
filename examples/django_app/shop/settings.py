"""Settings of a site that does nothing but show crmkit."""

import os
from pathlib import Path

from sqlalchemy import make_url

SECRET_KEY = "not a secret: this is an example"  # noqa: S105
DEBUG = True
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "shop.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

place = make_url(os.environ.get("SHOP_DATABASE", "sqlite:///shop.db"))
if place.get_backend_name() == "sqlite":
    default = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(place.database or "shop.db").resolve(),
    }
else:
    default = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": place.database,
        "USER": place.username,
        "PASSWORD": place.password,
        "HOST": place.host or place.query.get("host"),
        "PORT": place.port,
    }
DATABASES = {"default": default}
