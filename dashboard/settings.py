"""Settings: this file and the environment, nothing else. See docs/settings.md."""

from pathlib import Path

import certifi
import django_stubs_ext
import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from structlog.types import Processor

from dashboard import environment

# Lets generic classes of Django name what they are generic over.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
environment.refuse_unknown(
    "TRAILMAP_", frozenset(("TRAILMAP_HOME", "TRAILMAP_URL", "TRAILMAP_CASES"))
)

# Where everything lives that is not code.
HOME = Path(environment.text("TRAILMAP_HOME", str(BASE_DIR / "var"))).resolve()
# Whether the home holds a sandbox's invented data: every page says so.
IS_SANDBOX = (HOME / "sandbox-data").exists()
# Addresses of proxies in front of the site, whose X-Forwarded-For is believed.
TRUSTED_PROXIES = environment.names("TRUSTED_PROXIES")
# How people reach the site, where a proxy stands in front of it.
PUBLIC_URL = environment.url(
    "TRAILMAP_URL", "http://127.0.0.1:8000", ("http", "https")
).rstrip("/")
_IS_HTTPS = PUBLIC_URL.startswith("https://")
_PUBLIC_HOST = PUBLIC_URL.split("://", 1)[1].split("/", 1)[0].rsplit(":", 1)[0]

DEBUG = False
SECRET_KEY = environment.secret("SECRET_KEY", HOME / "secret-key")
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    _PUBLIC_HOST,
    *environment.names("ALLOWED_HOSTS"),
]
ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "drf_spectacular",
    "knox",
    "rest_framework",
    "apps.search",
    "apps.discovery",
    "apps.monitoring",
    "apps.tracing",
    "apps.audit",
    "dashboard",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "dashboard.middleware.PageGZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "dashboard.middleware.EngineProblemMiddleware",
    "dashboard.middleware.NulMiddleware",
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
                "dashboard.context.shell",
            ],
            "builtins": ["apps.search.templatetags.display"],
        },
    }
]

# --- Stores -----------------------------------------------------------------------

