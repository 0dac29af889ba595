"""Addresses of the constituency pages."""

from django.urls import URLPattern, path

from tocsin.constituency import views

app_name = "constituency"
urlpatterns: list[URLPattern] = [
    path("organisations/", views.organisations, name="organisations"),
    path("organisations/<slug:slug>/", views.organisation, name="organisation"),
    path("organisations/<slug:slug>/networks/", views.networks, name="networks"),
    path("organisations/<slug:slug>/domains/", views.domains, name="domains"),
    path("sectors/", views.sectors, name="sectors"),
    path("whose/", views.whose, name="whose"),
    path("people/", views.people, name="people"),
    path("people/sign-in-link/", views.sign_in_link, name="sign-in-link"),
    path("audit/", views.audit, name="audit"),
    path("me/", views.me, name="me"),
    path("me/language/", views.language, name="language"),
    path("me/tokens/", views.make_token, name="make-token"),
    path("me/tokens/<uuid:uid>/revoke/", views.revoke_token, name="revoke-token"),
    path("sign-in/<str:secret>/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
]
