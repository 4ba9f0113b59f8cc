"""All settings, from the environment. What each variable means is in .env.example."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.templatetags.static import static

from project import safeguards
from project.logging import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(exist_ok=True)

env = environ.Env()
# A test must never see the credentials of a real vendor that lie in a developer's .env.
if os.environ.get("ENVIRONMENT") != "test":
    env.read_env(BASE_DIR / ".env")


def text(name: str, default: str = "") -> str:
    """A variable left empty, as .env.example leaves many, counts as not set.

    Not env.str, which takes a secret that begins with $ for the name of another variable.
    """
    return os.environ.get(name, "").strip() or default


def items(name: str, default: str = "") -> list[str]:
    """A comma-separated variable without its blanks."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


ENVIRONMENT = text("ENVIRONMENT", "production")
safeguards.refuse(safeguards.environment_problems(ENVIRONMENT))
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", False)
# Read and guarded here; nothing asks for the second factor yet (see the check kept.W002).
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", True)

# The demonstration and the tests have keys built in; production has none, and refuses these.
DEMO_SECRET = "" if PRODUCTION else "insecure-key-of-the-demonstration-and-of-the-tests-0123456789"
DEMO_SEAL_KEY = "" if PRODUCTION else "insecure-seal-key-of-the-demonstration"
# 32 bytes in base64 which, on purpose, read "insecure" before and after they are decoded.
DEMO_FIELD_KEY = "" if PRODUCTION else "insecureinsecureinsecureinsecureinsecureins="

SECRET_KEY = text("SECRET_KEY", DEMO_SECRET)
AUDIT_SEAL_KEYS = items("AUDIT_SEAL_KEYS", DEMO_SEAL_KEY)
FIELD_ENCRYPTION_KEYS = items("FIELD_ENCRYPTION_KEYS", DEMO_FIELD_KEY)

# What the first practice is made of; afterwards practices and connections live in the database.
KEPT_SEED: dict[str, Any] = {
    "ATHENA_BASE_URL": text("ATHENA_BASE_URL"),
    "ATHENA_CLIENT_ID": text("ATHENA_CLIENT_ID"),
    "ATHENA_CLIENT_SECRET": text("ATHENA_CLIENT_SECRET"),
    "ATHENA_PRACTICE_ID": text("ATHENA_PRACTICE_ID"),
    "ATHENA_WEBHOOK_SECRET": text("ATHENA_WEBHOOK_SECRET"),
    "ENGAGEMENT_VENDOR": text("ENGAGEMENT_VENDOR", "relatient"),
    "ENGAGEMENT_FOLDER": text("ENGAGEMENT_FOLDER"),
    "RELATIENT_BASE_URL": text("RELATIENT_BASE_URL"),
    "RELATIENT_API_KEY": text("RELATIENT_API_KEY"),
    "RELATIENT_WEBHOOK_SECRET": text("RELATIENT_WEBHOOK_SECRET"),
    "PRACTICE_NAME": text("PRACTICE_NAME"),
    "PRACTICE_TIME_ZONE": text("PRACTICE_TIME_ZONE", "America/New_York"),
    "PRACTICE_LANGUAGE": text("PRACTICE_LANGUAGE", "en"),
    "WAITLIST_PHONE": text("WAITLIST_PHONE"),
    "ALERT_EMAILS": items("ALERT_EMAILS"),
}

# Where athenahealth sends its events; subscriptions/endpoint_url.py says how it must look.
PUBLIC_URL = text("PUBLIC_URL")

if PRODUCTION:
    safeguards.refuse(
        safeguards.production_problems(
            debug=DEBUG,
            second_factor=REQUIRE_SECOND_FACTOR,
            keys={
                "SECRET_KEY": [SECRET_KEY],
                "AUDIT_SEAL_KEYS": AUDIT_SEAL_KEYS,
                "FIELD_ENCRYPTION_KEYS": FIELD_ENCRYPTION_KEYS,
            },
            vendor_addresses={
                name: KEPT_SEED[name] for name in ("ATHENA_BASE_URL", "RELATIENT_BASE_URL")
            },
        )
    )
safeguards.refuse(safeguards.encryption_key_problems(FIELD_ENCRYPTION_KEYS))

# Who does the talking for campaigns: each names a function that builds a gateway.
KEPT_GATEWAYS = {
    "ehr": "integrations.vendors.ehr",
    "engagement": "integrations.vendors.engagement",
    "paused": "integrations.connections.registry.paused",
    "heard": "integrations.health.last_heard.chart_heard",
    "take_in": "integrations.inbox.process.process_stored",
}
# "database" dates reads and leases by the database's clock; "process" by ours, for tests that
# travel in time.
KEPT_CLOCK = "database"
# A function from user to the practices whose audit events that user may read; superusers read all.
AUDIT_PRACTICES_OF_USER = "campaigns.access.audited_practices_of"
# Functions without arguments whose answer joins the body of /readyz under the given name.
READINESS_REPORTS = {
    "workers": "integrations.health.heartbeats.report",
    "connections": "integrations.health.readiness.connections",
    "backlog": "integrations.health.readiness.backlog",
}
# Functions without arguments that yield what /metrics tells; the token, if any, is its bearer's.
METRICS_COLLECTORS = ["campaigns.metrics.collect", "integrations.health.metrics.collect"]
METRICS_TOKEN = text("METRICS_TOKEN")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # Before q2, whose command it takes the place of.
    "project.running",
    "django_q",
    "axes",
    "csp",
    "django_htmx",
    # After admin and q2: its console replaces some of what they register.
    "project",
    "audit",
    "campaigns",
    "integrations",
]
if not PRODUCTION:
    INSTALLED_APPS.append("integrations.simulators")

