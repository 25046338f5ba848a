"""The shop's addresses."""

from django.urls import path

from shop import views

urlpatterns = [
    path("orders", views.orders),
    path("words", views.words),
    path("agenda", views.agenda),
    path("score", views.score),
]
