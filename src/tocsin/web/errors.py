"""What a person sees when something cannot be done: the sentence of the error, never a traceback."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.vocab.errors import Conflict, InputError, NotFound
from tocsin.web import views


class SayErrors:
    """Middleware: turns the errors of ``tocsin.vocab.errors`` that a page raises into pages with the right status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer as it is; errors come through :meth:`process_exception`. Nothing has a null character in its address."""
        if "\0" in request.path:
            # SQLite would look for it in vain, PostgreSQL refuses to look
            raise Http404
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """404 for ``NotFound``, 400 for ``InputError``, 409 for ``Conflict``; other errors are left to Django."""
        if isinstance(error, NotFound):
            return views.not_found(request, error)
        if isinstance(error, InputError):
            return render(request, "web/problem.html", {"problem": str(error), "may_retry": False}, status=400)
        if isinstance(error, Conflict):
            return render(request, "web/problem.html", {"problem": str(error), "may_retry": True}, status=409)
        return None