MIDDLEWARE = [
    "project.web.proxy.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "project.web.csp.PolicyMiddleware",
    "project.web.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "audit.middleware.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "project.web.nul_characters.PlainTextMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "project.console.navigation.navigation",
            ],
        },
    },
]

# Database. Tasks fork: a connection pool would be shared between processes, so there is none.
DATABASE = env.db("DATABASE_URL", "sqlite:///var/kept.sqlite3")
DATABASE["CONN_MAX_AGE"] = 60
DATABASE["CONN_HEALTH_CHECKS"] = True
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    DATABASE["NAME"] = str(BASE_DIR / DATABASE["NAME"])
    # FULL, because NORMAL can lose committed rows when the power fails. Tests kill processes, which
    # loses nothing, and never the machine: they need not wait for the disk.
    synchronous = "OFF" if ENVIRONMENT == "test" else "FULL"
    DATABASE["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous};",
    }
    # A file, because the in-memory test database knows neither WAL nor the busy timeout.
    DATABASE["TEST"] = {"NAME": str(BASE_DIR / text("TEST_SQLITE_FILE", "var/test.sqlite3"))}
else:
    DATABASE["OPTIONS"] = {"connect_timeout": 5} | DATABASE.get("OPTIONS", {})
DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Background work. The queue is a doorbell: what matters is in our own rows, so a lost or repeated
# task does no harm. Small buffer and retry far above timeout * 3, or waiting tasks run twice. A
# tick ends by itself after its time and one slow call, long before the timeout kills its worker.
REDIS_URL = text("REDIS_URL")
if REDIS_URL and "socket_connect_timeout" not in REDIS_URL:
    # A host that swallows packets must not hold up the answer to a webhook.
    REDIS_URL += ("&" if "?" in REDIS_URL else "?") + "socket_connect_timeout=1"
Q_CLUSTER = {
    "name": "kept",
    "label": "Background work",
    "workers": 2,
    "queue_limit": 2,
    "bulk": 1,
    "timeout": 600,
    "retry": 2400,
    "ack_failures": True,
    "max_attempts": 3,
    "catch_up": False,
    "recycle": 500,
    "max_rss": 300_000,
    "save_limit": 250,
    "save_limit_per": "func",
    "poll": 0.2,
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# People and their sessions
AUTH_USER_MODEL = "project.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
if ENVIRONMENT == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
# A desk that is left alone for a quarter of an hour is signed out.
SESSION_COOKIE_AGE = 15 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# By person and address together: one clinic shares an address, and nobody may lock out a colleague.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# The web
ALLOWED_HOSTS = items("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = [
    origin if "://" in origin else f"https://{origin}"
    for origin in items("CSRF_TRUSTED_ORIGINS", "127.0.0.1,localhost")
]
TRUST_PROXY_HEADERS = env.bool("TRUST_PROXY_HEADERS", False)
if TRUST_PROXY_HEADERS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Without a trusted proxy we cannot tell whether the visitor came by https, so it redirects.
SECURE_SSL_REDIRECT = PRODUCTION and TRUST_PROXY_HEADERS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
# A preload list is for sites that the public knows.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
UNFOLD = {
    "SITE_TITLE": "Kept",
    "SITE_HEADER": "Kept",
    "SITE_SUBHEADER": "Console",
    "SITE_SYMBOL": "event_available",
    "SITE_URL": "/",
    "SHOW_BACK_BUTTON": True,
    # The audit trail is the one history there is.
    "SHOW_HISTORY": False,
    "SIDEBAR": {"navigation": "project.console.sidebar.sidebar"},
    "DASHBOARD_CALLBACK": "project.console.dashboard.dashboard",
    "STYLES": [lambda request: static("kept/console.css")],
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("kept/icon.svg"),
        }
    ],
    # The colour of the other pages, light to dark.
    "COLORS": {
        "primary": {
            "50": "#eef8fa",
            "100": "#d5eef2",
            "200": "#aedde5",
            "300": "#79c4d1",
            "400": "#3fa2b4",
            "500": "#1f8497",
            "600": "#0b5c6b",
            "700": "#0a5160",
            "800": "#084652",
            "900": "#073a44",
            "950": "#04262d",
        }
    },
}

# Mail
EMAIL = env.email("EMAIL_URL", "consolemail://")
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL["EMAIL_HOST"]
EMAIL_PORT = EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "kept@localhost")

# Language, time, logs
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
LOGGING = logging_settings(json_lines=PRODUCTION)
