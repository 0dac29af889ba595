"""Every address of the console and the API, room by room."""

from django.urls import include, path

from tocsin.project.api import api
from tocsin.project.reference import openapi, reference

urlpatterns = [
    path("", include("tocsin.web.urls")),
    path("", include("tocsin.constituency.urls")),
    path("", include("tocsin.agreements.urls")),
    path("", include("tocsin.intel.urls")),
    path("", include("tocsin.detection.urls")),
    path("", include("tocsin.findings.urls")),
    path("", include("tocsin.exchange.urls")),
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/v1/docs/", reference, name="api-reference"),
    path("api/v1/", api.urls),
]

handler404 = "tocsin.project.api.not_found"
handler500 = "tocsin.web.views.broken"
