"""The door of the web server: ``granian --interface wsgi tocsin.project.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.project.settings")
application = get_wsgi_application()
