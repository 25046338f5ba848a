"""Bring everybody to his tier and stage: run it daily."""

from django.core.management.base import BaseCommand

from shop.crm import crm


class Command(BaseCommand):
    """``python manage.py advance``."""

    help = __doc__

    def handle(self, **_: object) -> None:
        """Do what ``crmkit advance`` does, with Django's settings."""
        crm().lifecycle.advance()
