"""Addresses of the intel pages."""

from django.urls import path

from tocsin.intel import views

app_name = "intel"
urlpatterns = [
    path("deliveries/", views.deliveries, name="deliveries"),
    path("deliveries/<uuid:uid>/", views.delivery, name="delivery"),
    path("indicators/", views.indicators, name="indicators"),
    path("indicators.csv", views.download, name="download"),
    path("indicators/<uuid:uid>/", views.indicator, name="indicator"),
    path("objects/", views.objects, name="objects"),
    path("objects/<str:stix_id>/", views.stix_object, name="object"),
    path("objects/<str:stix_id>/say/<slug:what>/", views.say, name="say"),
    path("sources/", views.sources, name="sources"),
    path("sources/<slug:name>/", views.source, name="source"),
    path("warning-lists/", views.warning_lists, name="warning-lists"),
    path("warning-lists/<slug:slug>/", views.warning_list, name="warning-list"),
]
