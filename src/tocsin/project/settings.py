"""Django's settings, all of them derived from the typed settings of ``tocsin.vocab.settings``."""

import os
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import unquote, urlsplit

from tocsin.project import config
from tocsin.vocab.errors import SettingsError
from tocsin.vocab.settings import Settings

TOCSIN: Settings = config.settings()
STORAGE = Path(TOCSIN.storage.folder).resolve()
STORAGE.mkdir(parents=True, exist_ok=True)


def _database(url: str) -> dict[str, Any]:
    """Django's settings for SQLite in the storage folder (empty ``url``) or for a PostgreSQL address."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": STORAGE / "tocsin.sqlite3",
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
            },
            # a file, because tests start other processes; one for each test run, because runs may overlap
            "TEST": {"NAME": Path(gettempdir()) / f"tocsin-test-{os.getpid()}.sqlite3"},
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SettingsError(f"storage.database begins with {parts.scheme!r}; write postgresql://… or leave it empty.")
    query = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host") or parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
    }


SECRET_KEY = config.secret_key(TOCSIN)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", TOCSIN.server.host]
if TOCSIN.server.public_url:
    ALLOWED_HOSTS.append(urlsplit(TOCSIN.server.public_url).hostname or "")
    CSRF_TRUSTED_ORIGINS = [TOCSIN.server.public_url.rstrip("/")]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_tasks",
    "django_tasks_db",
    "ninja",
    "tocsin.jobs",
    "tocsin.web",
    "tocsin.constituency",
    "tocsin.agreements",
    "tocsin.intel",
    "tocsin.detection",
    "tocsin.findings",
    "tocsin.exchange",
]

MIDDLEWARE = [
    "tocsin.web.security.SecurityHeaders",
    "tocsin.exchange.views.door.PartnersDoor",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tocsin.web.language.PersonLanguage",
    "tocsin.constituency.access.StrangersFindNothing",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tocsin.web.errors.SayErrors",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tocsin.web.context.page",
            ],
        },
    }
]

DATABASES = {"default": _database(TOCSIN.storage.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "constituency.Person"
VIEWER_OF = "tocsin.constituency.access.viewer_of"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

ROOT_URLCONF = "tocsin.project.urls"
WSGI_APPLICATION = "tocsin.project.wsgi.application"

LANGUAGE_CODE = TOCSIN.nation.language
LANGUAGES = [("en", "English"), ("ur", "اردو")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = TOCSIN.nation.time_zone

STATIC_URL = "/static/"
STATIC_ROOT = STORAGE / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "tocsin.web.storage.HashedStatic"},
}

SESSION_COOKIE_AGE = TOCSIN.server.session_hours * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "tocsin.web.views.forged"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TOCSIN.server.public_url.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 << 20
APPEND_SLASH = False