DATABASE_URL = environment.url(
    "DATABASE_URL",
    f"sqlite:///{HOME / 'trailmap.sqlite3'}",
    ("sqlite", "postgres", "postgresql"),
)
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    if DATABASE_URL.startswith("sqlite")
    # Streams hold no connection between two looks; see apps.search.streams.
    else {"pool": {"min_size": 1, "max_size": 20, "timeout": 5}}
)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The nodes of an OpenSearch cluster; without one, documents are kept below the home.
OPENSEARCH_URLS = environment.urls("OPENSEARCH_URL", ("http", "https"))
OPENSEARCH_CA_FILE = environment.text("OPENSEARCH_CA_FILE", "") or None
OPENSEARCH_PREFIX = environment.text("OPENSEARCH_PREFIX", "trailmap")
OPENSEARCH_SHARDS = int(environment.number("OPENSEARCH_SHARDS", 1, least=1))
OPENSEARCH_AWS_SERVICE = environment.choice(
    "OPENSEARCH_AWS_SERVICE", ("", "es", "aoss")
)
# Signs requests to a cluster of AWS: called with the service and the region.
OPENSEARCH_SIGNER = "apps.discovery.aws.request_signer"
SEARCH_HOME = HOME / "search"
SEARCH_KINDS = [
    "apps.audit.kinds.TRAIL",
    "apps.monitoring.kinds.LOGS",
    "apps.tracing.kinds.SPANS",
    "apps.discovery.kinds.CONFIG",
]
# What `import` reads, by the name of the files.
IMPORTERS = {
    "cloudtrail": "apps.audit.ingest.CLOUDTRAIL",
    "logs": "apps.monitoring.logs.files.LOG_FILES",
    "xray": "apps.tracing.collecting.files.XRAY",
    "zipkin": "apps.tracing.collecting.files.ZIPKIN",
    "otlp": "apps.tracing.collecting.files.OTLP",
    "config": "apps.discovery.inventory.files.CONFIG_FILES",
}
# What `doctor` looks at; what comes first is needed by all that follows.
DIAGNOSES = [
    "apps.discovery.diagnosis.database",
    "apps.discovery.diagnosis.disk",
    "apps.search.diagnosis.engine",
    "apps.search.diagnosis.index",
    "workers.diagnosis.queue",
    "apps.discovery.diagnosis.processes",
    "apps.discovery.diagnosis.aws_accounts",
    "apps.monitoring.metrics.diagnosis.metrics",
    "apps.monitoring.alarms.diagnosis.alarms",
    "apps.monitoring.notifications.diagnosis.mail",
    "apps.monitoring.notifications.diagnosis.channels",
    "apps.audit.diagnosis.sources",
    "apps.discovery.inventory.diagnosis.sources",
    "apps.monitoring.logs.diagnosis.groups",
    "apps.monitoring.logs.diagnosis.sources",
    "apps.tracing.collecting.diagnosis.scopes",
    "apps.tracing.collecting.diagnosis.posted",
    "apps.audit.diagnosis.quarantine",
]
# A search may take so long and export so many rows; both limits are said on screen.
SEARCH_SECONDS = environment.number("SEARCH_SECONDS", 10, least=0.1)
# A query that scans stored lines may take longer; what it missed is then said.
LOG_QUERY_SECONDS = environment.number("LOG_QUERY_SECONDS", 60, least=0.1)
# After so long a page leaves it to a worker, which may take longer still.
LOG_QUERY_QUICK_SECONDS = environment.number("LOG_QUERY_QUICK_SECONDS", 2, least=0)
LOG_QUERY_RUN_SECONDS = environment.number("LOG_QUERY_RUN_SECONDS", 900, least=0.1)
# Queries that CloudWatch answers: what it charges for a gigabyte scanned, the dollars
# a day that they may cost in an account, and how many may run there at once, of the
# 100 that AWS allows everybody in the account together.
LOG_QUERY_PRICE_PER_GB = environment.number("LOG_QUERY_PRICE_PER_GB", 0.005, least=0)
LOG_QUERY_BUDGET_DOLLARS = environment.number("LOG_QUERY_BUDGET_DOLLARS", 1, least=0)
LOG_QUERIES_AT_AWS = min(100, int(environment.number("LOG_QUERIES_AT_AWS", 5, least=1)))
EXPORT_ROWS = int(environment.number("EXPORT_ROWS", 1_000_000, least=1))

# Where reports on traces learn how often caches had the answer.
CACHE_RATES = ["apps.monitoring.metrics.caches.rates"]
# What marks moments on charts: callables of (keys, range, viewer), dotted paths.
CHART_MARKERS = [
    "apps.monitoring.alarms.markers.markers",
    "apps.monitoring.incidents.badges.markers",
    "apps.audit.changes.markers",
]
# Who is told of resources that changed: see apps.discovery.inventory.changes.
INVENTORY_FOLLOWERS = ["compliance"]
# Who is told what rules of AWS Config say: callables of (changes, now) by dotted paths;
# see ComplianceChanged in apps.discovery.inventory.notices.
COMPLIANCE_CHANGES = ["apps.audit.compliance.configrules.results.take_changes"]
# What may be done about a violation: see apps.audit.compliance.repairs.
REPAIR_LINKS = ["apps.audit.remediation.offers.links"]
# Tags that name who answers for a resource, the first one that it has.
OWNER_TAGS = environment.names("OWNER_TAGS") or ["owner", "team"]
# What alert rules can ask of: objects by dotted paths, of the type in
# apps.discovery.alerthooks.
ALERT_CONDITIONS = [
    "apps.monitoring.incidents.conditions.metrics.CONDITION",
    "apps.monitoring.incidents.conditions.documents.CONDITION",
    "apps.tracing.maps.alerting.CONDITION",
    "apps.monitoring.incidents.conditions.silence.CONDITION",
    "apps.audit.compliance.alerting.CONDITION",
]
# What sources rooms know that may fall silent: tuples by dotted paths, of the types in
# apps.discovery.silencehooks.
ALERT_SOURCES = [
    "apps.monitoring.incidents.conditions.silence.SOURCES",
    "apps.audit.alerting.SOURCES",
    "apps.tracing.collecting.alerting.SOURCES",
]
# What rooms tell of an incident: functions by dotted paths, of the types in
# apps.discovery.incidenthooks.
INCIDENT_STORIES = [
    "apps.monitoring.incidents.tellings.deliveries",
    "apps.audit.remediation.offers.story",
]
# Until when documents of a kind are known to be complete in a scope: functions by
# dotted paths of (scope, now), None where no collector is charged with them.
DOCUMENTS_KNOWN_UNTIL = {
    "logs": "apps.monitoring.incidents.conditions.loglines.known_until",
    "trail": "apps.audit.alerting.known_until",
    "spans": "apps.tracing.maps.alerting.known_until",
}
# What the service map tells of its nodes besides traces: functions by dotted paths, of
# the types in apps.discovery.maphooks.
MAP_BADGES = [
    "apps.audit.compliance.badges.badges",
    "apps.monitoring.incidents.badges.badges",
    "apps.monitoring.alarms.badges.badges",
    "apps.audit.changes.badges",
]
MAP_TRAFFIC = ["apps.monitoring.charts.traffic.true_calls"]
MAP_SERVICES = ["apps.monitoring.charts.services.measured_services"]
# For how many days samples of metrics are kept, by the seconds of their periods.
# For how many days the service map is kept, by period in seconds.
MAP_DAYS = {
    60: environment.number("MAP_DAYS_MINUTES", 90, least=1),
    3_600: environment.number("MAP_DAYS_HOURS", 455, least=1),
    86_400: environment.number("MAP_DAYS_DAYS", 1_826, least=1),
}
METRIC_DAYS = {
    60: environment.number("METRIC_DAYS_MINUTES", 15, least=1),
    300: environment.number("METRIC_DAYS_FIVE_MINUTES", 63, least=1),
    3_600: environment.number("METRIC_DAYS_HOURS", 455, least=1),
    86_400: environment.number("METRIC_DAYS_DAYS", 1_826, least=1),
}
# Dollars a day that reading the metrics of an account may cost, where its plan says
# nothing else; what AWS charges for a thousand billed metrics; and how many hours of a
# series that was just found are read.
METRIC_BUDGET_DOLLARS = environment.number("METRIC_BUDGET_DOLLARS", 1, least=0)
METRIC_PRICE_PER_1000 = environment.number("METRIC_PRICE_PER_1000", 0.01, least=0)
METRIC_FIRST_HOURS = environment.number("METRIC_FIRST_HOURS", 24, least=1)

# How many hours of X-Ray's past are read where it is switched on, of the 720 that it
# keeps, and what AWS charges for a million traces that it looks at or hands out.
TRACE_FIRST_HOURS = environment.number("TRACE_FIRST_HOURS", 24, least=0)
TRACE_PRICE_PER_MILLION = environment.number("TRACE_PRICE_PER_MILLION", 0.5, least=0)

# Dollars that AWS charges for a GB of logs that comes in, and for one kept a month.
LOG_PRICE_INGESTED_GB = environment.number("LOG_PRICE_INGESTED_GB", 0.5, least=0)
LOG_PRICE_STORED_GB = environment.number("LOG_PRICE_STORED_GB", 0.03, least=0)

# --- Notices ----------------------------------------------------------------------

# The mail server that notices go through; without a host there is no e-mail.
SMTP_HOST = environment.text("SMTP_HOST", "")
SMTP_PORT = int(environment.number("SMTP_PORT", 587, least=1))
SMTP_SECURITY = environment.choice("SMTP_SECURITY", ("starttls", "tls", "none"))
SMTP_USER = environment.text("SMTP_USER", "")
SMTP_PASSWORD = environment.handed("SMTP_PASSWORD")
MAIL_FROM = environment.sender("MAIL_FROM", "Trailmap <trailmap@localhost>")
# Networks of one's own that channels may call too, and ports other than loopback's.
NOTIFY_NETWORKS = environment.networks(
    "NOTIFY_NETWORKS", ("127.0.0.0/8", "::1/128") if IS_SANDBOX else ()
)
NOTIFY_PORTS = environment.ports("NOTIFY_PORTS", (443, 8443))
NOTIFY_CA_FILE = environment.text("NOTIFY_CA_FILE", "") or certifi.where()

# --- Tasks ------------------------------------------------------------------------
# Where the ledger's head is noted, outside of what this site can change: a folder, a
# bucket or a log stream.
LEDGER_ANCHORS = environment.urls("LEDGER_ANCHOR", ("file", "s3", "logs"))
# Stops all repairs, whatever the page says; so does a file of this name in the home.
REMEDIATION_OFF = environment.text("REMEDIATION_OFF", "") not in ("", "0", "no")
# The role that one family of actions assumes, where an account is read by a role.
REMEDIATION_ROLE = environment.text("REMEDIATION_ROLE", "trailmap-repair-{family}")

BROKER_URL = environment.url("BROKER_URL", "memory://", ("memory", "redis", "rediss"))
IS_ONE_PROCESS = BROKER_URL.startswith("memory:")
if not IS_ONE_PROCESS and (DATABASE_URL.startswith("sqlite") or not OPENSEARCH_URLS):
    raise ImproperlyConfigured(
        "BROKER_URL is set, so several processes work together: they also need "
        "DATABASE_URL (PostgreSQL) and OPENSEARCH_URL, because SQLite and the embedded "
        "index belong to one process."
    )

# --- People -----------------------------------------------------------------------

AUTH_USER_MODEL = "discovery.User"
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
    {
        "NAME": "django.contrib.auth.password_validation."
        "UserAttributeSimilarityValidator"
    },
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
SESSION_COOKIE_NAME = "__Host-session" if _IS_HTTPS else "session"
SESSION_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_AGE = 14 * 86_400
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_NAME = "__Host-csrf" if _IS_HTTPS else "csrf"
CSRF_COOKIE_SECURE = _IS_HTTPS
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_HSTS_SECONDS = 31_536_000 if _IS_HTTPS else 0
SECURE_SSL_REDIRECT = False  # the proxy's business, who knows what is behind it
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _IS_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "people/locked_out.html"
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- REST -------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.discovery.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["apps.search.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.search.rendering.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.search.rendering.error_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
REST_KNOX = {
    "TOKEN_MODEL": "discovery.ApiToken",
    "TOKEN_TTL": None,
    "TOKEN_PREFIX": "tm_",
    "AUTH_HEADER_PREFIX": "Bearer",
}
KNOX_TOKEN_MODEL = "discovery.ApiToken"  # noqa: S105 - the name of a model
SPECTACULAR_SETTINGS = {
    "TITLE": "Trailmap",
    "DESCRIPTION": "Search and audit of microservices on AWS.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
}

# --- Pages ------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "dashboard" / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "dashboard.static_files.ModuleStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Logs -------------------------------------------------------------------------

LOG_FORMAT = environment.text("LOG_FORMAT", "text")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT={LOG_FORMAT!r} must be text or json.")
_shared: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Both renderers escape control characters: a log line stays one.
                structlog.processors.JSONRenderer()
                if LOG_FORMAT == "json"
                else structlog.processors.LogfmtRenderer(
                    key_order=["timestamp", "level", "event"], drop_missing=True
                ),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "axes": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "opensearch": {"level": "ERROR"},
        "django.request": {"level": "ERROR"},
        "kombu": {"level": "ERROR"},
        "uvicorn": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[*_shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
